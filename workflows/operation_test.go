package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"imagebatch/workflows"
	"imagebatch/workflows/contract"
)

func TestOperation(t *testing.T) {
	t.Parallel()
	valid := contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Bucket: "photos", Key: "q.jpg"}}
	cases := map[string]struct {
		reason string
		in     contract.SearchInput
		fail   func(try int) error
		code   contract.Code
		tries  int
	}{
		"Answers":  {in: valid, tries: 1},
		"Stumbles": {in: valid, tries: 2, fail: func(try int) error { return map[int]error{1: errors.New("store is busy")}[try] }},
		"GivesUp":  {in: valid, tries: 3, code: contract.CodeInternalError, fail: func(int) error { return errors.New("store is busy") }, reason: "somebody is waiting"},
		"Refuses":  {in: valid, tries: 1, code: contract.CodePictureError, fail: func(int) error { return refused(contract.CodePictureError, "not a picture") }},
		"Rollout": {in: valid, tries: 8, reason: "workers that stop are nothing that the operation has to answer for", fail: func(try int) error {
			if try < 8 {
				return temporal.NewApplicationErrorWithOptions("the worker stops", contract.WorkerStopped, temporal.ApplicationErrorOptions{NextRetryDelay: time.Millisecond})
			}
			return nil
		}},
		"Validates": {in: contract.SearchInput{Instance: "shop"}, code: contract.CodeNoSpecifiedPicContent, reason: "a stranger's input reaches no activity"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, tries := newWorld(t, 0), 0
			env := w.newEnv()
			workflows.BindOperation(env, contract.SearchImage, func(_ context.Context, in contract.SearchInput) (contract.SearchResult, error) {
				tries++
				if tc.fail != nil {
					if err := tc.fail(tries); err != nil {
						return contract.SearchResult{}, err
					}
				}
				return contract.SearchResult{Searched: int64(len(in.Key))}, nil
			})
			env.ExecuteWorkflow(contract.SearchImage.Name, tc.in)
			checkCode(t, env.GetWorkflowError(), tc.code)
			if tries != tc.tries {
				t.Errorf("%d tries, want %d: %s", tries, tc.tries, tc.reason)
			}
			var got contract.SearchResult
			if tc.code != "" {
				return
			}
			if err := env.GetWorkflowResult(&got); err != nil || got.Searched != 5 {
				t.Errorf("answer %+v, %v", got, err)
			}
		})
	}
}

// Whoever asks about tasks sees terminated ones closed, reported and called back.
func TestListTasksSettlesTerminatedOnes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		report func(contract.TaskRef) (contract.ReportResult, error)
		steps  map[string]int
	}{
		"Settled": {steps: map[string]int{"look": 1, "report 7": 1}},
		"ReportHangs": {
			reason: "an answer does not wait for a report that takes its time",
			report: func(contract.TaskRef) (contract.ReportResult, error) {
				return contract.ReportResult{}, activity.ErrResultPending
			},
			steps: map[string]int{"look": 1, "deliver 7": 0},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0)
			w.closed, w.report = []int64{7}, tc.report
			w.tasks[7] = contract.Task{ID: 7, State: contract.StateStop, Callback: "https://shop.example/hook"}
			env := w.newEnv()
			env.ExecuteWorkflow(contract.ListTasks.Name, contract.ListTasksInput{ID: 7})
			var got contract.TaskList
			if err := errors.Join(env.GetWorkflowError(), env.GetWorkflowResult(&got)); err != nil {
				t.Fatalf("%v: %s", err, tc.reason)
			}
			if diff := cmp.Diff([]contract.Task{w.tasks[7]}, got.Tasks); diff != "" {
				t.Errorf("tasks (-want +got):\n%s", diff)
			}
			for step, times := range tc.steps {
				if n := w.count(step); n != times {
					t.Errorf("%q ran %d times, want %d: %s", step, n, times, tc.reason)
				}
			}
		})
	}
}
