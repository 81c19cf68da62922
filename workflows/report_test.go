package workflows_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

// A report that cannot be written keeps neither the task open nor the receiver
// waiting, and is written by somebody else.
func TestReportThatCannotBeWrittenAtOnce(t *testing.T) {
	t.Parallel()
	mended := errors.New("no space left on device")
	for name, tc := range map[string]struct {
		reason string
		report func(try int) error
		later  bool     // by somebody else
		order  []string // of the steps after the end
	}{
		"AtOnce":     {report: func(int) error { return nil }, order: []string{"report 12", "deliver 12"}},
		"OneStumble": {report: failingTimes(1, mended), order: []string{"report 12", "report 12", "deliver 12"}},
		"LongTrouble": {
			report: failingTimes(8, mended), later: true,
			order: []string{"report 12", "report 12", "deliver 12", "report 12", "report 12", "report 12", "report 12", "report 12", "report 12", "report 12"},
		},
		"Refused": {
			reason: "rights can be granted later",
			report: failingTimes(1, refused(contract.CodeConsoleNoPermission, "grant oss:PutObject")), later: true,
			order: []string{"report 12", "deliver 12", "report 12"},
		},
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
			got := slices.DeleteFunc(slices.Clone(after), func(step string) bool { return step == "record delivered" })
			if later := w.started[contract.SettleTerminated.Name] > 0; later != tc.later {
				t.Errorf("left to somebody else: %t, want %t", later, tc.later)
			}
			if diff := cmp.Diff(tc.order, got); diff != "" {
				t.Errorf("steps (-want +got):\n%s%s", diff, tc.reason)
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
