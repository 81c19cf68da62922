package workflows

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// Callback delivers the callback of a closed task until the receiver accepts it
// or three days are over, and records which. It fails when it gives up, so that
// it can be found, and it can then be started again under the same id.
func Callback(ctx workflow.Context, in contract.CallbackInput) (contract.CallbackResult, error) {
	id := in.ID
	if id == "" {
		id = fmt.Sprintf("%d-%s", in.Task, workflow.GetInfo(ctx).FirstRunID)
	}
	recording, _ := workflow.NewDisconnectedContext(ctx)
	if in.Again {
		outcome := contract.CallbackOutcome{Task: in.Task, State: contract.CallbackPending}
		if _, err := call(bookkeeping(recording, "record pending"), contract.RecordCallback, outcome); err != nil {
			return contract.CallbackResult{}, asFailure(err)
		}
	}
	delivered, failed := call(delivering(ctx, in.FirstRetry), contract.DeliverCallback, contract.CallbackDelivery{Task: in.Task, ID: id})
	outcome := contract.CallbackOutcome{Task: in.Task, State: contract.CallbackDelivered, Attempts: delivered.Attempts}
	if failed != nil {
		_, message := refusal(failed)
		outcome = contract.CallbackOutcome{Task: in.Task, State: contract.CallbackFailed, Error: message}
	}
	if _, err := call(bookkeeping(recording, "record "+string(outcome.State)), contract.RecordCallback, outcome); err != nil {
		return delivered, asFailure(err)
	}
	if failed != nil {
		return delivered, asFailure(failed)
	}
	return delivered, nil
}

// startCallback starts the delivery and leaves it alone: it outlives whoever
// started it. One that is running already stays as it is.
func startCallback(ctx workflow.Context, in contract.CallbackInput) {
	err := beginCallback(ctx, in)
	if err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		workflow.GetLogger(ctx).Error("callback not started", "taskId", in.Task, "error", err)
	}
}

// beginCallback starts the delivery, and returns what keeps it from starting:
// also that it is running already.
func beginCallback(ctx workflow.Context, in contract.CallbackInput) error {
	return workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            contract.CallbackWorkflowID(in.Task),
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary:         fmt.Sprintf("callback of task %d", in.Task),
	}), contract.Callback.Name, in).GetChildWorkflowExecution().Get(ctx, nil)
}
