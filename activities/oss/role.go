package oss

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aliyun/credentials-go/credentials/providers"
)

const (
	// sessionLength is the longest that a role allows unless it is told
	// otherwise.
	// Source: https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
	sessionLength = time.Hour
	// renewAhead is how long before their end credentials are renewed, in the
	// background: STS may be away for so long without anyone noticing.
	renewAhead = 15 * time.Minute
	// renewPause spares STS while it is in trouble and credentials still last.
	renewPause = 10 * time.Second
	// longestNeed is how fresh credentials can be asked to be: not fresher than
	// what a session is worth shortly after it began.
	longestNeed = sessionLength - 10*time.Minute

	sessionName = "imagebatch"
	stsTimeout  = 10 * time.Second
)

// role is a source that acts as a RAM role.
type role struct {
	arn  string
	base source // who may assume the role
	sts  string // host
	now  func() time.Time

	mu       sync.Mutex
	held     *credentials
	renewing *renewal // nil when none is under way
	failed   time.Time
}

// renewal is one call to STS that everybody waits for.
type renewal struct {
	done chan struct{}
	got  *credentials
	err  error
}

func (r *role) current(ctx context.Context, atLeast time.Duration) (*credentials, error) {
	need := min(atLeast, longestNeed)
	r.mu.Lock()
	held, now := r.held, r.now()
	usable := held != nil && held.lasts(now, time.Second)
	if usable && held.lasts(now, max(need, renewAhead)) || usable && now.Sub(r.failed) < renewPause {
		r.mu.Unlock()
		return held, nil
	}
	if r.renewing == nil {
		r.renewing = &renewal{done: make(chan struct{})}
		go r.renew(r.renewing)
	}
	under := r.renewing
	r.mu.Unlock()

	if usable && held.lasts(now, need+time.Minute) {
		return held, nil // good enough; the next caller gets the new ones
	}
	select {
	case <-under.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("assume role %q: %w", r.arn, ctx.Err())
	}
	if under.err != nil && usable {
		return held, nil
	}
	return under.got, under.err
}

func (r *role) discard(stale *credentials) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held != stale {
		return true // others are there already
	}
	if r.now().Sub(stale.issued) < renewPause {
		return false // fresh ones are refused: more of them would be, too
	}
	r.held = nil
	return true
}

// renew outlives the caller that started it: others wait for it, too.
func (r *role) renew(under *renewal) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*stsTimeout)
	defer cancel()
	under.got, under.err = r.assume(ctx)

	r.mu.Lock()
	defer r.mu.Unlock()
	r.renewing = nil
	if under.err != nil {
		r.failed = r.now()
	} else {
		r.held, r.failed = under.got, time.Time{}
	}
	close(under.done)
}

// assume calls STS. The provider is made anew each time: kept, it would renew
// when it sees fit and not tell how long its credentials last.
func (r *role) assume(ctx context.Context) (got *credentials, err error) {
	defer func() {
		// The provider follows a pointer that a look-alike's answer may lack.
		if p := recover(); p != nil {
			got, err = nil, fmt.Errorf("assume role %q: the answer of %s has no expiry", r.arn, r.sts)
		}
	}()
	base, err := r.base.current(ctx, 0)
	if err != nil {
		return nil, err
	}
	provider, err := providers.NewRAMRoleARNCredentialsProviderBuilder().
		WithAccessKeyId(base.id).WithAccessKeySecret(base.secret).WithSecurityToken(base.token).
		WithRoleArn(r.arn).WithRoleSessionName(sessionName).
		WithDurationSeconds(int(sessionLength / time.Second)).
		WithStsEndpoint(r.sts).
		WithHttpOptions(&providers.HttpOptions{
			ConnectTimeout: int(connectTimeout / time.Millisecond),
			ReadTimeout:    int(stsTimeout / time.Millisecond),
		}).Build()
	if err != nil {
		return nil, fmt.Errorf("assume role %q: %w", r.arn, err)
	}
	asked := r.now()
	answer, err := provider.GetCredentials()
	if err != nil {
		return nil, stsError(r.arn, err)
	}
	return &credentials{
		id: answer.AccessKeyId, secret: answer.AccessKeySecret, token: answer.SecurityToken,
		issued: asked,
		// STS grants what it is asked for or refuses; it starts to count after
		// we asked, in whole seconds.
		expires: asked.Add(sessionLength - time.Second),
	}, nil
}
