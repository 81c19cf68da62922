package store

import (
	"context"
	"slices"
	"sync"
	"time"

	"imagebatch/activities"
)

// leftoverPause is how long a process waits before it tries again to close what
// it could not.
const leftoverPause = time.Second

// leftovers are attempts of this process that have ended and could not be
// closed, because the file could not be written. They were no losses: the
// process is still there to say so. It does as soon as it can, so that no other
// takes them for lost.
type leftovers struct {
	mu       sync.Mutex
	attempts []activities.Attempt
	trying   bool
	group    sync.WaitGroup
	over     context.Context // ends when the store is closed
	stop     context.CancelFunc
}

func newLeftovers() *leftovers {
	l := &leftovers{}
	l.over, l.stop = context.WithCancel(context.Background())
	return l
}

// add takes over an attempt.
func (l *leftovers) add(s *Store, attempt activities.Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = append(l.attempts, attempt)
	if !l.trying && l.over.Err() == nil {
		l.trying = true
		l.group.Go(func() { l.clear(s) })
	}
}

// clear closes the attempts, however long the file cannot be written. What keeps
// it from being written is reported by whoever has something to write.
func (l *leftovers) clear(s *Store) {
	for {
		pause := time.NewTimer(leftoverPause)
		select {
		case <-pause.C:
		case <-l.over.Done():
			pause.Stop()
			return
		}
		left := l.list()
		if err := s.Write(l.over, func(t *Tx) error { return t.closeSlices(left) }); err == nil && l.drop(left) {
			return
		}
	}
}

// list is what is left over.
func (l *leftovers) list() []activities.Attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.attempts)
}

// drop forgets attempts that are closed, and reports whether none is left. Then
// nobody tries any more.
func (l *leftovers) drop(closed []activities.Attempt) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = slices.DeleteFunc(l.attempts, func(a activities.Attempt) bool { return slices.Contains(closed, a) })
	l.trying = len(l.attempts) > 0
	return !l.trying
}

// close gives up what is left over.
func (l *leftovers) close() {
	l.stop()
	l.group.Wait()
}
