package endtoend_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// temporalCLI runs Temporal's own command line and wants it to succeed.
func temporalCLI(t *testing.T, s *stack.Stack, arguments ...string) {
	t.Helper()
	if a := finish(t, s.TemporalCLI(t.Context(), arguments...)); a.exit != 0 {
		t.Fatalf("temporal %s: exit status %d\n%s%s", strings.Join(arguments, " "), a.exit, a.stdout, a.stderr)
	}
}

// nightly makes a schedule of a workflow over a folder, as README shows it.
func nightly(t *testing.T, name, workflowType string, in contract.BatchTaskInput) {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	temporalCLI(t, shared, "schedule", "create", "--schedule-id", name, "--cron", "0 2 * * *", "--overlap-policy", "AllowAll",
		"--workflow-id", name, "--type", workflowType, "--task-queue", contract.DefaultTaskQueue, "--input", string(text))
	t.Cleanup(func() {
		finish(t, shared.TemporalCLI(context.WithoutCancel(t.Context()), "schedule", "delete", "--schedule-id", name))
	})
}

// closedRuns are the runs whose workflow id begins with a prefix, once so many
// have closed, the earliest first.
func closedRuns(t *testing.T, temporal client.Client, prefix string, n int) (runs []*workflowpb.WorkflowExecutionInfo) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d runs of %s have closed", n, prefix), func() bool {
		answer, err := temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Query: fmt.Sprintf("WorkflowId STARTS_WITH '%s' AND ExecutionStatus != 'Running'", prefix),
		})
		if err != nil {
			t.Fatal(err)
		}
		runs = answer.GetExecutions()
		return len(runs) >= n
	})
	return runs
}

// resultOf is how a StartBatchTask ended.
func resultOf(t *testing.T, temporal client.Client, run *workflowpb.WorkflowExecutionInfo) (started contract.StartedTask, err error) {
	t.Helper()
	err = temporal.GetWorkflow(t.Context(), run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId()).Get(t.Context(), &started)
	return started, err
}

func TestScheduleStartsTasksThatNeverOverlap(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "nightly")
	shelf(t, shared, "nightly", 3000, nil)
	other := temporalClient(t, shared)
	in := contract.BatchTaskInput{Instance: "nightly", Bucket: stack.Bucket, Path: "/nightly"}
	nightly(t, "nightly-import", contract.StartBatchTask.Name, in)

	temporalCLI(t, shared, "schedule", "trigger", "--schedule-id", "nightly-import")
	first, err := resultOf(t, other, closedRuns(t, other, "nightly-import-", 1)[0])
	if err != nil || first.Task == 0 || first.WorkflowID != contract.BatchTaskWorkflowID("nightly") {
		t.Fatalf("first start: %+v, %v", first, err)
	}
	must(t, shared, exitDone, "batch", "suspend", fmt.Sprint(first.Task)) // it stays open as long as the test needs it

	temporalCLI(t, shared, "schedule", "trigger", "--schedule-id", "nightly-import")
	refused := 0
	for _, run := range closedRuns(t, other, "nightly-import-", 2) {
		var failed *temporal.ApplicationError
		if _, err := resultOf(t, other, run); errors.As(err, &failed) {
			refused++
			if failed.Type() != string(contract.CodeIncrementStatusError) || !strings.Contains(failed.Message(), fmt.Sprintf("task %d;", first.Task)) {
				t.Errorf("the refusal does not name task %d: %v", first.Task, err)
			}
		}
	}
	if refused != 1 {
		t.Errorf("%d overlapping starts were refused, want 1", refused)
	}

	// A schedule of the task itself runs under an id that ends in a time.
	nightly(t, "batch-task.nightly", contract.BatchTask.Name, in)
	temporalCLI(t, shared, "schedule", "trigger", "--schedule-id", "batch-task.nightly")
	var failed *temporal.ApplicationError
	if _, err := resultOf(t, other, closedRuns(t, other, "batch-task.nightly-", 1)[0]); !errors.As(err, &failed) ||
		failed.Type() != string(contract.CodeBadRequest) || !strings.Contains(failed.Message(), contract.StartBatchTask.Name) {
		t.Errorf("a task under a schedule's id ended with %v, want a refusal that names %s", err, contract.StartBatchTask.Name)
	}

	must(t, shared, exitDone, "batch", "resume", fmt.Sprint(first.Task))
	must(t, shared, exitDone, "batch", "watch", fmt.Sprint(first.Task))
	if whole := task(t, shared, first.Task); whole.State != contract.StateSuccess || whole.Tally.Succeeded != 3000 {
		t.Errorf("the first task ended as %s with %+v", whole.State, whole.Tally.Counts)
	}
	temporalCLI(t, shared, "schedule", "trigger", "--schedule-id", "nightly-import")
	for _, run := range closedRuns(t, other, "nightly-import-", 3) {
		if started, err := resultOf(t, other, run); err == nil && started.Task != first.Task {
			must(t, shared, exitDone, "batch", "watch", fmt.Sprint(started.Task))
			return
		}
	}
	t.Error("no second task was started after the first had ended")
}

// importOf is a workflow of another service, on a queue of its own.
func importOf(ctx workflow.Context, in contract.BatchTaskInput) (started contract.StartedTask, err error) {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{TaskQueue: contract.DefaultTaskQueue})
	err = workflow.ExecuteChildWorkflow(ctx, contract.StartBatchTask.Name, in).Get(ctx, &started)
	return started, err
}

func TestAnotherServicesWorkflowStartsATask(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "service")
	shelf(t, shared, "service", 3000, nil)
	other := temporalClient(t, shared)
	service := worker.New(other, "another-service", worker.Options{})
	service.RegisterWorkflowWithOptions(importOf, workflow.RegisterOptions{Name: "ImportOf"})
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Stop)
	begin := func(id string, in contract.BatchTaskInput) client.WorkflowRun {
		run, err := other.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: id, TaskQueue: "another-service", WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		}, "ImportOf", in)
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	in := contract.BatchTaskInput{Instance: "service", Bucket: stack.Bucket, Path: "/service"}

	// Both at once: one starts the task, the other is told which one runs.
	runs := []client.WorkflowRun{begin("import-a", in), begin("import-b", in)}
	var task int64
	var refusal string
	for _, run := range runs {
		var started contract.StartedTask
		var failed *temporal.ApplicationError
		switch err := run.Get(t.Context(), &started); {
		case err == nil:
			task = started.Task
		case errors.As(err, &failed) && failed.Type() == string(contract.CodeIncrementStatusError):
			refusal = failed.Message()
		default:
			t.Errorf("%s ended with %v", run.GetID(), err)
		}
	}
	if task == 0 || !strings.Contains(refusal, fmt.Sprintf("task %d;", task)) && !strings.Contains(refusal, "no number yet") {
		t.Fatalf("task %d was started; the other start was refused with %q", task, refusal)
	}
	must(t, shared, exitDone, "batch", "watch", fmt.Sprint(task)) // it outlives the workflows that started it

	in.Instance = "no-such-instance"
	var failed *temporal.ApplicationError
	if err := begin("import-c", in).Get(t.Context(), nil); !errors.As(err, &failed) || failed.Type() != string(contract.CodeInstanceNotFound) {
		t.Errorf("a task that is refused before it begins: %v", err)
	}
}
