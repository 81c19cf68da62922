package oss

import "time"

// NewWithClock is New with a clock that a test can move.
func NewWithClock(cfg Config, now func() time.Time) (*Identities, error) {
	return newIdentities(cfg, now)
}
