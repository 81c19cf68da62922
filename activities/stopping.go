package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"imagebatch/workflows/contract"
)

// ErrWorkerStops is the cause of a context that ends because its worker does, be
// it at once or when the worker waits no longer for what is in hand. What is
// given up for it is no failure: another worker takes it on at once.
var ErrWorkerStops = errors.New("the worker stops; another one goes on")

// takeOver is how soon a step that its worker gave up is given to another.
// Temporal takes zero for the pause of the retry policy.
const takeOver = 100 * time.Millisecond

// stopped is how Temporal is told that a step was given up. It counts as an
// attempt, but neither as a failure in metrics nor as an error in the log.
func stopped(ctx context.Context, err error) error {
	activity.GetLogger(ctx).Info("step given up, because the worker stops", "error", err)
	return temporal.NewApplicationErrorWithOptions(ErrWorkerStops.Error(), contract.WorkerStopped, temporal.ApplicationErrorOptions{
		NextRetryDelay: takeOver, Category: temporal.ApplicationErrorCategoryBenign,
	})
}

// stoppedBy reports whether the end of the worker explains an error.
func stoppedBy(ctx context.Context, err error) bool {
	return err != nil && !final(err) && (errors.Is(err, ErrWorkerStops) || errors.Is(context.Cause(ctx), ErrWorkerStops))
}

// yielding is a context for a step that may take long and leaves nothing half
// done wherever it breaks off: it ends when the worker begins to stop, whose
// time is for what cannot be broken off. The deferred end says so in the error
// of the step.
//
// Such a step begins anew on another worker, but for what it keeps itself. An
// object that is written as a stream, a report or a dump, is there whole or not
// at all, and its source is read again in less time than a worker has to stop.
func yielding(ctx context.Context) (yields context.Context, end func(*error)) {
	yields, stop := untilStopped(ctx)
	return yields, func(err *error) {
		if stoppedBy(yields, *err) {
			*err = fmt.Errorf("%w: %w", ErrWorkerStops, *err)
		}
		stop()
	}
}

// untilStopped is a context for taking on more work: it ends when the activity
// is told to stop or when the worker shuts down. Work in hand goes on under a
// context of its own.
func untilStopped(ctx context.Context) (context.Context, context.CancelFunc) {
	feed, stop := context.WithCancelCause(ctx)
	shutdown := activity.GetWorkerStopChannel(ctx)
	go func() {
		select {
		case <-shutdown:
			stop(ErrWorkerStops)
		case <-feed.Done():
		}
	}()
	return feed, func() { stop(nil) }
}
