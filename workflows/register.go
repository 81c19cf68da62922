package workflows

import (
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

func register[In, Out any](r worker.WorkflowRegistry, w contract.Workflow[In, Out], do func(workflow.Context, In) (Out, error)) {
	r.RegisterWorkflowWithOptions(do, workflow.RegisterOptions{Name: w.Name})
}
