package main

import (
	"context"
	"log/slog"
	"time"

	"imagebatch/activities/store"
)

// sweepEvery is how often one of the workers looks for tasks to forget.
const sweepEvery = time.Hour

// forgetOld forgets tasks that ended longer ago than the retention, until ctx
// ends. Of the workers that share the database one at a time does so.
func forgetOld(ctx context.Context, database *store.Store, retention, every time.Duration, logger *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		forgot := 0
		taken, err := database.TakeSweep(ctx, every*9/10) // the next tick is not too early
		if taken && err == nil {
			forgot, err = database.Forget(ctx, time.Now().Add(-retention))
		}
		if forgot > 0 {
			logger.Info("tasks that ended long ago are forgotten; their reports stay", "tasks", forgot, "retention", retention)
		}
		if err != nil && ctx.Err() == nil {
			logger.Warn("old tasks not forgotten, trying again later", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
