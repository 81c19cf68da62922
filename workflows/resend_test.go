package workflows_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

func TestResendCallback(t *testing.T) {
	t.Parallel()
	closed := contract.Task{ID: taskNumber, RunID: "first-run", State: contract.StateSuccess, Callback: "https://shop.example/hook", CallbackState: contract.CallbackFailed}
	for name, test := range map[string]struct {
		reason string
		change func(*contract.Task)
		code   contract.Code
		want   contract.Resent
	}{
		"Closed": {
			change: func(*contract.Task) {},
			want:   contract.Resent{Task: taskNumber, ID: "12-first-run", Started: true},
		},
		"Open":       {change: func(task *contract.Task) { task.State = contract.StateProcessing }, code: contract.CodeIncrementStatusError},
		"NoCallback": {change: func(task *contract.Task) { task.Callback = "" }, code: contract.CodeBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0)
			task := closed
			test.change(&task)
			w.tasks[taskNumber] = task
			env := w.newEnv()
			env.SetDetachedChildWait(true)
			env.ExecuteWorkflow(contract.ResendCallback.Name, contract.TaskRef{Task: taskNumber})
			checkCode(t, env.GetWorkflowError(), test.code)
			if test.code != "" {
				if w.started[contract.Callback.Name] != 0 {
					t.Error("a callback was started all the same")
				}
				return
			}
			var got contract.Resent
			if err := env.GetWorkflowResult(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]contract.CallbackDelivery{{Task: taskNumber, ID: "12-first-run"}}, w.deliverys); diff != "" {
				t.Errorf("deliveries (-want +got):\n%s", diff)
			}
			want := []contract.CallbackOutcome{
				{Task: taskNumber, State: contract.CallbackPending}, {Task: taskNumber, State: contract.CallbackDelivered},
			}
			if diff := cmp.Diff(want, w.outcomes); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResendCallbackOfAnUnknownTask(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.noTasks = true
	env := w.newEnv()
	env.ExecuteWorkflow(contract.ResendCallback.Name, contract.TaskRef{Task: 99})
	checkCode(t, env.GetWorkflowError(), contract.CodeTaskNotFound)
}

// A task that is not named would match every task, and so the newest.
func TestResendCallbackNeedsATask(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.tasks[taskNumber] = contract.Task{ID: taskNumber, State: contract.StateStop, Callback: "https://shop.example/hook"}
	env := w.newEnv()
	env.ExecuteWorkflow(contract.ResendCallback.Name, contract.TaskRef{})
	checkCode(t, env.GetWorkflowError(), contract.CodeBadRequest)
	if n := w.started[contract.Callback.Name]; n != 0 {
		t.Errorf("%d callbacks were started", n)
	}
}

func TestCallbackIDIsThatOfTheTaskWhoeverStartsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 16)
	w.env = w.newEnv()
	w.env.SetDetachedChildWait(true)
	in := input()
	in.Callback = "https://shop.example/hook"
	w.env.ExecuteWorkflow(contract.BatchTask.Name, in)
	if err := w.env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if len(w.deliverys) != 1 || w.deliverys[0].ID != contract.DeliveryID(taskNumber, w.begun.RunID) {
		t.Errorf("deliveries %+v of run %q; want one with the task's id", w.deliverys, w.begun.RunID)
	}
}
