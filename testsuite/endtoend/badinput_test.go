package endtoend_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

func TestBadInputGetsOneClearLine(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "bad-input")
	put(t, shared, "bad-input/"+contract.ManifestName, nil)
	for name, c := range map[string]struct {
		reason    string
		arguments []string
		exit      int
		says      []string
	}{
		"UnknownInstance": {
			reason:    "a typing error in the name must not start anything",
			arguments: []string{"batch", "start", "nobody", "--bucket", stack.Bucket, "--path", "bad-input", "--wait"},
			exit:      exitError, says: []string{string(contract.CodeInstanceNotFound), "nobody"},
		},
		"UnknownBucket": {
			arguments: []string{"batch", "start", "bad-input", "--bucket", "no-such-bucket", "--path", "/", "--wait"},
			exit:      exitError, says: []string{string(contract.CodeNoSuchBucket), "no-such-bucket"},
		},
		"BucketInAnotherRegion": {
			arguments: []string{"batch", "start", "bad-input", "--bucket", "elsewhere", "--path", "bad-input", "--wait"},
			exit:      exitError, says: []string{string(contract.CodeBucketRegion), "cn-beijing", stack.Region},
		},
		"PathLeavesTheBucket": {
			arguments: []string{"batch", "start", "bad-input", "--bucket", stack.Bucket, "--path", "/a/../b"},
			exit:      exitUsage, says: []string{".."},
		},
		"NoManifest": {
			arguments: []string{"batch", "start", "bad-input", "--bucket", stack.Bucket, "--path", "empty-handed", "--wait"},
			exit:      exitError, says: []string{string(contract.CodeNoSuchManifest), "empty-handed/" + contract.ManifestName},
		},
		"CallbackIsNoURL": {
			arguments: []string{"batch", "start", "bad-input", "--bucket", stack.Bucket, "--path", "bad-input", "--callback", "ftp://x"},
			exit:      exitUsage, says: []string{"http"},
		},
		"UnknownTask": {
			arguments: []string{"batch", "get", "999999"},
			exit:      exitError, says: []string{"999999"},
		},
		"UnknownPicture": {
			arguments: []string{"image", "get", "bad-input", "p", "q.jpg"},
			exit:      exitError, says: []string{string(contract.CodePicNotExist)},
		},
		"LongInstanceName": {
			arguments: []string{"instance", "create", "a-name-of-over-twenty-characters", "--region", stack.Region},
			exit:      exitUsage, says: []string{"20"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := starter(t, shared, c.arguments...)
			clear := a.exit == c.exit && !strings.Contains(a.stderr+a.stdout, "goroutine ")
			for _, want := range c.says {
				clear = clear && strings.Contains(a.stdout+a.stderr, want)
			}
			if !clear {
				t.Errorf("starter %s (%s): exit %d, want %d and words %q\nstdout: %s\nstderr: %s",
					strings.Join(c.arguments, " "), c.reason, a.exit, c.exit, c.says, a.stdout, a.stderr)
			}
		})
	}
}

func TestNoTemporalServerIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	command := shared.Starter(ctx, "batch", "list", "--address", "127.0.0.1:1")
	a := finish(t, command)
	if a.exit != exitError || !strings.Contains(a.stderr, "127.0.0.1:1") || strings.Count(strings.TrimSpace(a.stderr), "\n") > 0 {
		t.Errorf("exit %d, stderr %q", a.exit, a.stderr)
	}
}

func TestWrongCredentialsFailTheTaskAndNameTheCause(t *testing.T) {
	t.Parallel()
	wrong := ownStack(t, 1, map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "not-the-secret"})
	createInstance(t, wrong, "wrong-keys")
	shelf(t, wrong, "wrong-keys", 5, nil)
	a := must(t, wrong, exitError, "batch", "start", "wrong-keys", "--bucket", stack.Bucket, "--path", "wrong-keys", "--wait")
	if !strings.Contains(a.stderr+a.stdout, "SignatureDoesNotMatch") {
		t.Errorf("stdout %q, stderr %q", a.stdout, a.stderr)
	}
	if strings.Contains(a.stderr+a.stdout, "not-the-secret") {
		t.Error("the secret is shown")
	}
}

func TestStartWithoutWorkerIsQueued(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, nil)
	createInstance(t, s, "queued")
	shelf(t, s, "queued", 10, nil)
	if err := s.Workers[0].Stop(time.Minute); err != nil {
		t.Fatal(err)
	}
	a := must(t, s, exitDone, "batch", "start", "queued", "--bucket", stack.Bucket, "--path", "queued")
	if !strings.Contains(a.stdout, "queued: no worker polls "+contract.DefaultTaskQueue) {
		t.Errorf("stdout %q", a.stdout)
	}
	if _, err := s.StartWorker(nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the task has run", func() bool {
		list := decode[contract.TaskList](t, must(t, s, exitDone, "batch", "list", "--output", "json"))
		return len(list.Tasks) == 1 && list.Tasks[0].State == contract.StateSuccess
	})
}

func TestLocalCheckNeedsNoServer(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), contract.ManifestName)
	if err := os.WriteFile(file, []byte(addLine(1)+"\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := must(t, shared, exitSomeFailed, "batch", "check", "--file", file, "--address", "127.0.0.1:1")
	if !strings.Contains(a.stdout, string(contract.CodeInvalidMetaItem)) {
		t.Errorf("stdout %q", a.stdout)
	}
}
