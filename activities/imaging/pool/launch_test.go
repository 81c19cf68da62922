package pool_test

import (
	"bufio"
	"errors"
	"log/slog"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"imagebatch/activities/imaging/pool"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

func TestChildrenThatDoNotComeUpAreNoFaultOfThePicture(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		command []string
		says    string
	}{
		"NoSuchProgram": {[]string{"/nowhere/worker"}, "no such file"},
		"DiesAtOnce":    {[]string{"/proc/self/exe", asMute}, "exit status 1"},
		"OtherVersion":  {[]string{"/proc/self/exe", asOther}, `version "other", not "fake-1"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPool(t, func(c *pool.Config) { c.Command = test.command })
			_, err := feature(t.Context(), p, fakes.Picture(200, 200, "good"))
			var refusal *contract.Error
			if err == nil || errors.As(err, &refusal) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error = %v; want one that may pass and tells %q", err, test.says)
			}
		})
	}
}

func TestWhatChildrenSayIsLogged(t *testing.T) {
	t.Parallel()
	var said logs
	p := newPool(t, func(c *pool.Config) { c.Logger = slog.New(slog.NewTextHandler(&said, nil)) })
	if _, err := feature(t.Context(), p, fakes.Picture(200, 200, "pixels:abort")); err == nil {
		t.Error("the picture was accepted")
	}
	for _, want := range []string{`text="SIGABRT: abort"`, `text="this line on standard output must not disturb the frames"`, `msg="imaging process lost"`} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("no %s in the log:\n%s", want, said.String())
		}
	}
}

func TestChildrenDieWithTheWorker(t *testing.T) {
	t.Parallel()
	worker := exec.Command("/proc/self/exe", asParent)
	out, err := worker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait() // it was killed
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(10 * time.Second); running(child); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("child %d has outlived its worker", child)
		}
	}
}

func TestConfigTellsEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := pool.New(pool.Config{Deadline: -1, Recycle: -1, MaxPixelsInFlight: -1})
	if err == nil {
		t.Fatal("the configuration was accepted")
	}
	for _, field := range []string{"Command", "FeatureVersion", "Processes", "Deadline", "Recycle", "MaxPixelsInFlight"} {
		if !strings.Contains(err.Error(), field+" is ") {
			t.Errorf("error = %v; want something about %s", err, field)
		}
	}
}
