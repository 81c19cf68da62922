package workflows_test

import (
	"strings"
	"testing"
	"time"

	sdktest "go.temporal.io/sdk/testsuite"

	"imagebatch/workflows/contract"
)

// What a stranger writes is obeyed if it can be read, and shows if it cannot.
func TestControlsReadWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sent   any
		state  contract.State // of the task, which is told to cancel
		unread string         // what the note says; empty for none
	}{
		"Nothing":      {nil, contract.StateStop, ""},
		"Number":       {map[string]any{"taskId": 12}, contract.StateStop, ""},
		"Text":         {map[string]any{"taskId": "12"}, contract.StateStop, ""},
		"PaddedText":   {map[string]any{"taskId": "  12 "}, contract.StateStop, ""},
		"AnotherTask":  {map[string]any{"taskId": "11"}, contract.StateSuccess, ""},
		"UnknownKey":   {map[string]any{"task_id": 12, "by": "ops"}, contract.StateSuccess, `cancel by ops was not obeyed: the key "task_id" is unknown`},
		"WrongType":    {map[string]any{"taskId": []int{12}}, contract.StateSuccess, `cancel was not obeyed: "taskId" is no number of a task`},
		"NoObject":     {[]int{12}, contract.StateSuccess, "cancel was not obeyed: it is no JSON object"},
		"Bytes":        {[]byte("stop"), contract.StateSuccess, `cancel was not obeyed: it is sent as "binary/plain"`},
		"HostileBy":    {map[string]any{"x": 1, "by": "eve\n\x1b[31m"}, contract.StateSuccess, "cancel by eve  [31m was not obeyed"},
		"LongUnknowns": {map[string]any{strings.Repeat("é", 9000): 1}, contract.StateSuccess, "is unknown"},
	} {
		for phase := range phases {
			t.Run(name+phase, func(t *testing.T) {
				t.Parallel()
				if tc.state != contract.StateStop && phase != "Begin" {
					t.Skip("in the other phases only a cancel lets the task end")
				}
				w := newWorld(t, 100)
				phases[phase].arrange(w, func() { w.control(contract.Cancel.Name, tc.sent) })
				if end := w.runTask(input()); end.State != tc.state {
					t.Errorf("ended %s %q, want %s", end.State, end.Message, tc.state)
				}
				switch {
				case tc.unread == "" && len(w.unread) > 0:
					t.Errorf("noted %v", w.unread)
				case tc.unread == "":
				case len(w.unread) != 1 || w.unread[0].Task != taskNumber || !strings.HasPrefix(w.unread[0].Text, "cancel") || !strings.Contains(w.unread[0].Text, tc.unread):
					t.Errorf("noted %v, want %q", w.unread, tc.unread)
				case len(w.unread[0].Text) > 800 || strings.ContainsAny(w.unread[0].Text, "\n\x1b"):
					t.Errorf("noted %q, which is not a line", w.unread[0].Text)
				}
			})
		}
	}
}

func TestUnreadSignalsShowInStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 16)
	var status contract.Status
	w.begin = w.beginTwice()
	w.script = func(int) {
		w.env.RegisterDelayedCallback(func() { w.control(contract.Suspend.Name, map[string]any{"task_id": 12}) }, 500*time.Millisecond)
		w.env.RegisterDelayedCallback(func() {
			answer, err := w.env.QueryWorkflow(contract.StatusQuery.Name)
			if err == nil {
				err = answer.Get(&status)
			}
			if err != nil {
				t.Error(err)
			}
		}, 600*time.Millisecond)
	}
	w.runTask(input())
	if !strings.Contains(status.Unread, "suspend was not obeyed") || status.State != contract.StateProcessing {
		t.Errorf("status %s, unread %q", status.State, status.Unread)
	}
}

// Anyone may send signals: what they cost is bounded.
func TestUnreadSignalsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 16)
	w.begin = func(contract.BeginInput) (contract.BeginResult, error) {
		return contract.BeginResult{Task: taskNumber}, nil
	}
	w.script = func(int) {
		w.env.RegisterDelayedCallback(func() { w.control(contract.Suspend.Name, nil) }, 0)
		for n := range 200 {
			w.env.RegisterDelayedCallback(func() { w.control(contract.Cancel.Name, n) }, time.Duration(n+1)*time.Minute)
		}
		w.env.RegisterDelayedCallback(func() { w.control(contract.Cancel.Name, nil) }, 300*time.Minute)
	}
	if end := w.runTask(input()); end.State != contract.StateStop {
		t.Errorf("ended %s", end.State)
	}
	if n := len(w.unread); n == 0 || n > 20 {
		t.Errorf("%d notes of 200 unreadable signals, want 1 to 20", n)
	}
}

func TestUnreadSignalsAreCarried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100)
	w.begin = w.beginTwice()
	w.script = func(run int) {
		if run > 1 {
			w.env.RegisterDelayedCallback(func() { w.control(contract.Cancel.Name, nil) }, time.Hour)
			return
		}
		w.env.RegisterDelayedCallback(func() { w.control(contract.Suspend.Name, nil) }, 500*time.Millisecond)
		w.env.RegisterDelayedCallback(func() {
			w.env.SignalWorkflowSkippingWorkflowTask(contract.Cancel.Name, map[string]any{"task_id": 12})
		}, time.Hour)
		w.env.RegisterDelayedCallback(func() { w.env.SetContinueAsNewSuggested(true) }, time.Hour+time.Second)
	}
	end := w.runTask(input())
	if end.runs != 2 || len(w.unread) == 0 || !strings.Contains(w.unread[len(w.unread)-1].Text, "task_id") {
		t.Errorf("%d runs, noted %v; want the note in the second one", end.runs, w.unread)
	}
}

func TestUpdateThatCannotBeReadSaysSoOnce(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]any{"UnknownKey": map[string]any{"task_id": 12}, "List": []int{1}, "Bytes": []byte("x")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 16)
			var got answer
			phases["Begin"].arrange(w, func() {
				w.env.UpdateWorkflow(contract.Cancel.Name, "", &sdktest.TestUpdateCallback{
					OnReject:   func(err error) { got.Rejected = messageOf(err) },
					OnComplete: func(any, error) {},
				}, sent)
			})
			if end := w.runTask(input()); end.State != contract.StateSuccess || len(w.unread) != 0 {
				t.Errorf("ended %s, noted %v", end.State, w.unread)
			}
			if strings.Count(got.Rejected, "send ") != 1 {
				t.Errorf("rejected with %q, want one remedy", got.Rejected)
			}
		})
	}
}
