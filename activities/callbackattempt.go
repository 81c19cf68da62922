package activities

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
	"go.temporal.io/sdk/activity"

	"imagebatch/workflows/contract"
)

// refusals are the errors of the guard that no other attempt gets around.
var refusals = []error{ssrf.ErrProhibitedIP, ssrf.ErrProhibitedNetwork, ssrf.ErrProhibitedPort, ssrf.ErrInvalidHostPort}

// callbackError says why a receiver was not reached.
func callbackError(host string, err error) error {
	if slices.ContainsFunc(refusals, func(refusal error) bool { return errors.Is(err, refusal) }) {
		return contract.Errorf(contract.CodeCallbackRefused,
			"the callback to %s leads to an address that is not allowed; use a public one, or add its network to IMAGEBATCH_CALLBACK_ALLOW", host)
	}
	return fmt.Errorf("post callback to %s: %s: %w", host, unreached(err), err)
}

// unreached says in people's words what kept a receiver from answering.
func unreached(err error) string {
	var (
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		noTLS       tls.RecordHeaderError
		alert       tls.AlertError
		timeout     net.Error
	)
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return "there is no such host; check its name"
	case errors.As(err, &name):
		return "its name could not be looked up"
	case errors.As(err, &certificate):
		return "TLS: its certificate is not to be trusted; renew it, or install the authority that issued it on the workers"
	case errors.As(err, &noTLS), errors.As(err, &alert):
		return "TLS: no secure connection came about; check that https is spoken on that port"
	case errors.As(err, &timeout) && timeout.Timeout(): // of the dialer, of TLS, or of the whole attempt
		return fmt.Sprintf("it gave no answer within %s", callbackTimeout)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it closed the connection without an answer"
	}
	return "it was not reached"
}

// note writes down what a failed attempt met and when the next is due. Nothing
// depends on it: where it fails, the next attempt writes it anew.
func (c *Callbacks) note(ctx context.Context, task int64, met error) {
	info := activity.GetInfo(ctx)
	outcome := contract.CallbackOutcome{Task: task, State: contract.CallbackPending, Error: met.Error(), Attempts: int(info.Attempt)}
	if refusal := (*contract.Error)(nil); errors.As(met, &refusal) {
		outcome.Error = refusal.Message
	} else {
		outcome.Next = nextAttempt(info, time.Now())
	}
	if err := c.Ledger.NoteCallback(ctx, outcome); err != nil {
		activity.GetLogger(ctx).Warn("attempt at a callback not noted", "taskId", task, "error", err)
	}
}

// nextAttempt is when Temporal will try an activity again that has failed, or
// the zero time when it will not.
// Source: https://docs.temporal.io/encyclopedia/retry-policies
func nextAttempt(info activity.Info, now time.Time) time.Time {
	policy := info.RetryPolicy
	if policy == nil || policy.MaximumAttempts > 0 && info.Attempt >= policy.MaximumAttempts {
		return time.Time{}
	}
	pause, most := policy.InitialInterval, policy.MaximumInterval
	if most <= 0 {
		most = 100 * policy.InitialInterval
	}
	for n := int32(1); n < info.Attempt && pause < most; n++ {
		pause = time.Duration(float64(pause) * max(policy.BackoffCoefficient, 1))
	}
	next := now.Add(min(pause, most))
	if whole := info.ScheduleToCloseTimeout; whole > 0 && next.After(info.ScheduledTime.Add(whole)) {
		return time.Time{}
	}
	return next
}
