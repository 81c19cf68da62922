package workflows_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"

	"imagebatch/workflows/contract"
)

func TestCallback(t *testing.T) {
	t.Parallel()
	failing := func(times int) func(*world) {
		return func(w *world) {
			tries := 0
			w.post = func(contract.CallbackDelivery) (contract.CallbackResult, error) {
				if tries++; tries <= times {
					return contract.CallbackResult{}, fmt.Errorf("receiver answered 503, try %d", tries)
				}
				return contract.CallbackResult{Status: 204}, nil
			}
		}
	}
	cases := map[string]struct {
		reason  string
		world   func(*world)
		retry   time.Duration
		tries   int // 0: some hundreds
		outcome contract.CallbackOutcome
		code    contract.Code
		least   time.Duration
		most    time.Duration
	}{
		"AtOnce": {tries: 1, outcome: contract.CallbackOutcome{Task: taskNumber, State: contract.CallbackDelivered}},
		"AfterSomeTries": {
			reason: "1 + 2 + 4 + 8 seconds", world: failing(4), tries: 5, least: 15 * time.Second, most: 16 * time.Second,
			outcome: contract.CallbackOutcome{Task: taskNumber, State: contract.CallbackDelivered},
		},
		"SlowerFromTheStart": {
			reason: "60 + 120 seconds", world: failing(2), retry: time.Minute, tries: 3, least: 3 * time.Minute, most: 181 * time.Second,
			outcome: contract.CallbackOutcome{Task: taskNumber, State: contract.CallbackDelivered},
		},
		"DeadReceiver": {
			reason: "when it gives up, the failure is recorded and can be found",
			world:  failing(1 << 20), code: contract.CodeInternalError,
			outcome: contract.CallbackOutcome{Task: taskNumber, State: contract.CallbackFailed},
		},
		"Refused": {
			reason: "an address that is not allowed is not tried again",
			world: func(w *world) {
				w.post = func(contract.CallbackDelivery) (contract.CallbackResult, error) {
					return contract.CallbackResult{}, refused(contract.CodeCallbackRefused, "127.0.0.1 is not a public address")
				}
			},
			tries: 1, code: contract.CodeCallbackRefused,
			outcome: contract.CallbackOutcome{Task: taskNumber, State: contract.CallbackFailed, Error: "127.0.0.1 is not a public address"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0)
			if tc.world != nil {
				tc.world(w)
			}
			env := w.newEnv()
			start := env.Now()
			env.ExecuteWorkflow(contract.Callback.Name, contract.CallbackInput{Task: taskNumber, FirstRetry: tc.retry})
			took := env.Now().Sub(start)
			checkCode(t, env.GetWorkflowError(), tc.code)
			if len(w.outcomes) == 1 && tc.outcome.Error == "" {
				w.outcomes[0].Error = ""
			}
			if diff := cmp.Diff([]contract.CallbackOutcome{tc.outcome}, w.outcomes); diff != "" {
				t.Errorf("recorded (-want +got):\n%s%s", diff, tc.reason)
			}
			if took < tc.least || tc.most > 0 && took > tc.most {
				t.Errorf("it took %v, want %v to %v: %s", took, tc.least, tc.most, tc.reason)
			}
			if tc.tries > 0 && len(w.deliverys) != tc.tries {
				t.Errorf("%d attempts, want %d: %s", len(w.deliverys), tc.tries, tc.reason)
			}
			for _, delivery := range w.deliverys {
				if delivery != w.deliverys[0] {
					t.Errorf("attempts %+v and %+v differ: the receiver cannot tell that they are one", w.deliverys[0], delivery)
				}
			}
		})
	}
}

// checkCode compares the code an error carries; the empty one is no error.
func checkCode(t *testing.T, err error, code contract.Code) {
	t.Helper()
	var failed *temporal.ApplicationError
	switch {
	case code == "" && err != nil:
		t.Errorf("it failed: %v", err)
	case code != "" && !errors.As(err, &failed):
		t.Errorf("it ended with %v, want code %s", err, code)
	case code != "" && failed.Type() != string(code):
		t.Errorf("it failed with code %s, want %s", failed.Type(), code)
	}
}

func TestBatchTaskStartsCallback(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]int{"": 0, "https://shop.example/hook": 1} {
		t.Run("To"+url, func(t *testing.T) {
			t.Parallel()
			w, in := newWorld(t, 16), input()
			w.post = func(contract.CallbackDelivery) (contract.CallbackResult, error) {
				return contract.CallbackResult{}, errors.New("receiver is dead")
			}
			in.Callback = url
			if end := w.runTask(in); end.State != contract.StateSuccess {
				t.Errorf("ended %s: a dead receiver held the task", end.State)
			}
			if n := w.commands["child Callback"]; n != want {
				t.Errorf("%d callbacks, want %d", n, want)
			}
		})
	}
}

func TestBatchTaskSettlesTerminatedOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 100)
	w.tasks[10] = contract.Task{ID: 10, CallbackState: contract.CallbackPending}
	w.tasks[11] = contract.Task{ID: 11}
	w.begin = func(contract.BeginInput) (contract.BeginResult, error) {
		return contract.BeginResult{Task: taskNumber, Terminated: []int64{10, 11}}, nil
	}
	w.plan = func() (contract.WorkList, error) {
		w.control(contract.Suspend.Name, contract.Control{}) // gives the settlements the time they need
		return w.list, nil
	}
	w.script = func(int) {
		w.env.RegisterDelayedCallback(func() { w.control(contract.Resume.Name, contract.Control{}) }, time.Hour)
	}
	if end := w.runTask(input()); end.State != contract.StateSuccess {
		t.Errorf("ended %s", end.State)
	}
	for step, times := range map[string]int{"report 10": 1, "report 11": 1, "deliver 10": 1, "deliver 11": 0, "report 12": 1} {
		if n := w.count(step); n != times {
			t.Errorf("%q ran %d times, want %d", step, n, times)
		}
	}
}
