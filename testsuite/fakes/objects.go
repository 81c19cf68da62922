package fakes

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"imagebatch/activities"
)

// Objects is an object store in memory. The zero value has no buckets. It is
// safe for concurrent use; the function fields are set before that.
type Objects struct {
	// Fault, if set, is asked before each call and may block or refuse it. The
	// verb is the name of the method.
	Fault func(ctx context.Context, verb, bucket, key string) error
	// Body, if set, wraps what Open reads.
	Body func(ctx context.Context, key string, body io.Reader) io.Reader
	// Sizeless makes Open tell no length for objects it returns true for.
	Sizeless func(key string) bool
	// Token, if set, is the security token in the links that are signed.
	Token string
	// Regions answers Region; a bucket that is not in it is in cn-shanghai.
	Regions map[string]string

	mu      sync.Mutex
	buckets map[string]map[string][]byte
	reads   map[string]int
	open    int
}

var _ activities.Objects = (*Objects)(nil)

// Store puts an object into a bucket, and makes the bucket.
func (o *Objects) Store(bucket, key, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buckets == nil {
		o.buckets, o.reads = map[string]map[string][]byte{}, map[string]int{}
	}
	if o.buckets[bucket] == nil {
		o.buckets[bucket] = map[string][]byte{}
	}
	if key != "" {
		o.buckets[bucket][key] = []byte(text)
	}
}

// Drop removes an object.
func (o *Objects) Drop(bucket, key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.buckets[bucket], key)
}

// Text is an object as it is, and whether it is there.
func (o *Objects) Text(bucket, key string) (string, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text, ok := o.buckets[bucket][key]
	return string(text), ok
}

// Keys are the names of the objects of a bucket, sorted.
func (o *Objects) Keys(bucket string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Sorted(maps.Keys(o.buckets[bucket]))
}

// Reads is how often the object was opened.
func (o *Objects) Reads(bucket, key string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.reads[bucket+"/"+key]
}

// Unclosed is the number of bodies that nobody has closed.
func (o *Objects) Unclosed() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.open
}

// Open implements activities.Objects.
func (o *Objects) Open(ctx context.Context, bucket, key string, want activities.Want) (io.ReadCloser, activities.ObjectInfo, error) {
	data, err := o.find(ctx, "Open", bucket, key)
	if err != nil {
		return nil, activities.ObjectInfo{}, err
	}
	info := activities.ObjectInfo{ETag: etag(data)}
	if want.IfMatch != "" && want.IfMatch != info.ETag {
		return nil, activities.ObjectInfo{}, fmt.Errorf("open %s/%s: %w", bucket, key, activities.ErrChanged)
	}
	to := int64(len(data))
	if want.To > 0 {
		to = min(to, want.To)
	}
	data = data[min(want.From, to):to]
	info.Size = int64(len(data))
	if o.Sizeless != nil && o.Sizeless(key) {
		info.Size = -1
	}
	o.mu.Lock()
	o.reads[bucket+"/"+key]++
	o.open++
	o.mu.Unlock()
	var source io.Reader = bytes.NewReader(data)
	if o.Body != nil {
		source = o.Body(ctx, key, source)
	}
	return &body{ctx: ctx, source: source, close: sync.OnceFunc(func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.open--
	})}, info, nil
}

// Head implements activities.Objects.
func (o *Objects) Head(ctx context.Context, bucket, key string) (activities.ObjectInfo, error) {
	data, err := o.find(ctx, "Head", bucket, key)
	return activities.ObjectInfo{Size: int64(len(data)), ETag: etag(data)}, err
}

// Put implements activities.Objects.
func (o *Objects) Put(ctx context.Context, bucket, key, _ string, source io.Reader) error {
	if err := o.ask(ctx, "Put", bucket, key); err != nil {
		return err
	}
	data, err := io.ReadAll(source)
	if err != nil {
		return fmt.Errorf("put %s/%s: %w", bucket, key, err)
	}
	o.Store(bucket, key, string(data))
	return nil
}

// SignGet implements activities.Objects.
func (o *Objects) SignGet(ctx context.Context, bucket, key string, valid time.Duration) (string, time.Time, error) {
	return "https://store.example/" + bucket + "/" + key + "?sign=get&for=" + valid.String() + o.token(), expiry, o.ask(ctx, "SignGet", bucket, key)
}

// SignPut implements activities.Objects.
func (o *Objects) SignPut(ctx context.Context, bucket, key string, valid time.Duration) (string, time.Time, error) {
	return "https://store.example/" + bucket + "/" + key + "?sign=put&for=" + valid.String() + o.token(), expiry, o.ask(ctx, "SignPut", bucket, key)
}

func (o *Objects) token() string {
	if o.Token == "" {
		return ""
	}
	return "&x-oss-security-token=" + o.Token
}

// expiry is when every link of the fake expires.
var expiry = time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)

// Region implements activities.Objects.
func (o *Objects) Region(ctx context.Context, bucket string) (string, error) {
	if err := o.ask(ctx, "Region", bucket, ""); err != nil {
		return "", err
	}
	if region, ok := o.Regions[bucket]; ok {
		return region, nil
	}
	return "cn-shanghai", nil
}

func (o *Objects) ask(ctx context.Context, verb, bucket, key string) error {
	if o.Fault != nil {
		if err := o.Fault(ctx, verb, bucket, key); err != nil {
			return fmt.Errorf("%s %s/%s: %w", strings.ToLower(verb), bucket, key, err)
		}
	}
	return ctx.Err()
}

func (o *Objects) find(ctx context.Context, verb, bucket, key string) ([]byte, error) {
	if err := o.ask(ctx, verb, bucket, key); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	objects, ok := o.buckets[bucket]
	if !ok {
		return nil, fmt.Errorf("%s %s/%s: %w", strings.ToLower(verb), bucket, key, activities.ErrNoSuchBucket)
	}
	data, ok := objects[key]
	if !ok {
		return nil, fmt.Errorf("%s %s/%s: %w", strings.ToLower(verb), bucket, key, activities.ErrNoSuchObject)
	}
	return data, nil
}

func etag(data []byte) string {
	sum := md5.Sum(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// body ends when its context does.
type body struct {
	ctx    context.Context
	source io.Reader
	close  func()
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.source.Read(p)
}

func (b *body) Close() error {
	b.close()
	return nil
}

// Stalled is a body that never comes: reading it lasts until the context ends.
func Stalled(ctx context.Context) io.Reader { return stalled{ctx} }

type stalled struct{ ctx context.Context }

func (s stalled) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}
