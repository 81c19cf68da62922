package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"imagebatch/workflows/contract"
)

// readingOperations change nothing, and are answered from a file that cannot be
// written.
var readingOperations = []string{
	contract.RateCompare, contract.RateDescribe, contract.RateDump, contract.RateGet, contract.RateSearch,
}

const (
	// bookPatience is how long a request that reads waits to be booked.
	bookPatience = 500 * time.Millisecond
	// bookRest is how long none is booked after one could not be.
	bookRest = 5 * time.Second
)

// unbooked are the requests of this process that were admitted and could not be
// booked. The next that can be books them too.
type unbooked struct {
	mu     sync.Mutex
	dues   map[rateKey]time.Time
	failed time.Time // when one could not be booked last; zero since one could
}

func newUnbooked() *unbooked { return &unbooked{dues: map[rateKey]time.Time{}} }

// due is when the next request of a key is due, zero where all are booked.
func (u *unbooked) due(key rateKey) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.dues[key]
}

// forget forgets what was counted under a key.
func (u *unbooked) forget(key rateKey) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.dues, key)
}

// admit admits a request without booking it.
func (u *unbooked) admit(asked request, now func() time.Time) (time.Duration, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	next, wait, err := asked.admit(now(), u.dues[asked.key])
	if err == nil {
		u.dues[asked.key] = next
	}
	return wait, err
}

// note notes whether one could be booked, and says so when that changes.
func (u *unbooked) note(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case err != nil && u.failed.IsZero():
		slog.Warn("requests that only read are answered without being booked: each worker keeps their rate by itself", "error", err)
	case err == nil && !u.failed.IsZero():
		slog.Info("requests that only read are booked again")
	}
	if u.failed = (time.Time{}); err != nil {
		u.failed = time.Now()
	}
}

// lastFailed is when a request could not be booked, zero since one could.
func (u *unbooked) lastFailed() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.failed
}

// bookReading books a request that only reads, where that can be done soon.
// Asked and wait are what book finds out.
func (s *Store) bookReading(ctx context.Context, asked *request, wait *time.Duration, book func(*Tx) error, now func() time.Time) (time.Duration, error) {
	failed := s.unbooked.lastFailed()
	if !failed.IsZero() && time.Since(failed) < bookRest && !s.written.after(failed) {
		return s.unbooked.admit(*asked, now)
	}
	err := s.bookSoon(ctx, book)
	var refused *contract.Error
	if errors.As(err, &refused) || ctx.Err() != nil {
		return *wait, err
	}
	s.unbooked.note(err)
	if err != nil {
		return s.unbooked.admit(*asked, now)
	}
	return 0, nil
}

// bookSoon takes its turn among the goroutines of this process, which have one
// order in that way, and waits no longer than bookPatience.
func (s *Store) bookSoon(ctx context.Context, book func(*Tx) error) error {
	began := time.Now()
	if err := s.takeTurn(ctx, bookPatience); err != nil {
		return err
	}
	defer func() { <-s.turn }()
	return s.brief(ctx, bookPatience-time.Since(began), book)
}
