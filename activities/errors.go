package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"

	"imagebatch/workflows/contract"
)

// Step is an activity function as the worker binds it.
type Step[In, Out any] = func(context.Context, In) (Out, error)

// Final turns what a step refuses for good, a contract.Error, into an error that
// Temporal does not retry; its type is the code. Every other error is trouble
// that may pass, or the end of this worker. It is the only place where that is
// decided.
func Final[In, Out any](step Step[In, Out]) Step[In, Out] {
	return func(ctx context.Context, in In) (Out, error) {
		out, err := step(ctx, in)
		if refusal := (*contract.Error)(nil); errors.As(err, &refusal) {
			return out, temporal.NewNonRetryableApplicationError(refusal.Message, string(refusal.Code), nil)
		}
		if stoppedBy(ctx, err) {
			return out, stopped(ctx, err)
		}
		return out, err
	}
}

// final reports whether the error is a refusal of any code.
func final(err error) bool {
	refusal := (*contract.Error)(nil)
	return errors.As(err, &refusal)
}
