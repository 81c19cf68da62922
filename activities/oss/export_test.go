package oss

import (
	"io"
	"net/http"
	"time"
)

var usual = sizes{firstPart: firstPart, onePut: onePut}

// NewWithParts is New with a first part, and a limit of a single put, of so many
// bytes.
func NewWithParts(cfg Config, bytes int64) (*Identities, error) {
	return newIdentities(cfg, time.Now, idleLimit, sizes{firstPart: bytes, onePut: bytes})
}

// NewWithClock is New with a clock that a test can move.
func NewWithClock(cfg Config, now func() time.Time) (*Identities, error) {
	return newIdentities(cfg, now, idleLimit, usual)
}

// NewWithIdleLimit is New with a limit that a test can wait for.
func NewWithIdleLimit(cfg Config, idle time.Duration) (*Identities, error) {
	return newIdentities(cfg, time.Now, idle, usual)
}

// NewGuard is what stands between the SDK and the network.
func NewGuard(next http.RoundTripper, endpoint string) http.RoundTripper {
	return newGuard(next, endpoint, idleLimit)
}

// Impatient is a body that may be silent for so long.
func Impatient(rc io.ReadCloser, limit time.Duration, cancel func()) io.ReadCloser {
	return &impatient{ReadCloser: rc, limit: limit, cancel: cancel}
}
