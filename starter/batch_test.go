package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

const startShop = "batch start shop --bucket photos --path spring/increment.meta"

func begun(task int64) func(string) (execution, error) {
	return func(workflowID string) (execution, error) {
		return execution{WorkflowID: workflowID, RunID: "first", FirstRunID: "first", Open: true, Task: task, Percent: 38}, nil
	}
}

func untouched(time.Duration) (execution, error) {
	return execution{RunID: "first", Open: true, Untouched: true, Started: began}, nil
}

func startsAs(runID string, err error) func(contract.BatchTaskInput) (string, error) {
	return func(contract.BatchTaskInput) (string, error) { return runID, err }
}

func TestStartSendsEveryFlag(t *testing.T) {
	t.Parallel()
	var sent contract.BatchTaskInput
	f := &fakeServer{execution: begun(12), start: func(in contract.BatchTaskInput) (string, error) {
		sent = in
		return "first", nil
	}}
	try(t, f, startShop+" --callback https://shop.example/hook --role-arn acs:ram::1:role/r --from-root --slice-lines 16 --chunk-slices 4"+
		" --window 3 --slices-in-flight 2 --continue-after-chunks 5 --callback-retry 10ms").want(t, exitDone,
		"task 12 started: instance shop, oss://photos/spring; watch it with: starter batch watch 12\n", "")
	want := contract.BatchTaskInput{
		Instance: "shop", Bucket: "photos", Path: "/spring", Callback: "https://shop.example/hook", RoleARN: "acs:ram::1:role/r", FromRoot: true,
		Sizes:         contract.Sizes{SliceLines: 16, ChunkSlices: 4, Window: 3, SlicesInFlight: 2, ContinueAfterChunks: 5},
		CallbackRetry: 10 * time.Millisecond,
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
}

func TestStartAsJSON(t *testing.T) {
	t.Parallel()
	f := &fakeServer{execution: begun(12), start: startsAs("first", nil)}
	try(t, f, startShop+" -o json").want(t, exitDone, rows(
		"{", `  "taskId": 12,`, `  "instance": "shop",`, `  "bucket": "photos",`, `  "path": "/spring",`,
		`  "workflowId": "batch-task.shop",`, `  "runId": "first",`, `  "queued": false`, "}"), "")
}

func TestStartWhileAnotherRuns(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason    string
		execution func(string) (execution, error)
		want      string
	}{
		"Begun": {
			execution: begun(12),
			want:      "Console.IncrementStatusError: instance \"shop\" already runs task 12 (38 %); wait for it, or stop it with: starter batch cancel 12\n",
		},
		"NotBegun": {
			reason:    "a queued task has no number yet",
			execution: begun(0),
			want:      "Console.IncrementStatusError: instance \"shop\" already runs a task that has no number yet; wait for it, see: starter batch list --instance shop\n",
		},
		"Unknown": {
			reason:    "the refusal stands even if nothing more can be learnt",
			execution: func(string) (execution, error) { return execution{}, silentError{who: "x"} },
			want:      "Console.IncrementStatusError: instance \"shop\" already runs a task that has no number yet; wait for it, see: starter batch list --instance shop\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeServer{start: startsAs("", errAlreadyRunning), execution: test.execution}
			try(t, f, startShop).want(t, exitError, "", test.want)
		})
	}
}

func TestStartWaitsForTheNumber(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason      string
		execution   func(since time.Duration) (execution, error)
		polled      bool
		polledSince func(since time.Time) bool
		result      error
		status      int
		stdout      string
		stderr      string
		took        time.Duration
	}{
		"SlowWorker": {
			polled: true,
			execution: func(since time.Duration) (execution, error) {
				if since < 4*time.Second {
					return begun(0)("")
				}
				return begun(12)("")
			},
			stdout: "task 12 started: instance shop, oss://photos/spring; watch it with: starter batch watch 12\n",
			took:   4 * time.Second,
		},
		"NoWorker": {
			execution: untouched,
			stdout:    "queued: no worker polls imagebatch; the task (instance shop, oss://photos/spring) begins when one does\n",
			took:      workerLimit,
		},
		"ClockAhead": {
			reason:      "workers are compared with the start by Temporal's clock, whatever this machine's says",
			polledSince: func(since time.Time) bool { return !since.IsZero() && !since.After(began.Add(-time.Minute)) },
			execution: func(since time.Duration) (execution, error) {
				if since < 4*time.Second {
					return untouched(since)
				}
				return begun(12)("")
			},
			stdout: "task 12 started: instance shop, oss://photos/spring; watch it with: starter batch watch 12\n",
			took:   4 * time.Second,
		},
		"KilledWorker": {
			reason:      "it is still listed, but has not asked for work since the start",
			polledSince: func(since time.Time) bool { return since.Before(began) },
			execution:   untouched,
			stdout:      "queued: no worker polls imagebatch; the task (instance shop, oss://photos/spring) begins when one does\n",
			took:        numberLimit,
		},
		"BusyWorker": {
			polled:    true,
			execution: func(time.Duration) (execution, error) { return begun(0)("") },
			stdout:    "task started: instance shop, oss://photos/spring; it has no number yet, see: starter batch list --instance shop\n",
			took:      numberLimit,
		},
		"RefusedByWorker": {
			execution: func(time.Duration) (execution, error) { return execution{RunID: "first", End: contract.StateFail}, nil },
			result:    contract.Errorf(contract.CodeInstanceNotFound, "there is no instance \"shop\"; create it with: starter instance create shop"),
			status:    exitError,
			stderr:    "Console.InstanceNotFound: there is no instance \"shop\"; create it with: starter instance create shop\n",
		},
		"OverAndReplaced": {
			reason: "another task of the instance runs already: ours was quick",
			execution: func(time.Duration) (execution, error) {
				return execution{RunID: "next", FirstRunID: "next", Open: true, Task: 13}, nil
			},
			stdout: "task started: instance shop, oss://photos/spring; it has no number yet, see: starter batch list --instance shop\n",
		},
		"TemporalGone": {
			execution: func(time.Duration) (execution, error) { return execution{}, errors.New("gone") },
			status:    exitError,
			stderr:    "error: gone\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				f := &fakeServer{
					start: startsAs("first", nil),
					polled: func(since time.Time) (bool, error) {
						if test.polledSince != nil {
							return test.polledSince(since), nil
						}
						return test.polled, nil
					},
					execution: func(string) (execution, error) { return test.execution(time.Since(begin)) },
					result:    func(string, string) (contract.BatchTaskResult, error) { return contract.BatchTaskResult{}, test.result },
				}
				try(t, f, startShop).want(t, test.status, test.stdout, test.stderr)
				if took := time.Since(begin); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
			})
		})
	}
}

func TestStartAndWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run12(2500*time.Millisecond, aTask())
		r.start = startsAs("first", nil)
		try(t, &r.fakeServer, startShop+" --wait").want(t, exitDone,
			rows("task 12 SUCCESS in 1m30s: success", "2,000 lines: 2,000 succeeded, 0 failed"),
			rows("task 12 started: instance shop, oss://photos/spring; watch it with: starter batch watch 12",
				"task 12 PROCESSING: reading the work list",
				"task 12 PROCESSING: 200/2,000 (10%), 0 failed, 100/s, 18s left"))
	})
}

func TestStartAndWaitForATaskThatIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// It is refused after the start has stopped waiting for its number.
		begin := time.Now()
		f := &fakeServer{
			start:  startsAs("first", nil),
			polled: func(time.Time) (bool, error) { return false, nil },
			execution: func(string) (execution, error) {
				waiting := time.Since(begin) < 5*time.Second
				return execution{RunID: "first", Open: waiting, Untouched: waiting, End: contract.StateFail}, nil
			},
			status: func(string) (contract.Status, error) { return contract.Status{}, noWorkerError{"imagebatch"} },
			result: func(string, string) (contract.BatchTaskResult, error) {
				return contract.BatchTaskResult{}, contract.Errorf(contract.CodeInstanceNotFound, "there is no instance %q", "shop")
			},
		}
		try(t, f, startShop+" --wait").want(t, exitError, "", rows(
			"queued: no worker polls imagebatch; the task (instance shop, oss://photos/spring) begins when one does",
			"no worker answers on imagebatch; if none runs, start one with \"make dev\"; still watching",
			"Console.InstanceNotFound: there is no instance \"shop\""))
	})
}
