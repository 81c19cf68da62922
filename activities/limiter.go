package activities

import (
	"context"
	"slices"
	"sync"
	"time"
)

// FetchLimit bounds how many pictures all slices of a process fetch at a time.
// It finds out by itself how many the object store can stand: an answer that
// asks to slow down halves the bound, each second without one raises it by one.
// Several workers that share a store arrive at fair shares in this way.
type FetchLimit struct {
	most    int
	changed func(limit int)

	mu      sync.Mutex
	limit   int
	taken   int
	waiting []chan struct{} // the one that has waited longest comes first
	since   time.Time       // of the last change, and the start of the next second
	cut     time.Time       // when the bound was halved last
}

// limitStep is the time between two halvings, which lets the answers to one
// burst count as one, and between two raises.
const limitStep = time.Second

// NewFetchLimit starts with the largest bound, at least 1. It calls changed, if
// that is not nil, with the bound and whenever that changes; it must not block.
func NewFetchLimit(most int, changed func(limit int)) *FetchLimit {
	l := &FetchLimit{most: max(1, most), changed: changed, since: time.Now()}
	l.set(l.most)
	return l
}

// Acquire waits for a turn to fetch; Release gives it back. It returns the
// cause of the context's end when that comes first. A nil limit has no bound.
func (l *FetchLimit) Acquire(ctx context.Context) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	l.grow()
	if l.taken < l.limit && len(l.waiting) == 0 {
		l.taken++
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := slices.Index(l.waiting, turn); n >= 0 {
		l.waiting = slices.Delete(l.waiting, n, n+1)
	} else { // the turn came at the same moment
		l.taken--
		l.admit()
	}
	return context.Cause(ctx)
}

// Release ends a fetch. Throttled tells that the store answered that it wants
// fewer of them.
func (l *FetchLimit) Release(throttled bool) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grow()
	if now := time.Now(); throttled && (l.cut.IsZero() || now.Sub(l.cut) >= limitStep) {
		// Half of what is in use: a bound far above it would have to be halved
		// several times before it meant anything.
		l.cut, l.since = now, now
		l.set(max(1, min(l.limit, l.taken)/2))
	}
	l.taken--
	l.admit()
}

// grow raises the bound for the time that has passed.
func (l *FetchLimit) grow() {
	steps := int(time.Since(l.since) / limitStep)
	if l.limit == l.most {
		l.since = time.Now()
		return
	}
	if steps > 0 {
		l.since = l.since.Add(time.Duration(steps) * limitStep)
		l.set(min(l.most, l.limit+steps))
		l.admit()
	}
}

// admit gives turns to those who wait.
func (l *FetchLimit) admit() {
	for l.taken < l.limit && len(l.waiting) > 0 {
		l.taken++
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
	}
}

func (l *FetchLimit) set(limit int) {
	if l.limit == limit {
		return
	}
	l.limit = limit
	if l.changed != nil {
		l.changed(limit)
	}
}
