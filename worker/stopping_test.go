package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"imagebatch/activities"
)

func TestOneDeadlineForEverythingThatStops(t *testing.T) {
	t.Parallel()
	const limit = 6 * time.Second
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		work   func(ctx, inHand context.Context) error
		want   error
		took   time.Duration // from the signal on
		warned bool
	}{
		"AtOnce": {work: func(ctx, _ context.Context) error { <-ctx.Done(); return nil }},
		"Fails":  {work: func(ctx, _ context.Context) error { <-ctx.Done(); return broken }, want: broken},
		"InTime": {work: func(ctx, inHand context.Context) error {
			<-ctx.Done()
			time.Sleep(limit - time.Second)
			return inHand.Err()
		}, took: limit - time.Second},
		"ObeysTheDeadline": {work: func(_, inHand context.Context) error {
			<-inHand.Done()
			if cause := context.Cause(inHand); !errors.Is(cause, activities.ErrWorkerStops) {
				return cause
			}
			return nil
		}, took: limit},
		"OneAfterTheOther": {work: func(ctx, inHand context.Context) error {
			for range 3 {
				<-ctx.Done()
				time.Sleep(limit)
			}
			return broken
		}, took: limit + lastMoments, warned: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var logs bytes.Buffer
				ctx, stop := context.WithCancel(t.Context())
				var told time.Time
				time.AfterFunc(time.Hour, func() {
					told = time.Now()
					stop()
				})
				err := bounded(ctx, limit, slog.New(slog.NewTextHandler(&logs, nil)), func(inHand context.Context) error { return test.work(ctx, inHand) })
				if took := time.Since(told); took != test.took || !errors.Is(err, test.want) {
					t.Errorf("error %v after %s; want %v after %s", err, took, test.want, test.took)
				}
				if warned := strings.Contains(logs.String(), "in hand"); warned != test.warned {
					t.Errorf("log %q", logs.String())
				}
				time.Sleep(3 * limit) // what was left behind ends
			})
		})
	}
}
