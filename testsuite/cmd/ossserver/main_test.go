package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// The test binary is the command when it is told so, so that a real process
// can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("OSSSERVER_AS_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

var ready = regexp.MustCompile(`^oss=(http://\S+) admin=(http://\S+) sts=(\S+)\n$`)

// launch starts the command and waits for its line.
func launch(t *testing.T, args ...string) (addresses []string, process *exec.Cmd) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "OSSSERVER_AS_COMMAND=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if addresses = ready.FindStringSubmatch(line); addresses == nil {
		t.Fatalf("printed %q, %v", line, err)
	}
	return addresses, cmd
}

func TestKilledServerKeepsWhatItAnsweredFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys.json")
	text, err := json.Marshal(map[string]any{
		"keys":    []map[string]any{{"id": "k", "secret": "s", "rules": []map[string]any{{"actions": []string{"*"}, "resources": []string{"*"}}}}},
		"buckets": map[string]string{"pictures": ""},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keys, text, 0o600); err != nil {
		t.Fatal(err)
	}
	certificate := filepath.Join(dir, "sts.pem")
	args := []string{"--dir", filepath.Join(dir, "data"), "--keys", keys, "--region", "cn-beijing", "--sts-cert", certificate}

	addresses, process := launch(t, args...)
	objects := func(endpoint string) *oss.Bucket {
		c, err := oss.New(endpoint, "k", "s", oss.AuthVersion(oss.AuthV4), oss.Region("cn-beijing"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.Bucket("pictures")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := objects(addresses[1])
	for _, key := range []string{"a", "b/c"} {
		if err := b.PutObject(key, strings.NewReader("content of "+key)); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := http.Get(addresses[2] + "/-/stats")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("admin door: %s", resp.Status)
	}
	if pem, err := os.ReadFile(certificate); err != nil || !strings.Contains(string(pem), "CERTIFICATE") {
		t.Errorf("certificate: %q, %v", pem, err)
	}
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // killed, as it was meant to be

	addresses, process = launch(t, args...)
	for _, key := range []string{"a", "b/c"} {
		body, err := objects(addresses[1]).GetObject(key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		_ = body.Close()
		if err != nil || string(got) != "content of "+key {
			t.Errorf("%s is %q, %v", key, got, err)
		}
	}
	if err := process.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("interrupted: %v", err)
	}
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"NoFolder":     {},
		"UnknownFlag":  {"--dri", "x"},
		"MissingKeys":  {"--dir", t.TempDir(), "--keys", "nothing-here.json"},
		"TakenAddress": {"--dir", t.TempDir(), "--listen", "256.0.0.1:0"},
		"OpenAdmin":    {"--dir", t.TempDir(), "--admin-listen", "0.0.0.0:0"},
	} {
		if err := run(context.Background(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
