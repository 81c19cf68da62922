package activities

import (
	"errors"
	"math/rand/v2"
	"time"
)

// patience is how often a picture is tried again after trouble that may pass.
// Each kind of trouble has a budget of its own.
type patience struct{ spent map[*budget]int }

// budget is for one kind of trouble. Together, tries and probes make it unlikely
// that a picture is isolated for trouble of the store that comes and goes: if
// each request fails with a chance of one half, all of that kind have to, and
// all probes of the store have to succeed.
type budget struct {
	tries  int           // so many in all
	probes int           // after so many of the last tries the store is probed
	pause  time.Duration // before the second try; doubles from there
	limit  time.Duration // of the pause
}

var (
	// A picture that is slow is likely to be so again, and costs a transfer each time.
	slowBudget = &budget{tries: 4, probes: 2, pause: 100 * time.Millisecond, limit: time.Second}
	// A store that throttles means everybody: only one that lets all others
	// through for half a minute means the picture.
	throttledBudget = &budget{tries: 12, probes: 7, pause: 300 * time.Millisecond, limit: 1600 * time.Millisecond}
	// Something in front of the store answers for a share of what is asked, or for
	// a while: as with throttling, it is not about the picture.
	strangerBudget = &budget{tries: 12, probes: 7, pause: 300 * time.Millisecond, limit: 1600 * time.Millisecond}
	// Resets, server errors, bodies that break off.
	brokenBudget = &budget{tries: 8, probes: 5, pause: 100 * time.Millisecond, limit: 1600 * time.Millisecond}
)

func budgetOf(err error) *budget {
	switch {
	case errors.Is(err, ErrThrottled):
		return throttledBudget
	case errors.Is(err, ErrStranger):
		return strangerBudget
	case errors.Is(err, errSlow):
		return slowBudget
	}
	return brokenBudget
}

// spend takes one try from the budget of that trouble. It tells how long to wait
// before the next try, whether the store is to be probed first, and whether this
// was the last one.
func (p *patience) spend(err error) (pause time.Duration, probe, last bool) {
	b := budgetOf(err)
	if p.spent == nil {
		p.spent = map[*budget]int{}
	}
	p.spent[b]++
	tried := p.spent[b]
	pause = min(b.limit, b.pause<<(tried-1))
	return pause + rand.N(pause), tried > b.tries-b.probes, tried == b.tries
}
