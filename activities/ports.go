package activities

import (
	"context"
	"errors"
	"io"
	"time"

	"imagebatch/workflows/contract"
)

// What an object store answers beside the object itself. Adapters return these,
// wrapped; anything else is transient and worth another try.
var (
	ErrNoSuchObject = errors.New("no such object")
	ErrNoSuchBucket = errors.New("no such bucket")
	ErrDenied       = errors.New("access denied")          // by a policy: who asks is known
	ErrTurnedAway   = errors.New("turned away")            // whoever asks for whatever: key, account, bucket or address are not served
	ErrChanged      = errors.New("object has changed")     // an IfMatch did not hold
	ErrThrottled    = errors.New("throttled")              // transient: slow down
	ErrStranger     = errors.New("answered by a stranger") // transient: something in front of it answered
	ErrTooLarge     = errors.New("too large")              // to be stored
	ErrRefused      = errors.New("request refused")        // for a reason of its own, and the same again
)

// Answer is an error that repeats what an object store said.
type Answer interface {
	error
	Said() string   // the store's code and words, without advice
	Remedy() string // what the code calls for; empty where that depends on what was asked for
}

// Objects is an object store as one identity sees it. Implementations are safe
// for concurrent use, and every call ends when its context does.
type Objects interface {
	// Open starts reading an object. The caller closes the body.
	Open(ctx context.Context, bucket, key string, want Want) (io.ReadCloser, ObjectInfo, error)
	// Head tells about an object without reading it.
	Head(ctx context.Context, bucket, key string) (ObjectInfo, error)
	// Put writes an object whole, replacing what was there.
	Put(ctx context.Context, bucket, key, contentType string, body io.Reader) error
	// SignGet is a link that anyone may read the object by, until it expires: at
	// the latest after the given time, earlier when the credentials do.
	SignGet(ctx context.Context, bucket, key string, valid time.Duration) (link string, expires time.Time, err error)
	// SignPut is a link that anyone may write the object by.
	SignPut(ctx context.Context, bucket, key string, valid time.Duration) (link string, expires time.Time, err error)
	// Region is where a bucket lives, in the form "cn-shanghai".
	Region(ctx context.Context, bucket string) (string, error)
}

// Want narrows a read. The zero value wants the whole object as it is now.
type Want struct {
	From, To int64  // bytes From up to, not including, To; To 0 means to the end
	IfMatch  string // ETag the object must still have, else ErrChanged
}

// ObjectInfo is what a store says about an object.
type ObjectInfo struct {
	Size int64  // bytes of the body that Open returned, or of the object
	ETag string // names the content; see Want
}

// Identities gives access to the object store under a RAM role; the empty role
// is the worker's own identity. A role that is not on the worker's list is a
// contract.Error with CodeRoleNotAllowed.
type Identities interface {
	As(ctx context.Context, roleARN string) (Objects, error)
}

// Rates bound how often a second each operation may be asked of an instance.
// All workers together keep to them.
type Rates interface {
	// Allow counts a request, or refuses it and says how long to wait before the
	// next try. CodeDeniedRequest, CodeInstanceNotFound.
	Allow(ctx context.Context, instance, operation string, now func() time.Time) (wait time.Duration, err error)
	// SetRate sets a rate; 0 brings back the usual one. CodeInstanceNotFound,
	// CodeBadRequest.
	SetRate(ctx context.Context, instance, operation string, perSecond float64) error
	// Rates are those in force, by operation. CodeInstanceNotFound.
	Rates(ctx context.Context, instance string) ([]contract.Rate, error)
}

// Meter counts for the operator. Implementations are safe for concurrent use.
type Meter interface {
	Line(ending Ending, code contract.Code) // code is empty unless the line failed
	Stage(stage Stage, took time.Duration)
}
