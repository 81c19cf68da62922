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
// ends. Of the workers that share the database one at a time does so. What is
// forgotten does not come back: a clock that is ahead for a while, be it set while
// the worker runs or wrong when it starts, must not age tasks.
func forgetOld(ctx context.Context, database *store.Store, retention, every time.Duration, logger *slog.Logger) {
	began := time.Now()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select { // first of all: a clock has time to be set right
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		forgot := 0
		taken, err := database.TakeSweep(ctx, every*9/10) // the next tick is not too early
		if taken && err == nil {
			forgot, err = database.Forget(ctx, surely(began, time.Since(began), time.Now()).Add(-retention))
		}
		if forgot > 0 {
			logger.Info("tasks that ended long ago are forgotten; their reports stay", "tasks", forgot, "retention", retention)
		}
		if err != nil && ctx.Err() == nil {
			logger.Warn("old tasks not forgotten, trying again later", "error", err)
		}
	}
}

// surely is a moment that has been reached whichever of two clocks is right: the
// one that was read at the beginning, so long ago, or the one that is read now.
func surely(began time.Time, passed time.Duration, now time.Time) time.Time {
	now, expected := now.Round(0), began.Round(0).Add(passed) // by the wall clock
	if now.Before(expected) {
		return now
	}
	return expected
}
