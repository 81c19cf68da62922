package main

import (
	"context"
	"log/slog"
	"time"

	"imagebatch/activities"
)

// lastMoments is what a worker has beyond IMAGEBATCH_STOP_TIMEOUT: half of it to
// tell Temporal what it gives up, the rest to close what it stands on.
const lastMoments = 2 * time.Second

// bounded runs work until it returns. Once ctx has ended, one deadline holds for
// everything that is stopped, be it one after the other: after limit the context
// ends that work is given for what is in hand, with activities.ErrWorkerStops as
// its cause, and lastMoments later work is left where it stands. The process is
// to end then: what is lost with it was not committed, and is done again.
func bounded(ctx context.Context, limit time.Duration, logger *slog.Logger, work func(inHand context.Context) error) error {
	inHand, giveUp := context.WithCancelCause(context.WithoutCancel(ctx))
	defer giveUp(nil)
	over := make(chan struct{})
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(limit, func() { giveUp(activities.ErrWorkerStops) })
		time.AfterFunc(limit+lastMoments, func() { close(over) })
	})()
	done := make(chan error, 1)
	go func() { done <- work(inHand) }()
	select {
	case err := <-done:
		return err
	case <-over:
		logger.Warn("worker ends with work in hand: others do it again, some of it half a minute from now", "IMAGEBATCH_STOP_TIMEOUT", limit)
		return nil
	}
}
