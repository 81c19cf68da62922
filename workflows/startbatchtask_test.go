package workflows_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// starting is a world in which StartBatchTask runs under an id such as a
// schedule gives, and the ledger knows the tasks that have begun.
func starting(t *testing.T) *world {
	w := newWorld(t, 32)
	w.listed = func(contract.ListTasksInput) []contract.Task {
		if w.begun.Instance == "" {
			return nil
		}
		return []contract.Task{{ID: taskNumber, RunID: w.runs[contract.BatchTask.Name]}}
	}
	return w
}

func (w *world) start(t *testing.T, in contract.BatchTaskInput) (contract.StartedTask, error) {
	t.Helper()
	w.newEnv()
	w.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "nightly-2026-11-27T02:00:00Z", TaskQueue: contract.DefaultTaskQueue})
	if w.script != nil {
		w.script(1)
	}
	w.env.ExecuteWorkflow(contract.StartBatchTask.Name, in)
	err := w.env.GetWorkflowError()
	var started contract.StartedTask
	var canceled *temporal.CanceledError
	switch {
	case err == nil:
		if err := w.env.GetWorkflowResult(&started); err != nil {
			t.Fatal(err)
		}
	case errors.As(err, &canceled) && canceled.HasDetails():
		if err := canceled.Details(&started); err != nil {
			t.Fatal(err)
		}
	}
	return started, err
}

func TestStartBatchTask(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reason string
		in     func(*contract.BatchTaskInput)
		world  func(*world)
		task   int64
		code   contract.Code
	}{
		"Begins":     {task: taskNumber, reason: "while the task still runs", world: slowSlices},
		"BeginsLate": {task: taskNumber, world: func(w *world) { slowSlices(w); w.begin = w.beginTwice() }},
		"OverAtOnce": {task: taskNumber, reason: "the number is in the result", world: func(w *world) { w.noTasks = true }},
		"FailsInPlan": {
			reason: "it began, so that it was started", task: taskNumber,
			world: func(w *world) {
				w.noTasks = true
				w.plan = func() (contract.WorkList, error) { return w.list, refused(contract.CodeNoSuchManifest, "no manifest") }
			},
		},
		"NoNumberYet": {
			reason: "the database is held up; the start stands",
			world: func(w *world) {
				w.noTasks = true
				w.begin = func(contract.BeginInput) (contract.BeginResult, error) {
					return contract.BeginResult{}, errors.New("database is locked")
				}
			},
		},
		"RefusedByBegin": {
			code: contract.CodeInstanceNotFound,
			world: func(w *world) {
				w.begin = func(contract.BeginInput) (contract.BeginResult, error) {
					return contract.BeginResult{}, refused(contract.CodeInstanceNotFound, "there is no instance shop")
				}
			},
		},
		"InvalidInput": {in: func(in *contract.BatchTaskInput) { in.Bucket = "-no-" }, code: contract.CodeBadRequest},
		"Carried":      {in: func(in *contract.BatchTaskInput) { in.Carried = &contract.CarriedTask{} }, code: contract.CodeBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, in := starting(t), input()
			if tc.world != nil {
				tc.world(w)
			}
			if tc.in != nil {
				tc.in(&in)
			}
			started, err := w.start(t, in)
			checkCode(t, err, tc.code)
			if tc.code != "" {
				return
			}
			if started.Task != tc.task || started.WorkflowID != "batch-task.shop" || started.RunID == "" {
				t.Errorf("answer %+v, want task %d: %s", started, tc.task, tc.reason)
			}
		})
	}
}

// slowSlices keep a task running for as long as the test looks.
func slowSlices(w *world) {
	w.slice = func(contract.SliceInput) (contract.SliceResult, error) {
		return contract.SliceResult{}, errors.New("the store is away")
	}
}

// A cancel ends the start and not the task that was started.
func TestStartBatchTaskCanceled(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		at      time.Duration
		started bool
	}{
		"BeforeTheStart": {0, false},
		"WhileItWaits":   {time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := starting(t)
			slowSlices(w)
			w.noTasks = true
			w.script = func(int) { w.env.RegisterDelayedCallback(w.env.CancelWorkflow, tc.at) }
			started, err := w.start(t, input())
			if !temporal.IsCanceledError(err) {
				t.Errorf("ended with %v, want canceled", err)
			}
			if (started.RunID != "") != tc.started || w.started[contract.BatchTask.Name] > 0 != tc.started {
				t.Errorf("answer %+v, %d tasks started, want started %t", started, w.started[contract.BatchTask.Name], tc.started)
			}
			if n := w.count("end STOP"); n != 0 {
				t.Error("the task was stopped with it")
			}
		})
	}
}

// Only the one id of an instance's tasks keeps a second task from running.
func TestBatchTaskUnderAnotherID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"nightly-import", "batch-task.shop-2026-11-27T02:00:00Z", "batch-task.Shop", "batch-task.shop.", "x\n\x1b[31m"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 32)
			env := w.newEnv()
			env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: id, TaskQueue: contract.DefaultTaskQueue})
			env.ExecuteWorkflow(contract.BatchTask.Name, input())
			err := env.GetWorkflowError()
			checkCode(t, err, contract.CodeBadRequest)
			if w.count("begin") != 0 {
				t.Error("it began, and took the running task for dead")
			}
			var failed *temporal.ApplicationError
			if !errors.As(err, &failed) {
				t.Fatal(err)
			}
			if text := failed.Message(); !strings.Contains(text, contract.StartBatchTask.Name) || strings.ContainsAny(text, "\n\x1b") {
				t.Errorf("%q is no line that names the way that works", text)
			}
		})
	}
}

func TestStartBatchTaskUnderTheTasksID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 32)
	env := w.newEnv() // has the task's id
	env.ExecuteWorkflow(contract.StartBatchTask.Name, input())
	checkCode(t, env.GetWorkflowError(), contract.CodeBadRequest)
}

// Whoever started the running task, the refusal names it.
func TestStartBatchTaskWhileAnotherRuns(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		running []contract.Task
		want    string
	}{
		"Named":       {[]contract.Task{{ID: 9, RunID: "other"}}, "already runs task 9"},
		"NoNumberYet": {nil, "no number yet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 32)
			w.listed = func(in contract.ListTasksInput) []contract.Task {
				if diff := cmp.Diff(contract.ListTasksInput{Instance: "shop", State: contract.StateProcessing, Limit: 1}, in); diff != "" {
					t.Errorf("question (-want +got):\n%s", diff)
				}
				return tc.running
			}
			slowSlices(w)
			env := w.newEnv()
			env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "another-service", TaskQueue: contract.DefaultTaskQueue})
			env.RegisterWorkflowWithOptions(startTwice, workflow.RegisterOptions{Name: "startTwice"})
			env.ExecuteWorkflow("startTwice", input())
			err := env.GetWorkflowError()
			checkCode(t, err, contract.CodeIncrementStatusError)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("refusal %v does not say %q", err, tc.want)
			}
		})
	}
}

// startTwice is another service that runs a task of its own, and then asks for one.
func startTwice(ctx workflow.Context, in contract.BatchTaskInput) error {
	own := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: contract.BatchTaskWorkflowID(in.Instance)})
	running := workflow.ExecuteChildWorkflow(own, contract.BatchTask.Name, in)
	if err := running.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		return err
	}
	return workflow.ExecuteChildWorkflow(ctx, contract.StartBatchTask.Name, in).Get(ctx, nil)
}
