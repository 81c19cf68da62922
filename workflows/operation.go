package workflows

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// BindOperation registers the workflow of an operation, and do as its activity.
func BindOperation[In, Out any](r worker.Registry, op contract.Operation[In, Out], do func(context.Context, In) (Out, error)) {
	Bind(r, activityOf(op), do)
	register(r, contract.Workflow[In, Out](op), operate(op))
}

// activityOf is the activity of the same name.
func activityOf[In, Out any](op contract.Operation[In, Out]) contract.Activity[In, Out] {
	return contract.Activity[In, Out](op)
}

// operate is the workflow of an operation: it checks the input, runs the one
// activity, and fails with its code.
func operate[In, Out any](op contract.Operation[In, Out]) func(workflow.Context, In) (Out, error) {
	return func(ctx workflow.Context, in In) (out Out, err error) {
		if checked, ok := any(in).(interface{ Validate() error }); ok {
			if err := validate(ctx, checked); err != nil {
				return out, asFailure(err)
			}
		}
		if showsTasks(op.Name) {
			settleTerminated(ctx)
		}
		// Attempts at an operation are few. Those that its workers gave up when they
		// stopped, of which a rollout may bring any number, are not held against it.
		for again := true; again; again = workerStopped(err) {
			out, err = call(patienceFor(op.Name)(ctx, op.Name), activityOf(op), in)
		}
		if err != nil {
			return out, asFailure(err)
		}
		return out, nil
	}
}

// workerStopped reports whether the last attempt at a step was given up because
// its worker stopped. Where its time has run out since, no worker was left.
func workerStopped(err error) bool {
	var failed *temporal.ApplicationError
	var late *temporal.TimeoutError
	return errors.As(err, &failed) && failed.Type() == contract.WorkerStopped && !errors.As(err, &late)
}

// showsTasks reports whether an operation would show a terminated task as open
// unless somebody looked first.
func showsTasks(operation string) bool {
	return operation == contract.ListTasks.Name || operation == contract.SignReport.Name
}

// patienceFor is the preset of an operation.
func patienceFor(operation string) func(workflow.Context, string) workflow.Context {
	switch operation {
	case contract.CheckManifest.Name, contract.SignReport.Name, contract.DumpMeta.Name:
		return surveying
	case contract.DeleteInstance.Name, contract.DeleteImage.Name:
		return clearing
	}
	return asking
}
