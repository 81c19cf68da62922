package endtoend_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"imagebatch/activities/store"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

func TestSuspendedTaskSurvivesTheRestartOfEverything(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 2, nil)
	createInstance(t, s, "sleeps")
	batch := randomBatch(t, s, "sleeps", 23, 3000)
	id := begun(t, s, "sleeps", "sleeps", small...)
	must(t, s, exitDone, "batch", "suspend", fmt.Sprint(id))
	eventually(t, "the chunks have been recalled", func() bool { return quiet(t, s, id) })
	held := task(t, s, id).Tally

	for _, worker := range s.Workers {
		worker.Kill()
	}
	s.Temporal.Kill()
	s.OSS.Kill()
	if err := s.StartOSS(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.StartTemporal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.StartWorker(nil); err != nil {
		t.Fatal(err)
	}
	if !quiet(t, s, id) || task(t, s, id).Tally.Done() != held.Done() {
		t.Errorf("the task moved while it was suspended: from %+v to %+v", held.Counts, task(t, s, id).Tally.Counts)
	}
	must(t, s, exitDone, "batch", "resume", fmt.Sprint(id))
	must(t, s, exitSomeFailed, "batch", "watch", fmt.Sprint(id))
	done := task(t, s, id)
	conserved(t, done)
	sameAsSerial(t, s, "sleeps", id, batch)
}

// quiet reports whether a task is suspended and none of its chunks is open.
func quiet(t *testing.T, s *stack.Stack, id int64) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	answer, err := temporalClient(t, s).QueryWorkflow(ctx, task(t, s, id).WorkflowID, "", contract.StatusQuery.Name)
	if err != nil {
		return false
	}
	var status contract.Status
	if err := answer.Get(&status); err != nil {
		t.Fatal(err)
	}
	return status.State == contract.StateSuspended && len(status.Open) == 0
}

// An attempt that was frozen, given up for dead and thawed after its task had
// ended must not change what the next task has made of the index.
func TestFrozenAttemptThatWakesLateChangesNothing(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, nil)
	createInstance(t, s, "zombie")
	shelf(t, s, "zombie", 3000, nil)
	id := begun(t, s, "zombie", "zombie")
	frozen := s.Workers[0]
	freeze(t, s, frozen)
	if _, err := s.StartWorker(nil); err != nil {
		t.Fatal(err)
	}
	workflow := contract.BatchTaskWorkflowID("zombie")
	if err := temporalClient(t, s).TerminateWorkflow(t.Context(), workflow, "", "test"); err != nil {
		t.Fatal(err)
	}
	var wipe strings.Builder
	for n := 1; n <= 3000; n++ {
		fmt.Fprintf(&wipe, "{\"OperationType\":\"DELETE\",\"ProductId\":\"product-%d\"}\n", n)
	}
	put(t, s, "wipe/"+contract.ManifestName, []byte(wipe.String()))
	start(t, s, exitDone, "zombie", "wipe")
	old := task(t, s, id)
	if old.State != contract.StateStop || old.Code != contract.CodeTerminated {
		t.Fatalf("old task %+v", old)
	}

	if err := frozen.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the thawed worker has been turned away", func() bool {
		log, err := os.ReadFile(frozen.Log)
		return err == nil && strings.Contains(string(log), string(contract.CodeFenceClosed))
	})
	pictures := decode[contract.Instance](t, must(t, s, exitDone, "instance", "get", "zombie", "--output", "json")).Pictures
	if pictures != 0 {
		t.Errorf("%d pictures have come back", pictures)
	}
	if late := task(t, s, id).Tally; late.Done() != old.Tally.Done() || late.Succeeded != old.Tally.Succeeded {
		t.Errorf("the counts of the closed task moved from %+v to %+v", old.Tally.Counts, late.Counts)
	}
}

// freeze stops a worker at a moment at which it does not hold the database: a
// process that is stopped inside a transaction stops everybody.
func freeze(t *testing.T, s *stack.Stack, worker *stack.Process) {
	t.Helper()
	ledger, err := store.Open(t.Context(), s.Database())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ledger.Close() })
	for {
		if err := worker.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := ledger.Write(ctx, func(*store.Tx) error { return nil })
		cancel()
		if err == nil {
			return
		}
		if err := worker.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
}
