package remains

import (
	"context"
	"fmt"

	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// Attempts are what became of the attempts at a task's slices. They are exact
// once the task has ended.
type Attempts struct {
	Slices int `json:"slices"` // that were scheduled; one that came back unfinished counts again
	// Lost are attempts that had begun and were never ended: their process went
	// away without coming to it.
	Lost int `json:"lost"`
	// TimedOut are attempts that Temporal gave up waiting for, lost ones and those
	// that nobody had begun: the server had handed them to a worker that was
	// leaving. Of an attempt that failed before it timed out nothing is known.
	TimedOut int `json:"timedOut"`
	// Failed are attempts that ended with an error and were repeated.
	Failed int `json:"failed"`
}

// NotBegun is how many attempts timed out that no worker had begun.
func (a Attempts) NotBegun() int { return max(0, a.TimedOut-a.Lost) }

// ReadAttempts reads what became of the attempts at a task's slices.
func ReadAttempts(ctx context.Context, ledger *store.Store, temporal client.Client, task contract.Task) (Attempts, error) {
	var found Attempts
	err := ledger.Read(ctx, func(t *store.Tx) error {
		_, err := t.Row([]any{&found.Lost}, "SELECT count(*) FROM attempt WHERE task = ?", task.ID)
		return err
	})
	if err != nil {
		return found, fmt.Errorf("count lost attempts of task %d: %w", task.ID, err)
	}
	counter := counter{Attempts: found}
	err = Histories(ctx, temporal, task.WorkflowID, task.RunID, counter.take)
	return counter.Attempts, err
}

// counter counts while histories are read, one after the other.
type counter struct {
	Attempts
	slices map[int64]bool // the events of this history that scheduled a slice
}

// take counts what an event tells. Attempts that were repeated have no event of
// their own: the start of the last one tells how many there were, and how the
// one before it ended.
func (c *counter) take(event *historypb.HistoryEvent) {
	if event.GetEventId() == 1 {
		c.slices = map[int64]bool{}
	}
	if event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == contract.Slice.Name {
		c.slices[event.GetEventId()] = true
		c.Slices++
	}
	if ended := event.GetActivityTaskTimedOutEventAttributes(); ended != nil && c.slices[ended.GetScheduledEventId()] {
		c.TimedOut++
	}
	started := event.GetActivityTaskStartedEventAttributes()
	if started == nil || !c.slices[started.GetScheduledEventId()] || started.GetAttempt() <= 1 {
		return
	}
	if repeated := int(started.GetAttempt()) - 1; started.GetLastFailure().GetTimeoutFailureInfo() != nil {
		c.TimedOut += repeated
	} else {
		c.Failed += repeated
	}
}
