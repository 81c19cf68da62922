package fanout

import (
	"slices"
	"time"
)

// Meter tells how fast lines get done, from what was seen at recent moments.
// The zero value has seen nothing.
type Meter struct{ seen []sample }

type sample struct {
	at   time.Time
	done int64
}

const (
	meterSpan    = 2 * time.Minute // what counts as recent
	meterSamples = 32
)

// See notes how many lines are done by now, in workflow time.
func (m *Meter) See(at time.Time, done int64) {
	last := len(m.seen) - 1
	if last > 0 && at.Sub(m.seen[last].at) < time.Second {
		m.seen[last].done = max(done, m.seen[last].done)
		return
	}
	m.seen = append(m.seen, sample{at, done})
	for len(m.seen) > 2 && (len(m.seen) > meterSamples || at.Sub(m.seen[0].at) > meterSpan) {
		m.seen = slices.Delete(m.seen, 0, 1)
	}
}

// Forget starts over: after a pause the past says nothing.
func (m *Meter) Forget() { m.seen = nil }

// Moved is when lines were last seen to have got done; zero before any were.
func (m *Meter) Moved() time.Time {
	for n := len(m.seen) - 1; n > 0; n-- {
		if m.seen[n].done > m.seen[n-1].done {
			return m.seen[n].at
		}
	}
	return time.Time{}
}

// leastStill is how long nothing must have been seen before anything is said of it.
const leastStill = 30 * time.Second

// Stands reports whether nothing has got done for so long that the rate says
// nothing any more: three times as long as it has ever taken to see something of
// late, and half a minute at least. The moment may be any later one.
func (m *Meter) Stands(at time.Time) bool {
	if len(m.seen) == 0 {
		return false
	}
	longest := leastStill / 3
	last := m.seen[0]
	for _, next := range m.seen[1:] {
		if next.done > last.done {
			longest = max(longest, next.at.Sub(last.at))
			last = next
		}
	}
	return at.Sub(last.at) > 3*longest
}

// Rate is in lines a second; 0 while it is unknown.
func (m *Meter) Rate() float64 {
	if len(m.seen) < 2 {
		return 0
	}
	first, last := m.seen[0], m.seen[len(m.seen)-1]
	took := last.at.Sub(first.at).Seconds()
	if took <= 0 || last.done <= first.done {
		return 0
	}
	return float64(last.done-first.done) / took
}

// ETA is how many seconds the lines that are left will take; -1 while unknown.
func (m *Meter) ETA(left int64) float64 {
	rate := m.Rate()
	switch {
	case left <= 0:
		return 0
	case rate == 0:
		return -1
	}
	return float64(left) / rate
}
