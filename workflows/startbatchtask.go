package workflows

import (
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// How long StartBatchTask waits for the number of the task, and the pauses
// between its looks into the ledger. A task begins within a second unless the
// database is held up.
const (
	numberPatience   = time.Minute
	firstLookPause   = 250 * time.Millisecond
	longestLookPause = 15 * time.Second
)

// StartBatchTask starts a batch task under the one id it may have and answers
// with its number: for schedules, which choose ids of their own, and for
// workflows of other services. The task belongs to nobody and outlives this
// workflow, also when this one is canceled.
func StartBatchTask(ctx workflow.Context, in contract.BatchTaskInput) (contract.StartedTask, error) {
	if err := validate(ctx, in); err != nil {
		return contract.StartedTask{}, asFailure(err)
	}
	if in.Carried != nil {
		return contract.StartedTask{}, asFailure(errCarried)
	}
	if id := workflow.GetInfo(ctx).WorkflowExecution.ID; id == contract.BatchTaskWorkflowID(in.Instance) {
		return contract.StartedTask{}, asFailure(contract.Errorf(contract.CodeBadRequest,
			"the workflow id %q is that of the task itself; start %s under any other id", id, contract.StartBatchTask.Name))
	}
	if ctx.Err() != nil { // before anything was started
		return contract.StartedTask{}, temporal.NewCanceledError()
	}
	// A cancel that reached the child would stop the task.
	live, _ := workflow.NewDisconnectedContext(ctx)
	started := contract.StartedTask{Instance: in.Instance, WorkflowID: contract.BatchTaskWorkflowID(in.Instance)}
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(live, workflow.ChildWorkflowOptions{
		WorkflowID:            started.WorkflowID,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary:         in.Instance + " ← oss://" + in.Bucket + "/" + in.Path,
	}), contract.BatchTask.Name, in)
	var run workflow.Execution
	err := child.GetChildWorkflowExecution().Get(live, &run)
	switch {
	case temporal.IsWorkflowExecutionAlreadyStartedError(err):
		return contract.StartedTask{}, asFailure(alreadyRunning(live, in.Instance))
	case err != nil:
		return contract.StartedTask{}, asFailure(err)
	}
	started.RunID = run.RunID
	if err := awaitNumber(ctx, live, child, &started); err != nil {
		return contract.StartedTask{}, asFailure(err)
	}
	if ctx.Err() != nil {
		return started, temporal.NewCanceledError(started)
	}
	return started, nil
}

// awaitNumber waits until the task has a number. It gives up, without an error,
// when this workflow is canceled or its patience ends; a task that is refused
// before it begins is an error.
func awaitNumber(ctx, live workflow.Context, child workflow.ChildWorkflowFuture, started *contract.StartedTask) error {
	deadline := workflow.Now(live).Add(numberPatience)
	for pause := firstLookPause; ; pause = min(2*pause, longestLookPause) {
		_, _ = workflow.AwaitWithTimeout(ctx, pause, child.IsReady)
		if child.IsReady() {
			return closedAlready(live, child, started)
		}
		if ctx.Err() != nil || workflow.Now(live).After(deadline) {
			return nil
		}
		found, err := call(glancing(live, "look up the task's number"), activityOf(contract.ListTasks),
			contract.ListTasksInput{Instance: started.Instance, Limit: 1})
		if err != nil {
			workflow.GetLogger(live).Warn("number of the task not looked up", "instance", started.Instance, "error", err)
			continue
		}
		for _, task := range found.Tasks {
			if task.RunID == started.RunID {
				started.Task = task.ID
				return nil
			}
		}
	}
}

// closedAlready takes the number from the result of a task that is over. One
// that has none was refused before it began.
func closedAlready(ctx workflow.Context, child workflow.ChildWorkflowFuture, started *contract.StartedTask) error {
	var (
		result   contract.BatchTaskResult
		failed   *temporal.ApplicationError
		canceled *temporal.CanceledError
	)
	err := child.Get(ctx, &result)
	switch {
	case errors.As(err, &failed) && failed.HasDetails():
		_ = failed.Details(&result) // without a number it is refused below
	case errors.As(err, &canceled) && canceled.HasDetails():
		_ = canceled.Details(&result)
	}
	started.Task = result.Task
	if result.Task != 0 {
		return nil
	}
	return err
}

// alreadyRunning names the task that keeps another of its instance from being
// started, whoever started that.
func alreadyRunning(ctx workflow.Context, instance string) error {
	settleTerminated(ctx) // the ledger may hold a dead one for running
	found, err := call(asking(ctx, "look up the running task"), activityOf(contract.ListTasks),
		contract.ListTasksInput{Instance: instance, State: contract.StateProcessing, Limit: 1})
	if err == nil && len(found.Tasks) == 1 {
		running := found.Tasks[0].ID
		return contract.Errorf(contract.CodeIncrementStatusError,
			"instance %q already runs task %d; wait for it, or stop it with: starter batch cancel %d", instance, running, running)
	}
	return contract.Errorf(contract.CodeIncrementStatusError,
		"instance %q already runs a task that has no number yet or is just being closed; wait for it, see: starter batch list --instance %s", instance, instance)
}
