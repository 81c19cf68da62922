package workflows_test

import (
	"errors"
	"slices"
	"testing"

	"imagebatch/workflows/contract"
)

// A report that cannot be written keeps neither the task open nor the receiver
// waiting, and is written by somebody else.
func TestReportThatCannotBeWrittenAtOnce(t *testing.T) {
	t.Parallel()
	mended := errors.New("no space left on device")
	for name, tc := range map[string]struct {
		report func(try int) error
		first  int // attempts before the receiver is told
		all    int
		later  bool // the others are somebody else's, beside the callback
	}{
		"AtOnce":      {report: func(int) error { return nil }, first: 1, all: 1},
		"OneStumble":  {report: failingTimes(1, mended), first: 2, all: 2},
		"LongTrouble": {report: failingTimes(8, mended), first: 2, all: 9, later: true},
		// Rights can be granted later.
		"Refused": {report: failingTimes(1, refused(contract.CodeConsoleNoPermission, "grant oss:PutObject")), first: 1, all: 2, later: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, in := newWorld(t, 16), input()
			in.Callback = "https://shop.example/hook"
			w.tasks[taskNumber] = contract.Task{ID: taskNumber, State: contract.StateSuccess, CallbackState: contract.CallbackPending}
			tries := 0
			w.report = func(contract.TaskRef) (contract.ReportResult, error) {
				tries++
				return contract.ReportResult{Key: "reports/12.ndjson"}, tc.report(tries)
			}
			env := w.newEnv()
			env.SetDetachedChildWait(true)
			env.ExecuteWorkflow(contract.BatchTask.Name, in)
			if err := env.GetWorkflowError(); err != nil {
				t.Fatal(err)
			}
			after := w.steps[slices.Index(w.steps, "end SUCCESS")+1:]
			if delivered := slices.Index(after, "deliver 12"); delivered < tc.first {
				t.Errorf("the receiver was told at step %d of %v, want it after %d attempts at the report", delivered, after, tc.first)
			}
			if tries != tc.all {
				t.Errorf("%d attempts at the report, want %d", tries, tc.all)
			}
			if later := w.started[contract.SettleTerminated.Name] > 0; later != tc.later {
				t.Errorf("left to somebody else: %t, want %t", later, tc.later)
			}
		})
	}
}

// failingTimes fails so often, then no more.
func failingTimes(n int, err error) func(try int) error {
	return func(try int) error {
		if try <= n {
			return err
		}
		return nil
	}
}
