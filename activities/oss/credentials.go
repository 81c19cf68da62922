package oss

import (
	"context"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// credentials are a key pair as it is at one time. They never change, so that
// a request is signed with one key pair throughout. They are their own provider
// for the SDK.
type credentials struct {
	id, secret, token string
	issued, expires   time.Time // by our clock, rather too early; zero: always there, never
}

func (c *credentials) GetAccessKeyID() string          { return c.id }
func (c *credentials) GetAccessKeySecret() string      { return c.secret }
func (c *credentials) GetSecurityToken() string        { return c.token }
func (c *credentials) GetCredentials() oss.Credentials { return c }

// String shows no secret.
func (c *credentials) String() string { return c.id }

// GoString shows no secret.
func (c *credentials) GoString() string { return c.id }

// lasts tells whether the credentials are good for so long still.
func (c *credentials) lasts(now time.Time, long time.Duration) bool {
	return c.expires.IsZero() || now.Add(long).Before(c.expires)
}

// source is where credentials come from.
type source interface {
	// current credentials, good for at least so long when that can be had.
	current(ctx context.Context, atLeast time.Duration) (*credentials, error)
	// discard credentials that the store no longer takes. It tells whether
	// asking for others makes sense.
	discard(stale *credentials) bool
}

// fixed credentials are what the configuration holds.
type fixed struct{ *credentials }

func (f fixed) current(context.Context, time.Duration) (*credentials, error) {
	return f.credentials, nil
}

func (f fixed) discard(*credentials) bool { return false }
