package workflows

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// Register is the one list of workflow types. Those of operations are not on
// it: [BindOperation] registers each together with its activity.
func Register(r worker.WorkflowRegistry) {
	register(r, contract.BatchTask, BatchTask)
	register(r, contract.StartBatchTask, StartBatchTask)
	register(r, contract.Chunk, Chunk)
	register(r, contract.Callback, Callback)
	register(r, contract.ResendCallback, ResendCallback)
	register(r, contract.SettleTerminated, SettleTerminated)
}

// register registers a workflow that takes one input. The SDK would drop a second
// one in silence, and with it what it says: the picture that was to be deleted, or
// how much a task may delete. A run that has got past this before goes on.
func register[In, Out any](r worker.WorkflowRegistry, w contract.Workflow[In, Out], do func(workflow.Context, In) (Out, error)) {
	r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in In, surplus converter.RawValue) (out Out, err error) {
		if surplus.Payload() != nil && workflow.GetVersion(ctx, "single input", workflow.DefaultVersion, 1) != workflow.DefaultVersion {
			return out, asFailure(errSurplus)
		}
		return do(ctx, in)
	}, workflow.RegisterOptions{Name: w.Name})
}

var errSurplus = contract.Errorf(contract.CodeBadRequest, "more than one input is given; send one JSON object that holds every field")
