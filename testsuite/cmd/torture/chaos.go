package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"imagebatch/activities/store"
	"imagebatch/testsuite/ossserver"
)

// chaos makes everything fail in turn until the time is over, and leaves
// everything well. What happens is drawn like cards from a deck that is shuffled
// anew when it is used up, so that even a short run sees every kind. The opening
// is always the same, because a stall takes a while to show what it does.
//
// An error means that the torture cannot go on, not that a promise was broken.
func (t *torture) chaos(ctx context.Context) (err error) {
	c := &mischief{torture: t, r: t.random(1)}
	defer func() {
		c.under.Wait()
		t.receiver.set(well)
		if _, cleared := t.stack.OSS.SetFaults(context.WithoutCancel(ctx)); cleared != nil && err == nil {
			err = cleared
		}
	}()
	for cards := opening; ctx.Err() == nil && !t.over(); cards = shuffled(c.r, deck) {
		for _, play := range cards {
			if pause := between(c.r, 1500*time.Millisecond, 4500*time.Millisecond); !sleep(ctx, pause) || t.over() {
				return nil
			}
			// Every card draws from a source of its own: how much one draws does not
			// change what the next ones do.
			if err := play(c, ctx, rand.New(rand.NewPCG(c.r.Uint64(), 0))); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
	return nil
}

// mischief is what makes things fail.
type mischief struct {
	*torture
	r     *rand.Rand
	under sync.WaitGroup // faults that last
	store sync.Mutex     // held while the object store has a fault
	stall sync.Mutex     // held while a worker is stalled

	server sync.Mutex // held while Temporal is down or asleep

	stalls int // so far
}

type card func(*mischief, context.Context, *rand.Rand) error

// opening puts a worker to sleep when tasks are under way.
var opening = []card{(*mischief).killWorker, (*mischief).upsetReceiver, (*mischief).stallWorker}

var deck = []card{
	(*mischief).killWorker, (*mischief).killWorker, (*mischief).killWorker, (*mischief).killWorker, (*mischief).killWorker,
	(*mischief).killServer,
	(*mischief).stallWorker, (*mischief).stallWorker,
	(*mischief).troubleObjects, (*mischief).troubleObjects, (*mischief).troubleObjects,
	(*mischief).lockStore, (*mischief).lockStore,
	(*mischief).upsetReceiver,
	(*mischief).strayWorker,
}

// shuffled is the cards in another order.
func shuffled[T any](r *rand.Rand, cards []T) []T {
	mixed := slices.Clone(cards)
	r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	return mixed
}

// last lets a fault go on beside what comes next.
func (c *mischief) last(ctx context.Context, d time.Duration, undo func()) {
	c.under.Go(func() {
		sleep(ctx, d)
		undo()
	})
}

func (c *mischief) killWorker(ctx context.Context, r *rand.Rand) error {
	h := c.seek(ctx, r, "", 0)
	if h == nil {
		return nil
	}
	h.worker.Kill()
	if c.crew.held(ctx, h) {
		c.figures.workerKill()
		c.figures.tell("killed %s with %s in hand", h.worker.Name, h.chunk)
	} else {
		c.figures.fault("kills of idle workers", 1)
	}
	sleep(ctx, between(r, 0, 2*time.Second))
	return c.crew.replace()
}

func (c *mischief) killServer(ctx context.Context, r *rand.Rand) error {
	c.server.Lock()
	defer c.server.Unlock()
	c.stack.Temporal.Kill()
	c.figures.serverKill()
	down := between(r, 0, 3*time.Second)
	c.figures.tell("killed the Temporal server for %.1fs", down.Seconds())
	sleep(ctx, down)
	// Also when the time is over: the tasks have to come to an end.
	return c.stack.StartTemporal(context.WithoutCancel(ctx))
}

func (c *mischief) troubleObjects(ctx context.Context, r *rand.Rand) error {
	kind, d, rules := objectTrouble(r)
	if !c.store.TryLock() {
		return nil // one trouble at a time
	}
	if _, err := c.stack.OSS.SetFaults(ctx, rules...); err != nil {
		c.store.Unlock()
		return err
	}
	c.figures.tell("object store: %s for %.1fs", kind, d.Seconds())
	c.last(ctx, d, func() {
		defer c.store.Unlock()
		applied, err := c.stack.OSS.SetFaults(context.WithoutCancel(ctx))
		if err != nil {
			c.figures.violation("the torture itself: %v", err)
		}
		c.figures.fault("object store: "+kind, applied)
	})
	return nil
}

// few is the share of requests that suffer each of four troubles.
const few = 0.04

// objectTrouble draws what befalls the object store. Either every request
// suffers, so that the store is plainly away, or so few that all eight tries of a
// picture are most unlikely to suffer: in between nobody could tell the picture's
// fault from the store's.
func objectTrouble(r *rand.Rand) (kind string, d time.Duration, rules []ossserver.Fault) {
	d = between(r, 2*time.Second, 5*time.Second)
	cut := int64(r.IntN(300))
	now := func() ossserver.Fault { return ossserver.Fault{Seed: r.Uint64()} }
	away, gone, slow := now(), now(), now()
	switch r.IntN(5) {
	case 0:
		away.Status, away.Code = 503, "ServiceUnavailable"
		return "503 for all", d, []ossserver.Fault{away}
	case 1:
		gone.Reset = true
		return "resets for all", d, []ossserver.Fault{gone}
	case 2:
		away.Page = true
		return "pages with status 200 for all", d, []ossserver.Fault{away}
	case 3:
		slow.DelayMS, slow.Probability = 50+r.IntN(450), 0.3
		return "delays for some", d, []ossserver.Fault{slow}
	}
	away.Status, away.Code, away.Probability = 503, "SlowDown", few
	strange := now()
	strange.Page, strange.Probability = true, few
	gone.Reset, gone.Probability = true, few
	slow.CutAfter, slow.Probability = &cut, few
	return "503, pages, resets and cut bodies for few", 2 * d, []ossserver.Fault{away, strange, gone, slow}
}

func (c *mischief) lockStore(ctx context.Context, r *rand.Rand) error {
	d := between(r, time.Second, 4*time.Second)
	c.under.Go(func() {
		if err := c.ledger.Write(ctx, func(*store.Tx) error { sleep(ctx, d); return nil }); err == nil {
			c.figures.fault("locks of the database", 1)
			c.figures.tell("had the database locked for %.1fs", d.Seconds())
		}
	})
	return nil
}

func (c *mischief) upsetReceiver(ctx context.Context, r *rand.Rand) error {
	into := mood(1 + r.IntN(int(moods)-1))
	d := between(r, 4*time.Second, 10*time.Second)
	c.receiver.set(into)
	c.figures.fault("upsets of the receiver", 1)
	c.figures.tell("receiver: %s for %.0fs", [...]string{"well", "500", "hangs", "away"}[into], d.Seconds())
	c.last(ctx, d, func() { c.receiver.set(well) })
	return nil
}
