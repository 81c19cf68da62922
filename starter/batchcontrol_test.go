package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

// obedient plays an open task whose workflow obeys after some looks, found by
// Temporal's own records.
type obedient struct {
	sent  []contract.Control
	looks int
	fakeServer
}

func obeying(states ...contract.State) *obedient {
	o := &obedient{}
	o.find = func(task int64) (execution, error) {
		return execution{WorkflowID: "batch-task.shop", Open: true, Task: task}, nil
	}
	o.signal = func(_, _ string, control contract.Control) error {
		o.sent = append(o.sent, control)
		return nil
	}
	o.status = func(string) (contract.Status, error) {
		o.looks++
		return contract.Status{Task: 12, State: states[min(o.looks, len(states))-1]}, nil
	}
	return o
}

func TestControlSignalsFirstAndAsksForTheStateAfter(t *testing.T) {
	t.Parallel()
	for wish, states := range map[string][]contract.State{
		"cancel": {contract.StateStopping}, "suspend": {contract.StateProcessing, contract.StateSuspended}, "resume": {contract.StateSuspended, contract.StateProcessing},
	} {
		o := obeying(states...)
		status := o.status
		o.status = func(id string) (contract.Status, error) {
			if len(o.sent) != 1 {
				t.Errorf("%s: asked for the state with %d signals sent", wish, len(o.sent))
			}
			return status(id)
		}
		tryArgs(t, t.Context(), &o.fakeServer, []string{"batch", wish, "12", "--reason", "wrong folder"}).
			want(t, exitDone, "task 12: "+string(states[len(states)-1])+"\n", "")
		if diff := cmp.Diff([]contract.Control{{Task: 12, Reason: "wrong folder", By: "ann@host"}}, o.sent); diff != "" {
			t.Errorf("%s (-want +got):\n%s", wish, diff)
		}
	}
}

// A worker that is frozen, or none at all, holds no wish up: it is with Temporal
// before anybody is asked.
func TestControlWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason string
		status func(string) (contract.Status, error)
		took   time.Duration
	}{
		"NoWorker": {"Temporal says so at once", func(string) (contract.Status, error) { return contract.Status{}, silentError{who: "no poller"} }, 0},
		"NotYetHeard": {"the task answers, but not to the wish", func(string) (contract.Status, error) {
			return contract.Status{Task: 12, State: contract.StateProcessing}, nil
		}, answerLimit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				o := obeying(contract.StateProcessing)
				o.status = test.status
				try(t, &o.fakeServer, "batch cancel 12").want(t, exitDone, "task 12: cancel is signalled; no worker has confirmed it yet\n", "")
				if len(o.sent) != 1 || o.sent[0].Task != 12 || time.Since(begin) != test.took {
					t.Errorf("signals %+v after %s; want one for task 12 after %s: %s", o.sent, time.Since(begin), test.took, test.reason)
				}
			})
		})
	}
}

func TestControlAsksTheLedgerWhereTemporalHasNoRecord(t *testing.T) {
	t.Parallel()
	o := obeying(contract.StateStopping)
	o.find, o.operate = func(int64) (execution, error) { return execution{}, errNoExecution }, ledger(aTask(inState(contract.StateProcessing)))
	try(t, &o.fakeServer, "batch cancel 12").want(t, exitDone, "task 12: STOPPING\n", "")
	o.operate = noWorker
	try(t, &o.fakeServer, "batch cancel 12").want(t, exitError, "", "error: "+noWorkerError{"imagebatch"}.Error()+"\n")
	o.operate = ledger()
	try(t, &o.fakeServer, "batch cancel 12").want(t, exitError, "", "TaskNotFound: there is no task 12; see: starter batch list\n")
	if got := try(t, &o.fakeServer, "batch cancel 0"); got.status != exitUsage {
		t.Errorf("no number: %+v", got)
	}
}

func TestControlOfAFinishedTask(t *testing.T) {
	t.Parallel()
	const says = "Console.IncrementStatusError: task 12 has already finished: SUCCESS; see: starter batch get 12\n"
	absent := func(int64) (execution, error) { return execution{}, errNoExecution }
	open := obeying(contract.StateProcessing).find
	gone := func(string, string, contract.Control) error { return errNoExecution }
	heard := func(string, string, contract.Control) error { return nil }
	is := func(task int64, state contract.State) func(string) (contract.Status, error) {
		return func(string) (contract.Status, error) { return contract.Status{Task: task, State: state}, nil }
	}
	stopped := aTask(inState(contract.StateStop))
	for name, test := range map[string]struct {
		fake   fakeServer
		cancel string // what cancel prints on standard output; empty: it is refused
	}{
		"Ledger":       {fake: fakeServer{find: absent, operate: ledger(aTask())}},
		"Temporal":     {fake: fakeServer{find: func(int64) (execution, error) { return execution{End: contract.StateSuccess}, nil }}},
		"BeforeSignal": {fake: fakeServer{find: open, signal: gone, operate: ledger(aTask())}},
		"AfterSignal":  {fake: fakeServer{find: open, signal: heard, status: is(12, contract.StateSuccess)}},
		"NextRuns":     {fake: fakeServer{find: open, signal: heard, status: is(13, contract.StateProcessing), operate: ledger(aTask())}},
		"ByTheCancel":  {fake: fakeServer{find: open, signal: heard, status: is(12, contract.StateStop)}, cancel: "task 12: STOP\n"},
		"ByTheCancelAndNextRuns": {
			fake: fakeServer{find: open, signal: heard, status: is(13, contract.StateProcessing), operate: ledger(stopped)}, cancel: "task 12: STOP\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := try(t, &test.fake, "batch cancel 12")
			if test.cancel != "" {
				got.want(t, exitDone, test.cancel, "")
				got = try(t, &test.fake, "batch suspend 12")
				got.want(t, exitError, "", "Console.IncrementStatusError: task 12 has already finished: STOP; see: starter batch get 12\n")
				return
			}
			got.want(t, exitError, "", says)
		})
	}
}

func TestControlOfAStoppingTask(t *testing.T) {
	t.Parallel()
	for _, wish := range []string{"suspend", "resume"} {
		try(t, &obeying(contract.StateStopping).fakeServer, "batch "+wish+" 12").want(t, exitError, "",
			"Console.IncrementStatusError: task 12 is already stopping; wait for its end with: starter batch watch 12\n")
	}
	try(t, &obeying(contract.StateStopping).fakeServer, "batch cancel 12").want(t, exitDone, "task 12: STOPPING\n", "")
}

func TestControlInterruptedAfterTheSignal(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	o := obeying(contract.StateProcessing)
	o.status = func(string) (contract.Status, error) {
		cancel()
		return contract.Status{}, context.Canceled
	}
	tryArgs(t, ctx, &o.fakeServer, words("batch cancel 12")).want(t, exitError, "", "task 12: cancel is signalled; see: starter batch get 12\n")
}

func TestControlAsJSON(t *testing.T) {
	t.Parallel()
	try(t, &obeying(contract.StateStopping).fakeServer, "batch cancel 12 -o json").want(t, exitDone,
		rows("{", `  "taskId": 12,`, `  "state": "STOPPING",`, `  "confirmed": true`, "}"), "")
}
