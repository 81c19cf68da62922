package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

func TestControlPrefersTheUpdate(t *testing.T) {
	t.Parallel()
	for wish, state := range map[string]contract.State{
		"cancel": contract.StateStopping, "suspend": contract.StateSuspended, "resume": contract.StateProcessing,
	} {
		var sent contract.Control
		f := &fakeServer{
			operate: ledger(aTask(inState(contract.StateProcessing))),
			update: func(_ context.Context, workflowID, name string, control contract.Control) (contract.State, error) {
				if workflowID != "batch-task.shop" || name != wish {
					t.Errorf("update %q of %q", name, workflowID)
				}
				sent = control
				return state, nil
			},
		}
		tryArgs(t, t.Context(), f, []string{"batch", wish, "12", "--reason", "wrong folder"}).want(t, exitDone, "task 12: "+string(state)+"\n", "")
		if diff := cmp.Diff(contract.Control{Task: 12, Reason: "wrong folder", By: "ann@host"}, sent); diff != "" {
			t.Errorf("%s (-want +got):\n%s", wish, diff)
		}
	}
}

func TestControlFallsBackToTheSignal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason string
		fake   fakeServer
		took   time.Duration
	}{
		"WorkerDoesNotAnswer": {
			reason: "the update is given up after a while",
			fake: fakeServer{
				operate: ledger(aTask(inState(contract.StateProcessing))),
				update: func(ctx context.Context, _, _ string, _ contract.Control) (contract.State, error) {
					<-ctx.Done()
					return "", silentError{who: "no answer"}
				},
			},
			took: updateLimit,
		},
		"NoWorkerAtAll": {
			reason: "the workflow is found by its search attribute; the update is not even tried",
			fake: fakeServer{
				operate: noWorker,
				find: func(task int64) (execution, error) {
					return execution{WorkflowID: "batch-task.shop", Open: true, Task: task}, nil
				},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var sent contract.Control
				f := test.fake
				f.signal = func(workflowID, name string, control contract.Control) error {
					if workflowID != "batch-task.shop" || name != "cancel" {
						t.Errorf("signal %q of %q", name, workflowID)
					}
					sent = control
					return nil
				}
				try(t, &f, "batch cancel 12").want(t, exitDone, "task 12: cancel is signalled; no worker has confirmed it yet\n", "")
				if sent.Task != 12 || time.Since(begin) != test.took {
					t.Errorf("signal = %+v after %s, want task 12 after %s", sent, time.Since(begin), test.took)
				}
			})
		})
	}
}

func TestControlOfAFinishedTask(t *testing.T) {
	t.Parallel()
	asked := 0
	for name, f := range map[string]*fakeServer{
		"Ledger":   {operate: ledger(aTask())},
		"NoWorker": {operate: noWorker, find: func(int64) (execution, error) { return execution{End: contract.StateSuccess}, nil }},
		"Meanwhile": {
			operate: func(ctx context.Context, operation string, limit time.Duration, in any) (any, error) {
				asked++
				if asked == 1 {
					return contract.TaskList{Tasks: []contract.Task{aTask(inState(contract.StateProcessing))}}, nil
				}
				return contract.TaskList{Tasks: []contract.Task{aTask()}}, nil
			},
			update: func(context.Context, string, string, contract.Control) (contract.State, error) {
				return "", errNoExecution
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try(t, f, "batch cancel 12").want(t, exitError, "", "Console.IncrementStatusError: task 12 has already finished: SUCCESS; see: starter batch get 12\n")
		})
	}
}

func TestControlRefused(t *testing.T) {
	t.Parallel()
	f := &fakeServer{
		operate: ledger(aTask(inState(contract.StateProcessing))),
		update: func(context.Context, string, string, contract.Control) (contract.State, error) {
			return "", contract.Errorf(contract.CodeIncrementStatusError, "task 12 is stopping")
		},
	}
	try(t, f, "batch resume 12").want(t, exitError, "", "Console.IncrementStatusError: task 12 is stopping\n")
}

func TestControlWithoutWorkerOfAnUnknownTask(t *testing.T) {
	t.Parallel()
	f := &fakeServer{operate: noWorker, find: func(int64) (execution, error) { return execution{}, errNoExecution }}
	try(t, f, "batch cancel 12").want(t, exitError, "", "error: "+noWorkerError{"imagebatch"}.Error()+"\n")
}

func TestControlAsJSON(t *testing.T) {
	t.Parallel()
	f := &fakeServer{
		operate: ledger(aTask(inState(contract.StateProcessing))),
		update: func(context.Context, string, string, contract.Control) (contract.State, error) {
			return contract.StateStopping, nil
		},
	}
	try(t, f, "batch cancel 12 -o json").want(t, exitDone, rows("{", `  "taskId": 12,`, `  "state": "STOPPING",`, `  "confirmed": true`, "}"), "")
}
