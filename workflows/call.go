package workflows

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// call runs an activity with the options that ctx holds. Use a preset of
// options.go.
func call[In, Out any](ctx workflow.Context, a contract.Activity[In, Out], in In) (out Out, err error) {
	err = workflow.ExecuteActivity(ctx, a.Name, in).Get(ctx, &out)
	return out, err
}

// Bind makes do the implementation of an activity. The worker binds the real
// steps, tests bind plain functions in their place.
func Bind[In, Out any](r worker.ActivityRegistry, a contract.Activity[In, Out], do func(context.Context, In) (Out, error)) {
	r.RegisterActivityWithOptions(do, activity.RegisterOptions{Name: a.Name})
}

// refusal is the code and the message with which a step failed for good. The
// code of what nobody gave a code is Console.InternalError.
func refusal(err error) (contract.Code, string) {
	var (
		failed  *temporal.ApplicationError
		refused *contract.Error
	)
	switch {
	case errors.As(err, &refused):
		return refused.Code, refused.Message
	case errors.As(err, &failed) && failed.NonRetryable() && failed.Type() != "":
		return contract.Code(failed.Type()), failed.Message()
	case failed != nil: // trouble that did not pass: its type is that of a Go error
		return contract.CodeInternalError, failed.Message()
	}
	return contract.CodeInternalError, err.Error()
}

// asFailure is an error that closes a workflow as Failed with the code of err as
// its type. It holds no cause: what the cause had to say is in code and message,
// and a canceled step among the causes would close the workflow as Canceled.
func asFailure(err error, details ...any) error {
	code, message := refusal(err)
	return temporal.NewNonRetryableApplicationError(message, string(code), nil, details...)
}
