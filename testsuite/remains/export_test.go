package remains

import historypb "go.temporal.io/api/history/v1"

// Count is what the events of a history tell of attempts at slices.
func Count(events ...*historypb.HistoryEvent) Attempts {
	var counter counter
	for _, event := range events {
		counter.take(event)
	}
	return counter.Attempts
}
