package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// checkLasts is how long the result of a check is good for.
	checkLasts = time.Second
	// checkTime is what a check is given.
	checkTime = 2500 * time.Millisecond
	// checkPatience is how long somebody who asks is kept waiting.
	checkPatience = 3 * time.Second
)

// checkup checks on the worker when it is asked to, one check at a time however
// many ask, so that asking costs next to nothing.
type checkup struct {
	healthy func(context.Context) error
	over    context.Context
	end     context.CancelFunc
	checks  sync.WaitGroup

	mu     sync.Mutex
	latest *check
}

// check is one look at the worker.
type check struct {
	done  chan struct{} // closed when it has ended
	ended time.Time
	err   error
}

func newCheckup(healthy func(context.Context) error) *checkup {
	c := &checkup{healthy: healthy}
	c.over, c.end = context.WithCancel(context.Background())
	return c
}

// ask is what the latest check found.
func (c *checkup) ask(ctx context.Context) error {
	check := c.current()
	late := time.NewTimer(checkPatience)
	defer late.Stop()
	select {
	case <-check.done:
		return check.err
	case <-late.C:
		return fmt.Errorf("the check has not ended within %s; look whether the disk of the database hangs", checkPatience)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// current is the check under way, or one that is fresh.
func (c *checkup) current() *check {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.over.Err(); err != nil {
		over := &check{done: make(chan struct{}), err: err}
		close(over.done)
		return over
	}
	if c.latest != nil {
		select {
		case <-c.latest.done:
			if time.Since(c.latest.ended) < checkLasts {
				return c.latest
			}
		default:
			return c.latest
		}
	}
	begun := &check{done: make(chan struct{})}
	c.latest = begun
	c.checks.Go(func() {
		ctx, cancel := context.WithTimeout(c.over, checkTime)
		defer cancel()
		begun.err = c.healthy(ctx)
		begun.ended = time.Now()
		close(begun.done)
	})
	return begun
}

// stop waits until no check is under way; none begins any more.
func (c *checkup) stop() {
	c.mu.Lock()
	c.end()
	c.mu.Unlock()
	c.checks.Wait()
}
