package store

import (
	"errors"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"
)

// written is what the writing transactions of this process tell of the file.
type written struct {
	mu      sync.Mutex
	since   time.Time // of the one under way
	last    time.Time // end of the last that succeeded
	refused bool      // the file has refused one since then
}

func (w *written) begun() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Now()
}

func (w *written) ended(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Time{}
	var cause sqlite3.Error
	switch {
	case err == nil:
		w.last, w.refused = time.Now(), false
	case errors.As(err, &cause):
		w.refused = true
	}
}

// succeeded notes that the file could be written.
func (w *written) succeeded() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.refused = time.Now(), false
}

// noted does the work of a writing transaction.
func (s *Store) noted(work func() error) error {
	err := errUnfinished // where the work panics
	s.written.begun()
	defer func() { s.written.ended(err) }()
	err = work()
	return err
}

var errUnfinished = errors.New("a transaction was not brought to its end")

// lasting is how long a transaction has been under way, 0 without one.
func (w *written) lasting() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		return 0
	}
	return max(1, time.Since(w.since))
}

// after tells whether one has succeeded after a moment, and none was refused since.
func (w *written) after(moment time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.refused && w.last.After(moment)
}

// wasRefused tells whether the file has refused the last one.
func (w *written) wasRefused() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused
}
