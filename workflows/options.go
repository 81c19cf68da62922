package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// The presets say how patient each kind of step is. None of them limits the
// attempts of work whose outcome the task depends on: a worker crash, a drained
// worker and a store that is down for a night each cost attempts, and what
// cannot succeed says so itself with a non-retryable error.

// heartbeat is how long a worker may be silent before its step is given to
// another. Beats reach the server every two seconds, so that fourteen lost ones
// are forgiven; killing a worker costs its slices half a minute.
const heartbeat = 30 * time.Second

// bookkeeping: a transaction takes milliseconds, but may wait for other writers
// and for thousands of rows to be settled; a minute is generous.
func bookkeeping(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
		Summary:             summary,
	})
}

// planning: a list of 10^9 lines at 200 bytes each, read at 50 MB/s, takes 70
// minutes; twelve hours bound a reader that crawls; one that hangs ends by itself.
func planning(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 12 * time.Hour,
		HeartbeatTimeout:    heartbeat,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		Summary:             "plan: read the work list, cut it into slices",
	})
}

// slicing: 1,000 pictures at 20 a second take 50 seconds; half an hour allows
// for a store that is 36 times slower. What an attempt did is in the ledger, so
// that the next one goes on from there, and a canceled one still answers.
func slicing(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           contract.SliceQueue(workflow.GetInfo(ctx).TaskQueueName),
		StartToCloseTimeout: 30 * time.Minute,
		HeartbeatTimeout:    heartbeat,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		Summary:             summary,
	})
}

// tryingReport: nearly every report is written within a second, and then belongs
// to the task's result and its callback; the instance is not held for longer
// than ten, nor for more than one stumble of the store.
func tryingReport(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: 10 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, MaximumAttempts: 2},
		Summary:                "report: write up the failed lines",
	})
}

// reporting: ten million failed lines at 300 bytes are 3 GB to write, minutes.
// Nothing waits for it; after a day without a place to write to, it is left to
// whoever next asks for the task.
func reporting(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    2 * time.Hour,
		ScheduleToCloseTimeout: 24 * time.Hour,
		HeartbeatTimeout:       heartbeat,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		Summary:                "report: write up the failed lines",
	})
}

// delivering: the POST itself ends after ten seconds; three days outlast a
// weekend without the receiver, and ten minutes between attempts spare it when
// it comes back.
func delivering(ctx workflow.Context, firstRetry time.Duration) workflow.Context {
	if firstRetry <= 0 {
		firstRetry = time.Second
	}
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: 72 * time.Hour,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: firstRetry, BackoffCoefficient: 2, MaximumInterval: max(firstRetry, 10*time.Minute)},
		Summary:                "deliver the callback",
	})
}

// asking: somebody is waiting at a prompt; a search of 10^7 vectors takes
// seconds, and after two minutes the reason why is worth more than an answer.
func asking(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: 2 * time.Minute,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumAttempts: 3},
		Summary:                summary,
	})
}

// surveying: questions that read a whole manifest take as long as planning does,
// an hour for the largest; the person who asked sees them run.
func surveying(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    2 * time.Hour,
		ScheduleToCloseTimeout: 4 * time.Hour,
		HeartbeatTimeout:       heartbeat,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumAttempts: 3},
		Summary:                summary,
	})
}

// clearing: 10^7 pictures, a thousand a transaction and ten transactions a
// second, are gone in 17 minutes; half an hour is enough.
func clearing(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    30 * time.Minute,
		HeartbeatTimeout:       heartbeat,
		ScheduleToCloseTimeout: time.Hour,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumAttempts: 3},
		Summary:                summary,
	})
}

// glancing: a courtesy before an answer; the answer does not depend on it.
func glancing(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: 15 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:                summary,
	})
}
