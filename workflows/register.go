package workflows

import (
	"bytes"
	"encoding/json"

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
// one in silence, and JSON a field that is not known, and with them what they say:
// the picture that was to be deleted, or how much a task may delete. A run that has
// got past this before goes on.
func register[In, Out any](r worker.WorkflowRegistry, w contract.Workflow[In, Out], do func(workflow.Context, In) (Out, error)) {
	r.RegisterWorkflowWithOptions(func(ctx workflow.Context, sent received[In], surplus converter.RawValue) (out Out, err error) {
		err = sent.checkFields()
		if surplus.Payload() != nil {
			err = errSurplus
		}
		if err != nil && workflow.GetVersion(ctx, "single input", workflow.DefaultVersion, 1) != workflow.DefaultVersion {
			return out, asFailure(err)
		}
		return do(ctx, sent.in)
	}, workflow.RegisterOptions{Name: w.Name})
}

var errSurplus = contract.Errorf(contract.CodeBadRequest, "more than one input is given; send one JSON object that holds every field")

// received is an input with the JSON that it was read from.
type received[In any] struct {
	in   In
	sent []byte
}

// UnmarshalJSON reads the input.
func (r *received[In]) UnmarshalJSON(sent []byte) error {
	r.sent = bytes.Clone(sent)
	return json.Unmarshal(sent, &r.in)
}

// checkFields is what the input has against the fields that it was sent with.
func (r *received[In]) checkFields() error {
	if strict, ok := any(r.in).(interface{ CheckFields(sent []byte) error }); ok && r.sent != nil {
		return strict.CheckFields(r.sent)
	}
	return nil
}
