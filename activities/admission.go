package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
)

// admit counts a request to an instance, or refuses it with CodeDeniedRequest.
// A request counts once however often its activity is tried: one that has been
// carried out already must not end as denied because its answer was lost. That
// it was admitted travels with the heartbeats.
func admit(ctx context.Context, rates Rates, instance, operation string) error {
	if activity.HasHeartbeatDetails(ctx) {
		return nil
	}
	if _, err := rates.Allow(ctx, instance, operation, time.Now); err != nil {
		return err
	}
	activity.RecordHeartbeat(ctx, operation)
	return nil
}
