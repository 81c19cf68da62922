package workflows_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	sdktest "go.temporal.io/sdk/testsuite"

	"imagebatch/workflows/contract"
)

// answer is what an update was answered with.
type answer struct {
	State    contract.State
	Rejected string
	Failed   string
}

// update sends an update and notes the answer.
func (w *world) update(verb string, in contract.Control, into *answer, surplus ...any) {
	w.env.UpdateWorkflow(verb, "", &sdktest.TestUpdateCallback{
		OnReject: func(err error) { into.Rejected = messageOf(err) },
		OnComplete: func(state any, err error) {
			if err != nil {
				into.Failed = messageOf(err)
				return
			}
			into.State = state.(contract.State)
		},
	}, append([]any{in}, surplus...)...)
}

func messageOf(err error) string {
	var refused *temporal.ApplicationError
	if errors.As(err, &refused) {
		return refused.Message()
	}
	return err.Error()
}

// phases are the moments at which a task can be stopped. Each makes send run at
// that moment.
var phases = map[string]struct {
	arrange func(w *world, send func())
	some    bool // slices are done by then
	planned bool
}{
	"Begin": {arrange: func(w *world, send func()) {
		w.begin = w.beginTwice()
		w.script = func(int) { w.env.RegisterDelayedCallback(send, 500*time.Millisecond) }
	}},
	"Plan": {arrange: func(w *world, send func()) {
		w.plan = func() (contract.WorkList, error) { return contract.WorkList{}, activity.ErrResultPending }
		w.script = func(int) { w.env.RegisterDelayedCallback(send, time.Minute) }
	}},
	"Chunks": {some: true, arrange: func(w *world, send func()) {
		w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
			if in.Slice%4 != 0 { // the first slice of each chunk is done, the others hang
				return contract.SliceResult{}, activity.ErrResultPending
			}
			return w.runSlice(in)
		}
		w.script = func(int) { w.env.RegisterDelayedCallback(send, time.Minute) }
	}},
	"Suspended": {arrange: func(w *world, send func()) {
		w.plan = func() (contract.WorkList, error) {
			w.control(contract.Suspend.Name, contract.Control{})
			return w.list, nil
		}
		w.script = func(int) { w.env.RegisterDelayedCallback(send, time.Hour) }
	}},
	"CarriedOn": {some: true, arrange: func(w *world, send func()) {
		w.script = func(run int) {
			if run == 2 {
				w.env.RegisterDelayedCallback(send, time.Hour)
				return
			}
			w.env.RegisterDelayedCallback(func() { w.control(contract.Suspend.Name, contract.Control{}) }, 500*time.Millisecond)
			w.env.RegisterDelayedCallback(func() { w.env.SetContinueAsNewSuggested(true) }, time.Hour)
		}
		w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
			if in.Slice%4 != 0 {
				return contract.SliceResult{}, activity.ErrResultPending
			}
			return w.runSlice(in)
		}
	}},
}

func TestBatchTaskStopsInEveryPhase(t *testing.T) {
	t.Parallel()
	ways := map[string]struct {
		send    func(w *world, got *answer)
		message string
		answer  answer
	}{
		"Signal": {
			send: func(w *world, _ *answer) {
				w.control(contract.Cancel.Name, contract.Control{By: "ops", Reason: "wrong folder"})
			},
			message: "stopped by ops: wrong folder",
		},
		"Update": {
			send:    func(w *world, got *answer) { w.update(contract.Cancel.Name, contract.Control{Task: taskNumber}, got) },
			message: "stopped", answer: answer{State: contract.StateStopping},
		},
		"Temporal": {
			send:    func(w *world, _ *answer) { w.env.CancelWorkflow() },
			message: "stopped by Temporal's cancel",
		},
	}
	for phaseName, phase := range phases {
		for wayName, way := range ways {
			t.Run(phaseName+"/"+wayName, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, 250)
				var got answer
				phase.arrange(w, func() { way.send(w, &got) })
				end := w.runTask(input())
				checkClose(t, end)
				if end.State != contract.StateStop || end.Message != way.message {
					t.Errorf("ended %s %q, want STOP %q", end.State, end.Message, way.message)
				}
				if end.Tally.Done() != 250 || end.Tally.Canceled == 0 {
					t.Errorf("counts %+v do not add up to 250 with some canceled", end.Tally.Counts)
				}
				if some := end.Tally.Succeeded > 0; some != phase.some {
					t.Errorf("%d lines succeeded, want some: %t", end.Tally.Succeeded, phase.some)
				}
				if w.count("end STOP") != 1 || end.ReportKey == "" {
					t.Errorf("the task was not closed and reported: %v", w.steps)
				}
				if diff := cmp.Diff(way.answer, got); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestBatchTaskIgnoresSignalsForOthers(t *testing.T) {
	t.Parallel()
	for name, phase := range phases {
		if name == "Plan" || name == "Chunks" || name == "CarriedOn" {
			continue // their steps hang until the task is stopped
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 100)
			phase.arrange(w, func() {
				w.control(contract.Cancel.Name, contract.Control{Task: taskNumber - 1, Reason: "a late retry"})
				w.control(contract.Resume.Name, contract.Control{Task: taskNumber})
			})
			if end := w.runTask(input()); end.State != contract.StateSuccess || end.Tally.Succeeded != 100 {
				t.Errorf("ended %s with %d lines, want SUCCESS with all 100", end.State, end.Tally.Succeeded)
			}
		})
	}
}

func TestBatchTaskHoldsSignalsThatNameIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100)
	phases["Begin"].arrange(w, func() { w.control(contract.Cancel.Name, contract.Control{Task: taskNumber}) })
	if end := w.runTask(input()); end.State != contract.StateStop || w.count("plan") != 0 {
		t.Errorf("ended %s after %v: a cancel that named the task before it had its number was lost", end.State, w.steps)
	}
}

func TestBatchTaskSuspendAndResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	suspended := false
	w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
		w.mu.Lock()
		first := !suspended && in.Slice >= 5
		suspended = suspended || first
		hang := suspended && w.done[1000].Succeeded == 0
		w.mu.Unlock()
		switch {
		case first:
			w.control(contract.Suspend.Name, contract.Control{})
			return contract.SliceResult{}, activity.ErrResultPending
		case hang:
			return contract.SliceResult{}, activity.ErrResultPending
		}
		return w.runSlice(in)
	}
	var before []string
	w.script = func(int) {
		w.env.RegisterDelayedCallback(func() {
			w.mu.Lock()
			before = slices.Clone(w.steps)
			w.done[1000] = contract.Tally{Counts: contract.Counts{Succeeded: 1}} // no slice hangs any more
			w.mu.Unlock()
			w.control(contract.Resume.Name, contract.Control{})
		}, time.Hour)
	}
	end := w.runTask(input())
	if end.State != contract.StateSuccess || end.Tally.Succeeded != 1000 {
		t.Errorf("ended %s with %d lines, want SUCCESS with all 1000", end.State, end.Tally.Succeeded)
	}
	if len(before) == 0 || len(before) > 60 {
		t.Errorf("%d steps were done before the resume, want some and not all", len(before))
	}
}

func TestBatchTaskUpdates(t *testing.T) {
	t.Parallel()
	const other = taskNumber + 1
	steps := []struct {
		verb string
		in   contract.Control
		want answer
	}{
		{contract.Resume.Name, contract.Control{}, answer{State: contract.StateProcessing}},
		{contract.Suspend.Name, contract.Control{}, answer{State: contract.StateSuspended}},
		{contract.Suspend.Name, contract.Control{Task: taskNumber}, answer{State: contract.StateSuspended}},
		{contract.Resume.Name, contract.Control{Task: other}, answer{Rejected: "task 13 is not the running one, which is 12"}},
		{contract.Cancel.Name, contract.Control{Task: other}, answer{Rejected: "task 13 is not the running one, which is 12"}},
		{contract.Cancel.Name, contract.Control{}, answer{State: contract.StateStopping}},
		{contract.Cancel.Name, contract.Control{}, answer{State: contract.StateStopping}},
		{contract.Resume.Name, contract.Control{}, answer{State: contract.StateStopping}},
		{contract.Suspend.Name, contract.Control{}, answer{Rejected: "already stopping"}},
	}
	w := newWorld(t, 250)
	got := make([]answer, len(steps))
	var early, late, double answer
	w.begin = w.beginTwice()
	w.slice = func(contract.SliceInput) (contract.SliceResult, error) {
		return contract.SliceResult{}, activity.ErrResultPending
	}
	ended := false
	w.end = func(in contract.Ending) (contract.Ended, error) {
		if !ended { // the task is between closing its gate and closing its fence
			ended = true
			w.update(contract.Cancel.Name, contract.Control{}, &late)
			return contract.Ended{}, errors.New("store is busy")
		}
		return w.closeFence(in)
	}
	w.script = func(int) {
		w.env.RegisterDelayedCallback(func() { w.update(contract.Cancel.Name, contract.Control{Task: other}, &early) }, 500*time.Millisecond)
		w.env.RegisterDelayedCallback(func() {
			for i, step := range steps {
				w.update(step.verb, step.in, &got[i])
			}
			w.update(contract.Cancel.Name, contract.Control{}, &double, contract.Control{Task: other})
		}, time.Minute)
	}
	w.runTask(input())
	for i, step := range steps {
		if diff := cmp.Diff(step.want, got[i]); diff != "" {
			t.Errorf("step %d, %s %+v (-want +got):\n%s", i, step.verb, step.in, diff)
		}
	}
	if !strings.Contains(early.Failed, "task 13 is not the running one") {
		t.Errorf("an update for another task, sent before this one had a number: %+v", early)
	}
	if !strings.Contains(double.Rejected, "more than one input") {
		t.Errorf("an update that names a task in a second input: %+v, want it refused", double)
	}
	if late.Rejected != "already finished" {
		t.Errorf("an update while the task was being closed: %+v, want it refused", late)
	}
}

// Signals of different names that arrive together have lost their order. Only
// the order that makes sense is taken.
func TestBatchTaskSignalsInOneGo(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		sent   []string
		want   contract.State
	}{
		"SuspendResume": {sent: []string{"suspend", "resume"}, want: contract.StateSuccess, reason: "the task is not left suspended"},
		"CancelWins":    {sent: []string{"suspend", "resume", "cancel"}, want: contract.StateStop},
		"SecondThought": {sent: []string{"suspend", "resume", "suspend", "resume"}, want: contract.StateSuccess},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 100)
			w.begin = w.beginTwice()
			w.script = func(int) {
				w.env.RegisterDelayedCallback(func() {
					for _, verb := range tc.sent[1:] {
						w.env.SignalWorkflowSkippingWorkflowTask(verb, contract.Control{})
					}
					w.env.SignalWorkflow(tc.sent[0], contract.Control{})
				}, 500*time.Millisecond)
			}
			if end := w.runTask(input()); end.State != tc.want {
				t.Errorf("%v ended %s, want %s: %s", tc.sent, end.State, tc.want, tc.reason)
			}
		})
	}
}

func TestBatchTaskBoundsNotes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 16)
	phases["Begin"].arrange(w, func() {
		w.control(contract.Cancel.Name, contract.Control{By: "eve\n# root", Reason: strings.Repeat("é", 5000)})
	})
	end := w.runTask(input())
	want := fmt.Sprintf("stopped by eve # root: %s…", strings.Repeat("é", 199))
	if end.Message != want {
		t.Errorf("message %q, want it on one line and cut", end.Message)
	}
}

// A signal that arrives while a run is about to end is obeyed in the next one.
func TestBatchTaskCarriesLateSignals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100)
	w.begin = w.beginTwice()
	w.script = func(run int) {
		if run > 1 {
			return
		}
		w.env.RegisterDelayedCallback(func() { w.control(contract.Suspend.Name, contract.Control{}) }, 500*time.Millisecond)
		w.env.RegisterDelayedCallback(func() {
			w.env.SignalWorkflowSkippingWorkflowTask(contract.Cancel.Name, contract.Control{By: "ops"})
		}, time.Hour)
		w.env.RegisterDelayedCallback(func() { w.env.SetContinueAsNewSuggested(true) }, time.Hour+time.Second)
	}
	end := w.runTask(input())
	if end.runs != 2 || end.State != contract.StateStop || end.Message != "stopped by ops" {
		t.Errorf("ended %s %q after %d runs, want STOP in the second one", end.State, end.Message, end.runs)
	}
}
