package endtoend_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"imagebatch/testsuite/ossserver"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// Whatever a worker is waiting for when it gets SIGTERM, it is gone within one
// stop timeout, and another takes on what it had in hand.
func TestWorkersStopWithinOneTimeout(t *testing.T) {
	t.Parallel()
	const limit = 6 * time.Second
	s := ownStack(t, 1, map[string]string{"IMAGEBATCH_STOP_TIMEOUT": limit.String()})
	const lines = 300
	for _, test := range []struct{ name, stalls, method string }{
		{"Plan", stack.Bucket + "/*/" + contract.ManifestName, "GET"},
		{"Slices", stack.Bucket + "/*.jpg", "GET"},
		{"Report", stack.ResultsBucket + "/tasks/*/report.ndjson", "PUT"},
	} {
		t.Run(test.name, func(t *testing.T) {
			instance := "stops" + strings.ToLower(test.name)
			createInstance(t, s, instance)
			shelf(t, s, instance, lines, map[int]string{7: "bad"})
			stall := ossserver.Fault{Pattern: test.stalls, Method: test.method, DelayMS: 120_000}
			if _, err := s.OSS.SetFaults(t.Context(), stall); err != nil {
				t.Fatal(err)
			}
			must(t, s, exitDone, append([]string{"batch", "start", instance, "--bucket", stack.Bucket, "--path", instance}, small...)...)
			eventually(t, "the worker waits for the object store", func() bool {
				waiting, err := s.OSS.SetFaults(t.Context(), stall)
				return err == nil && waiting > 0
			})
			stopping := s.Workers[len(s.Workers)-1]
			if err := stopping.Stop(2 * limit); err != nil {
				t.Error(err)
			}
			if _, err := s.OSS.SetFaults(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := s.StartWorker(nil); err != nil {
				t.Fatal(err)
			}
			id := decode[contract.TaskList](t, must(t, s, exitDone, "batch", "list", "--instance", instance, "--output", "json")).Tasks[0].ID
			must(t, s, exitSomeFailed, "batch", "watch", fmt.Sprint(id))
			done := task(t, s, id)
			conserved(t, done)
			if want := (contract.Counts{Succeeded: lines - 1, Failed: 1}); done.Tally.Counts != want {
				t.Errorf("counts %+v, want %+v", done.Tally.Counts, want)
			}
			if records := report(t, s, id); len(records) != 2 || records[0].Line != 7 {
				t.Errorf("report %+v; want line 7 and the summary", records)
			}
		})
	}
}

// A worker that nobody answers any more, not even Temporal, is gone no later.
func TestWorkerStopsThoughNobodyAnswers(t *testing.T) {
	t.Parallel()
	const limit = 6 * time.Second
	s := ownStack(t, 1, map[string]string{"IMAGEBATCH_STOP_TIMEOUT": limit.String()})
	createInstance(t, s, "silent")
	shelf(t, s, "silent", 300, nil)
	stall := ossserver.Fault{Pattern: stack.Bucket + "/*", DelayMS: 120_000}
	if _, err := s.OSS.SetFaults(t.Context(), stall); err != nil {
		t.Fatal(err)
	}
	must(t, s, exitDone, "batch", "start", "silent", "--bucket", stack.Bucket, "--path", "silent")
	eventually(t, "the worker waits for the object store", func() bool {
		waiting, err := s.OSS.SetFaults(t.Context(), stall)
		return err == nil && waiting > 0
	})
	if err := s.Temporal.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := s.Workers[0].Stop(2 * limit); err != nil {
		t.Error(err)
	}
	if err := s.Temporal.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// Who asks a second time does not want to wait.
func TestSecondSignalEndsAWorkerAtOnce(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, map[string]string{"IMAGEBATCH_STOP_TIMEOUT": "10m"})
	createInstance(t, s, "twice")
	shelf(t, s, "twice", 300, nil)
	stall := ossserver.Fault{Pattern: stack.Bucket + "/*", DelayMS: 120_000}
	if _, err := s.OSS.SetFaults(t.Context(), stall); err != nil {
		t.Fatal(err)
	}
	must(t, s, exitDone, "batch", "start", "twice", "--bucket", stack.Bucket, "--path", "twice")
	worker := s.Workers[0]
	if err := s.Temporal.Signal(syscall.SIGSTOP); err != nil { // or it would be gone too soon
		t.Fatal(err)
	}
	defer s.Temporal.Signal(syscall.SIGCONT)
	if err := worker.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the worker has heard it", func() bool { return strings.Contains(logOf(t, worker), "worker stops") })
	if err := worker.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-worker.Ended():
	case <-time.After(20 * time.Second):
		t.Error("the worker goes on waiting")
	}
}

// A worker that waits for Temporal to come up has nothing to answer for.
func TestWorkerThatNeverBeganStopsInPeace(t *testing.T) {
	t.Parallel()
	worker := exec.Command("../../bin/worker")
	worker.Env = append(os.Environ(), "TEMPORAL_ADDRESS=127.0.0.1:1", "IMAGEBATCH_LISTEN=off",
		"IMAGEBATCH_DATABASE="+filepath.Join(t.TempDir(), "index.db"), "IMAGEBATCH_RESULTS_BUCKET=results",
		"IMAGEBATCH_OSS_ENDPOINT=http://127.0.0.1:1", "ALIBABA_CLOUD_ACCESS_KEY_ID=id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=secret")
	log, err := worker.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	defer worker.Process.Kill()
	var said strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		fmt.Fprintln(&said, lines.Text())
		if strings.Contains(lines.Text(), "Temporal is not reachable") {
			worker.Process.Signal(syscall.SIGTERM)
		}
	}
	if err := worker.Wait(); err != nil || !strings.Contains(said.String(), "told to stop") {
		t.Errorf("the worker ended with %v and said %q", err, said.String())
	}
}

// logOf is what a process has written.
func logOf(t *testing.T, process *stack.Process) string {
	t.Helper()
	log, err := os.ReadFile(process.Log)
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}
