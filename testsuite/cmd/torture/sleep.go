package main

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"

	"imagebatch/activities/store"
	"imagebatch/testsuite/stack"
)

// A worker that sleeps is worse than one that is dead: it wakes, knows nothing
// of what happened meanwhile, and goes on with what it has in hand.

// Bounds of sleep.
const (
	// maxTermination is how long a worker sleeps at most until its task is closed.
	maxTermination = 45 * time.Second
	// maxStall is how long it does until others have all that it had in hand. That
	// begins half a minute later, when its heartbeats are missed.
	maxStall = 75 * time.Second
)

// outlive puts a worker with a slice in hand to sleep, ends the task, sees its
// fence closed, and wakes the worker: what it has in hand comes too late.
func (l *lane) outlive(ctx context.Context, number int64) {
	h := l.lull(ctx, l.r, l.name)
	if h == nil {
		return // none has a slice in hand just now
	}
	defer l.crew.give(h.worker)
	defer wake(h.worker)
	within, cancel := context.WithTimeout(ctx, maxTermination)
	defer cancel()
	for !l.terminate(within, number) {
		if open, err := l.running(within); err == nil && !open || !sleep(within, 250*time.Millisecond) {
			return
		}
	}
	for {
		l.list(within, 6*time.Second) // a worker that sleeps may have got the question
		task, err := l.ledger.Task(within, number)
		if err == nil && task.State.Final() {
			break
		}
		if !sleep(within, 250*time.Millisecond) {
			return
		}
	}
	l.figures.fault("attempts that outlived their task", 1)
	l.figures.tell("%s: task %d outlived by %s", l.name, number, h.worker.Name)
	wake(h.worker)
	sleep(ctx, 3*time.Second) // for what it has in hand to arrive
}

// stallWorker puts a worker to sleep until all its slices have been given to
// others, and wakes it while those are at work and Temporal cannot tell it so:
// the attempts overlap.
func (c *mischief) stallWorker(ctx context.Context, r *rand.Rand) error {
	if !c.stall.TryLock() {
		return nil // one at a time: somebody has to do the work
	}
	h := c.lull(ctx, r, laneName(c.stalls%c.lanes)) // beside others; each lane has its turn
	c.stalls++
	if h == nil {
		h = c.lull(ctx, r, "")
	}
	if h == nil {
		c.stall.Unlock()
		return nil
	}
	c.figures.fault("stalls of workers", 1)
	c.figures.tell("stopped %s with %s in hand", h.worker.Name, h.chunk)
	c.under.Go(func() {
		defer c.stall.Unlock()
		defer c.crew.give(h.worker)
		begin := time.Now()
		given := c.overtaken(ctx, h)
		c.wakeUnseen(ctx, h.worker)
		c.figures.fault("slices given to others while a worker slept", int64(given))
		c.figures.tell("woke %s after %.0fs, others were given %d of its slices", h.worker.Name, time.Since(begin).Seconds(), given)
	})
	return nil
}

// unseen is how long Temporal answers nobody when a worker wakes: long enough to
// commit what it has in hand.
const unseen = 4 * time.Second

// wakeUnseen wakes a worker while Temporal is asleep.
func (c *mischief) wakeUnseen(ctx context.Context, worker *stack.Process) {
	c.server.Lock()
	defer c.server.Unlock()
	defer wake(worker) // also where it goes wrong
	if c.stack.Temporal.Signal(syscall.SIGSTOP) != nil {
		return
	}
	defer wake(c.stack.Temporal.Process)
	wake(worker)
	sleep(ctx, unseen)
	c.figures.fault("workers that woke while Temporal slept", 1)
}

// overtaken waits until every slice that a sleeping worker had in hand has been
// begun by others, or is done, and says how many they are. It gives up when the
// faults are over.
func (c *mischief) overtaken(ctx context.Context, h *hand) (given int) {
	ctx, cancel := context.WithTimeout(ctx, maxStall)
	defer cancel()
	var slices []hand
	for sleep(ctx, 100*time.Millisecond) && !c.over() {
		if len(slices) == 0 {
			slices, _ = c.crew.hands(ctx, "", h.worker) // the server may be coming up
			continue
		}
		given = len(slices) - c.crew.waiting(ctx, slices)
		if given == len(slices) {
			sleep(ctx, 200*time.Millisecond) // for the last of the others to have read what is done
			return given
		}
	}
	return given
}

// lull puts a worker with a slice in hand to sleep, for a caller that wakes it
// and gives it back. At least one stays awake. It is nil where none is found.
func (t *torture) lull(ctx context.Context, r *rand.Rand, instance string) *hand {
	for range 5 {
		h := t.seek(ctx, r, instance, 1)
		if h == nil {
			return nil
		}
		if t.freeze(ctx, h.worker) {
			if t.crew.held(ctx, h) {
				return h
			}
			wake(h.worker)
		}
		t.crew.give(h.worker)
	}
	return nil
}

// seek waits for a worker with a slice in hand, for a while.
func (t *torture) seek(ctx context.Context, r *rand.Rand, instance string, spare int) *hand {
	for range 50 {
		if h, err := t.crew.take(ctx, r, instance, spare); err == nil && h != nil { // the server may be coming up
			return h
		}
		if !sleep(ctx, 100*time.Millisecond) {
			return nil
		}
	}
	return nil
}

// writable reports whether the database takes a transaction soon.
func (t *torture) writable(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return t.ledger.Write(ctx, func(*store.Tx) error { return nil }) == nil
}

// freeze stops a process in its tracks, but not while it keeps the others from
// the database. The process is woken where it did not work out.
func (t *torture) freeze(ctx context.Context, worker *stack.Process) bool {
	for range 20 {
		if worker.Signal(syscall.SIGSTOP) != nil {
			return false
		}
		if t.writable(ctx) {
			return true
		}
		wake(worker)
		if !sleep(ctx, 20*time.Millisecond) {
			return false
		}
	}
	return false
}

func wake(process *stack.Process) {
	process.Signal(syscall.SIGCONT) // an error means that it has ended meanwhile
}
