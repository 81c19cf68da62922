package oss_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/activities/oss"
	"imagebatch/testsuite/ossserver"
)

// signatures are both ways to sign, which differ in every header.
var signatures = map[string]func(*oss.Config){
	"V1": func(c *oss.Config) { c.Region = "" },
	"V4": func(*oss.Config) {},
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, change := range signatures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			cfg := rootConfig(srv)
			change(&cfg)
			objects := own(t, cfg)
			for _, key := range []string{
				"a", "a/b.jpg", "folder/", "space and+plus", "per%20cent", "?begins", "#&=;", "上衣/图 1.jpg",
				"../../etc/passwd", ".", "dot/./dot", "double//slash", strings.Repeat("k", 1023), "line\nbreak",
			} {
				body := name + " of " + key
				if err := objects.Put(t.Context(), bucket, key, "image/jpeg", strings.NewReader(body)); err != nil {
					t.Fatal(err)
				}
				got, info, err := read(t.Context(), objects, key, activities.Want{})
				if err != nil || got != body || info.Size != int64(len(body)) {
					t.Errorf("read %q: %q, %+v, %v", key, got, info, err)
				}
				head, err := objects.Head(t.Context(), bucket, key)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(info, head); diff != "" {
					t.Errorf("head of %q (-open +head):\n%s", key, diff)
				}
			}
		})
	}
}

func TestWant(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	objects := own(t, rootConfig(srv))
	put(t, srv, "ten", "0123456789")
	put(t, srv, "empty", "")
	info, err := objects.Head(t.Context(), bucket, "ten")
	if err != nil {
		t.Fatal(err)
	}
	bare := strings.Trim(info.ETag, `"`)
	for name, tc := range map[string]struct {
		key    string
		want   activities.Want
		body   string
		is     error
		refuse string // a piece of the error's text, when it is of no kind
	}{
		"Whole":             {key: "ten", body: "0123456789"},
		"First":             {key: "ten", want: activities.Want{To: 1}, body: "0"},
		"Middle":            {key: "ten", want: activities.Want{From: 3, To: 6}, body: "345"},
		"Tail":              {key: "ten", want: activities.Want{From: 7}, body: "789"},
		"PastTheEnd":        {key: "ten", want: activities.Want{From: 7, To: 100}, body: "789"},
		"AllByRange":        {key: "ten", want: activities.Want{To: 10}, body: "0123456789"},
		"BeyondTheEnd":      {key: "ten", want: activities.Want{From: 10, To: 20}, refuse: "InvalidRange"},
		"Backwards":         {key: "ten", want: activities.Want{From: 5, To: 5}, refuse: "no range"},
		"Empty":             {key: "empty", body: ""},
		"RangeOfEmpty":      {key: "empty", want: activities.Want{To: 100}, body: ""},
		"SameETag":          {key: "ten", want: activities.Want{IfMatch: info.ETag}, body: "0123456789"},
		"BareETag":          {key: "ten", want: activities.Want{IfMatch: bare}, body: "0123456789"},
		"LowerCaseETag":     {key: "ten", want: activities.Want{IfMatch: strings.ToLower(info.ETag)}, body: "0123456789"},
		"RangeWithETag":     {key: "ten", want: activities.Want{From: 2, To: 4, IfMatch: info.ETag}, body: "23"},
		"OtherETag":         {key: "ten", want: activities.Want{IfMatch: `"00"`}, is: activities.ErrChanged},
		"RangeOfOther":      {key: "ten", want: activities.Want{To: 4, IfMatch: `"00"`}, is: activities.ErrChanged},
		"EmptyRangeOfOther": {key: "empty", want: activities.Want{To: 4, IfMatch: `"00"`}, is: activities.ErrChanged},
		"Missing":           {key: "nothing", is: activities.ErrNoSuchObject},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, got, err := read(t.Context(), objects, tc.key, tc.want)
			switch {
			case tc.is != nil:
				if !errors.Is(err, tc.is) {
					t.Errorf("error is %v, want %v", err, tc.is)
				}
			case tc.refuse != "":
				if err == nil || !strings.Contains(err.Error(), tc.refuse) {
					t.Errorf("error is %v, want one with %q", err, tc.refuse)
				}
			case err != nil || body != tc.body || got.Size != int64(len(tc.body)):
				t.Errorf("got %q, %+v, %v; want %q", body, got, err, tc.body)
			}
		})
	}
}

func TestPutBodies(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	objects := own(t, rootConfig(srv))
	content := strings.Repeat("picture ", 10_000)
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, tc := range map[string]struct {
		body io.Reader
		want string
	}{
		"Reader":  {body: strings.NewReader(content), want: content},
		"Buffer":  {body: bytes.NewBufferString(content), want: content},
		"File":    {body: f, want: content},
		"Unsized": {body: io.MultiReader(strings.NewReader(content)), want: content},
		"Limited": {body: io.LimitReader(strings.NewReader(content), 5), want: "pictu"},
		"Nothing": {body: strings.NewReader(""), want: ""},
		"Nil":     {},
	} {
		if err := objects.Put(t.Context(), bucket, name, "", tc.body); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := srv.Object(bucket, name); err != nil || string(got) != tc.want {
			t.Errorf("%s: stored %d bytes, %v; want %d", name, len(got), err, len(tc.want))
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Errorf("the caller's file was closed: %v", err)
	}
}

func TestPutIsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	objects := own(t, rootConfig(srv))
	put(t, srv, "kept", "old")
	broken := errors.New("reader broke")
	err := objects.Put(t.Context(), bucket, "kept", "", io.MultiReader(strings.NewReader("new but"), failing{broken}))
	if !errors.Is(err, broken) {
		t.Errorf("error is %v, want the reader's", err)
	}
	if got, err := srv.Object(bucket, "kept"); err != nil || string(got) != "old" {
		t.Errorf("object is %q, %v; want what it was", got, err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestCallsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	objects := own(t, rootConfig(srv))
	if err := srv.SetFaults(ossserver.Fault{DelayMS: 600_000}); err != nil {
		t.Fatal(err)
	}
	for name, run := range map[string]func(context.Context) error{
		"Open": func(ctx context.Context) error {
			_, _, err := objects.Open(ctx, bucket, "a", activities.Want{})
			return err
		},
		"Head":   func(ctx context.Context) error { _, err := objects.Head(ctx, bucket, "a"); return err },
		"Put":    func(ctx context.Context) error { return objects.Put(ctx, bucket, "a", "", strings.NewReader("b")) },
		"Region": func(ctx context.Context) error { _, err := objects.Region(ctx, bucket); return err },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			applied := srv.Stats().Faults
			ended := make(chan error, 1)
			go func() { ended <- run(ctx) }()
			for srv.Stats().Faults == applied { // until the server has the request
				runtime.Gosched()
			}
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("error is %v, want that of the context", err)
			}
		})
	}
}

func TestBodyCutShort(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	objects := own(t, rootConfig(srv))
	put(t, srv, "big", strings.Repeat("x", 200_000))
	for _, cut := range []int64{0, 1, 100_000, 199_999} {
		if err := srv.SetFaults(ossserver.Fault{CutAfter: &cut}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []activities.Want{{}, {To: 200_000}} {
			body, _, err := read(t.Context(), objects, "big", want)
			if err == nil || cut > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("cut after %d: read %d bytes, error %v; want an unexpected end", cut, len(body), err)
			}
		}
	}
}

func TestConnectionReset(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	objects := own(t, rootConfig(srv))
	put(t, srv, "a", "b")
	if err := srv.SetFaults(ossserver.Fault{Reset: true}); err != nil {
		t.Fatal(err)
	}
	_, _, err := read(t.Context(), objects, "a", activities.Want{})
	for _, final := range []error{activities.ErrNoSuchObject, activities.ErrNoSuchBucket, activities.ErrDenied, activities.ErrChanged} {
		if err == nil || errors.Is(err, final) {
			t.Errorf("error is %v, want a transient one", err)
		}
	}
}

func TestManyAtOnceShareConnections(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	objects := own(t, rootConfig(srv))
	const fetchers, each = 64, 20
	put(t, srv, "p", strings.Repeat("x", 10_000))
	var all sync.WaitGroup
	for range fetchers {
		all.Go(func() {
			for range each {
				if body, _, err := read(t.Context(), objects, "p", activities.Want{}); err != nil || len(body) != 10_000 {
					t.Errorf("read %d bytes, %v", len(body), err)
				}
			}
		})
	}
	all.Wait()
	for !t.Failed() && srv.Stats().Requests[http.MethodGet] < fetchers*each { // it counts after it has answered
		runtime.Gosched()
	}
	if got := srv.Stats().Requests[http.MethodGet]; got != fetchers*each {
		t.Errorf("%d requests for %d reads", got, fetchers*each)
	}
	if got := srv.Stats().Connections; got > 2*fetchers {
		t.Errorf("%d connections for %d fetchers", got, fetchers)
	}
}

func TestRegion(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	for _, name := range []string{"cn-shanghai", "cn-hangzhou", "ap-southeast-1"} {
		if err := srv.CreateBucket("in-"+name, name); err != nil {
			t.Fatal(err)
		}
		got, err := own(t, rootConfig(srv)).Region(t.Context(), "in-"+name)
		if err != nil || got != name {
			t.Errorf("region is %q, %v; want %q", got, err, name)
		}
	}
	if _, err := own(t, rootConfig(srv)).Region(t.Context(), "nowhere"); !errors.Is(err, activities.ErrNoSuchBucket) {
		t.Errorf("error is %v, want no such bucket", err)
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, size := range []int{30_000, 300_000} {
		b.Run(fmt.Sprintf("%dkB", size/1000), func(b *testing.B) {
			srv, err := ossserver.Start(ossserver.Options{Dir: b.TempDir(), Buckets: map[string]string{bucket: ""}})
			if err != nil {
				b.Fatal(err)
			}
			defer srv.Close()
			if err := srv.PutObject(bucket, "p", "", make([]byte, size)); err != nil {
				b.Fatal(err)
			}
			ids, err := oss.New(rootConfig(srv))
			if err != nil {
				b.Fatal(err)
			}
			objects, err := ids.As(b.Context(), "")
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				buf := make([]byte, size)
				for pb.Next() {
					rc, _, err := objects.Open(b.Context(), bucket, "p", activities.Want{})
					if err != nil {
						b.Error(err)
						return
					}
					if _, err := io.ReadFull(rc, buf); err != nil {
						b.Error(err)
					}
					_ = rc.Close()
				}
			})
		})
	}
}
