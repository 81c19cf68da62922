package oss

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"imagebatch/activities"
)

// objects is the store as one identity sees it.
type objects struct {
	cfg    Config
	http   *http.Client
	source source
	now    func() time.Time
	sizes
	last atomic.Pointer[session]
}

var _ activities.Objects = (*objects)(nil)

// sizes say how objects are put.
type sizes struct {
	firstPart int64 // length of the first part of those that are put in parts
	onePut    int64 // a body of known length up to this is put at once
}

// session is the SDK's clients for one key pair.
type session struct {
	credentials *credentials
	client      *oss.Client
	links       *oss.Client // for addresses that are given away
}

func (o *objects) session(ctx context.Context, atLeast time.Duration) (*session, error) {
	c, err := o.source.current(ctx, atLeast)
	if err != nil {
		return nil, err
	}
	if s := o.last.Load(); s != nil && s.credentials == c {
		return s, nil
	}
	s, err := o.connect(c)
	if err != nil {
		return nil, err
	}
	o.last.Store(s)
	return s, nil
}

func (o *objects) connect(c *credentials) (*session, error) {
	options := []oss.ClientOption{
		oss.HTTPClient(o.http),
		oss.SetCredentialsProvider(c),
		oss.ForcePathStyle(o.cfg.PathStyle),
		oss.EnableCRC(true),
		oss.SetLogLevel(oss.LogOff),
		oss.UserAgent("imagebatch"),
		oss.VerifyObjectStrict(false), // keys are escaped: one may begin with "?"
	}
	if o.cfg.Region != "" {
		options = append(options, oss.AuthVersion(oss.AuthV4), oss.Region(o.cfg.Region))
	}
	client, err := oss.New(o.cfg.Endpoint, c.id, c.secret, options...)
	if err != nil {
		return nil, fmt.Errorf("connect to object store: %w", err)
	}
	links := client
	if o.cfg.PublicEndpoint != o.cfg.Endpoint {
		if links, err = oss.New(o.cfg.PublicEndpoint, c.id, c.secret, options...); err != nil {
			return nil, fmt.Errorf("connect to object store: %w", err)
		}
	}
	return &session{credentials: c, client: client, links: links}, nil
}

// do runs one call, and once more when the store no longer takes the key pair:
// STS may have granted less than it was asked for, or a session was revoked.
func (o *objects) do(ctx context.Context, c call, again func() bool, run func(*session) error) error {
	for first := true; ; first = false {
		s, err := o.session(ctx, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		err = run(s)
		if first && staleCredentials(err) && o.source.discard(s.credentials) && again() {
			continue
		}
		return c.wrap(err)
	}
}

func always() bool { return true }

// bucket of an object call. Names that no store would take are answered here:
// the SDK would refuse some with errors that look transient.
func (s *session) bucket(c call) (*oss.Bucket, error) {
	switch {
	case c.key == "" || len(c.key) > 1023:
		return nil, fmt.Errorf("%w: a key has 1 to 1023 bytes, this one %d", activities.ErrNoSuchObject, len(c.key))
	case c.key[0] == '/' || c.key[0] == '\\':
		return nil, fmt.Errorf("%w: a key does not begin with a slash", activities.ErrNoSuchObject)
	}
	b, err := s.client.Bucket(c.bucket)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", activities.ErrNoSuchBucket, err)
	}
	return b, nil
}

// Open implements activities.Objects.
func (o *objects) Open(ctx context.Context, bucket, key string, want activities.Want) (io.ReadCloser, activities.ObjectInfo, error) {
	c := call{"get", bucket, key, "oss:GetObject"}
	if want.From < 0 || want.To < 0 || want.To != 0 && want.To <= want.From {
		return nil, activities.ObjectInfo{}, fmt.Errorf("%s: bytes %d up to %d are no range", c, want.From, want.To)
	}
	var got *oss.GetObjectResult
	err := o.do(ctx, c, always, func(s *session) error {
		b, err := s.bucket(c)
		if err != nil {
			return err
		}
		got, err = b.DoGetObject(&oss.GetObjectRequest{ObjectKey: key}, readOptions(ctx, want))
		return err
	})
	if want.From == 0 && want.To > 0 && isInvalidRange(err) {
		// An object without bytes has no range that could be expressed.
		info, headErr := o.Head(ctx, bucket, key)
		if headErr == nil && info.Size == 0 && (want.IfMatch == "" || sameETag(want.IfMatch, info.ETag)) {
			return http.NoBody, info, nil
		}
	}
	if err != nil {
		return nil, activities.ObjectInfo{}, err
	}
	rc, info, err := narrow(c, got, want)
	if err != nil {
		return nil, activities.ObjectInfo{}, fmt.Errorf("%s: %w", c, errors.Join(err, got.Response.Close()))
	}
	return rc, info, nil
}

func readOptions(ctx context.Context, want activities.Want) []oss.Option {
	options := make([]oss.Option, 0, 4)
	options = append(options, oss.WithContext(ctx))
	switch {
	case want.To > 0:
		options = append(options, oss.Range(want.From, want.To-1), oss.RangeBehavior("standard"))
	case want.From > 0:
		options = append(options, oss.NormalizedRange(strconv.FormatInt(want.From, 10)+"-"), oss.RangeBehavior("standard"))
	}
	if want.IfMatch != "" {
		options = append(options, oss.IfMatch(want.IfMatch))
	}
	return options
}

// narrow checks that the answer is what was wanted, whatever the store
// understood of the question.
func narrow(c call, got *oss.GetObjectResult, want activities.Want) (io.ReadCloser, activities.ObjectInfo, error) {
	h := got.Response.Headers
	info := activities.ObjectInfo{Size: contentLength(h), ETag: h.Get("ETag")}
	if want.IfMatch != "" && info.ETag != "" && !sameETag(want.IfMatch, info.ETag) {
		return nil, info, fmt.Errorf("%w: it was %s and is %s", activities.ErrChanged, want.IfMatch, info.ETag)
	}
	b := &body{call: c, rc: got.Response.Body, left: info.Size, limit: -1}
	ranged := want.From > 0 || want.To > 0
	if got.Response.StatusCode == http.StatusPartialContent {
		if !ranged {
			return nil, info, errors.New("the store sent a part of the object, though all of it was asked for")
		}
		return b, info, checkPart(h.Get("Content-Range"), info.Size, want)
	}
	if ranged {
		// The store sent the whole object.
		if want.From > 0 {
			return nil, info, errors.New("the store does not serve ranges")
		}
		b.limit = want.To
		if info.Size >= 0 {
			info.Size = min(info.Size, want.To)
		}
	}
	b.expect(got, h)
	return b, info, nil
}

// checkPart compares what a store says of the part that it sent, of so many
// bytes, with the part that was wanted.
func checkPart(said string, size int64, want activities.Want) error {
	var from, to, whole int64
	if _, err := fmt.Sscanf(said, "bytes %d-%d/%d", &from, &to, &whole); err != nil {
		whole = -1
		if _, err := fmt.Sscanf(said, "bytes %d-%d/", &from, &to); err != nil {
			return fmt.Errorf("%w: it has a status of 206 and the range %q", activities.ErrStranger, clip(said))
		}
	}
	right := from == want.From && (size < 0 || size == to-from+1)
	switch {
	case want.To > 0 && to >= want.To:
		right = false
	case (want.To == 0 || to < want.To-1) && whole >= 0:
		right = right && to == whole-1
	}
	if !right {
		return fmt.Errorf("the store sent %q of %d bytes, not what was asked for", clip(said), size)
	}
	return nil
}

// Head implements activities.Objects.
func (o *objects) Head(ctx context.Context, bucket, key string) (activities.ObjectInfo, error) {
	c := call{verbHead, bucket, key, "oss:GetObject"}
	var h http.Header
	err := o.do(ctx, c, always, func(s *session) error {
		b, err := s.bucket(c)
		if err != nil {
			return err
		}
		h, err = b.GetObjectDetailedMeta(key, oss.WithContext(ctx))
		return err
	})
	if err != nil {
		return activities.ObjectInfo{}, err
	}
	return activities.ObjectInfo{Size: contentLength(h), ETag: h.Get("ETag")}, nil
}

// Put implements activities.Objects. It does not close body, even if it could.
// One of unknown or great length is put in parts.
func (o *objects) Put(ctx context.Context, bucket, key, contentType string, body io.Reader) error {
	c := call{"put", bucket, key, "oss:PutObject"}
	options := []oss.Option{oss.WithContext(ctx)}
	if contentType != "" {
		options = append(options, oss.ContentType(contentType))
	}
	if body == nil {
		body = bytes.NewReader(nil)
	}
	if length, err := oss.GetReaderLen(body); err != nil || length > o.onePut {
		return o.putStream(ctx, c, options, body)
	}
	return o.putOnce(ctx, c, options, body)
}

// putOnce puts an object with one request.
func (o *objects) putOnce(ctx context.Context, c call, options []oss.Option, body io.Reader) error {
	rewind := func() bool { return false }
	if seeker, ok := body.(io.Seeker); ok {
		if start, err := seeker.Seek(0, io.SeekCurrent); err == nil {
			rewind = func() bool { _, err := seeker.Seek(start, io.SeekStart); return err == nil }
		}
	}
	return o.do(ctx, c, rewind, func(s *session) error {
		b, err := s.bucket(c)
		if err != nil {
			return err
		}
		return putChecked(b, c.key, body, options)
	})
}

// putChecked puts an object and compares what the store says that it took: OSS's
// checksum, which the SDK looks at, or the ETag of a store that looks like it.
func putChecked(b *oss.Bucket, key string, body io.Reader, options []oss.Option) error {
	var h http.Header
	sum := md5.New()
	if err := b.PutObject(key, kept(body, sum), append(options, oss.GetResponseHeader(&h))...); err != nil {
		return err
	}
	if want := contentMD5(h); want != "" && want != hex.EncodeToString(sum.Sum(nil)) {
		return fmt.Errorf("put: %w", errDamaged)
	}
	return nil
}

// kept hides Close from the SDK, which would close the caller's reader, but not
// the length. What is read is summed up.
func kept(body io.Reader, sum hash.Hash) io.Reader {
	summed := io.TeeReader(body, sum)
	if n, err := oss.GetReaderLen(body); err == nil {
		return io.LimitReader(summed, n)
	}
	return summed
}

// Region implements activities.Objects.
func (o *objects) Region(ctx context.Context, bucket string) (string, error) {
	c := call{"locate", bucket, "", "oss:GetBucketLocation"}
	var location string
	err := o.do(ctx, c, always, func(s *session) error {
		if _, err := s.client.Bucket(bucket); err != nil {
			return fmt.Errorf("%w: %w", activities.ErrNoSuchBucket, err)
		}
		var err error
		location, err = bucketLocation(ctx, s.client, bucket)
		return err
	})
	return strings.TrimSuffix(strings.TrimPrefix(location, "oss-"), "-internal"), err
}

func contentLength(h http.Header) int64 {
	n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// sameETag compares without what look-alikes leave out or write differently.
func sameETag(a, b string) bool { return strings.EqualFold(bareETag(a), bareETag(b)) }

func bareETag(tag string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
}
