package oss_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/oss"
	"imagebatch/testsuite/ossserver"
)

const partBytes = 100 << 10 // the least that OSS takes

// inParts is a store to which more than partBytes are put in parts.
func inParts(t *testing.T, cfg oss.Config) activities.Objects {
	t.Helper()
	ids, err := oss.NewWithParts(cfg, partBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ids.Close)
	return as(t, ids, "")
}

// drawn are so many bytes, the same each time.
func drawn(size int) []byte {
	content := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(content)
	return content
}

// unsized hides how long a reader is.
func unsized(content []byte) io.Reader { return struct{ io.Reader }{bytes.NewReader(content)} }

func TestPutInParts(t *testing.T) {
	t.Parallel()
	srv := startServer(t)
	for name, change := range signatures {
		cfg := rootConfig(srv)
		change(&cfg)
		objects := inParts(t, cfg)
		for _, size := range []int{0, 1, partBytes - 1, partBytes, partBytes + 1, 3 * partBytes, 3*partBytes + 7} {
			for form, body := range map[string]io.Reader{"unsized": unsized(drawn(size)), "sized": bytes.NewReader(drawn(size))} {
				key := fmt.Sprintf("%s/%s/图 %d", name, form, size)
				if err := objects.Put(t.Context(), bucket, key, "text/csv", body); err != nil {
					t.Errorf("%s: %v", key, err)
					continue
				}
				if got, _, err := read(t.Context(), objects, key, activities.Want{}); err != nil || got != string(drawn(size)) {
					t.Errorf("%s: read %d bytes, %v", key, len(got), err)
				}
				info, err := objects.Head(t.Context(), bucket, key)
				if parts := strings.Contains(info.ETag, "-"); err != nil || parts != (size > partBytes || size == partBytes && form == "unsized") {
					t.Errorf("%s: ETag %s, %v; want small ones put at once, and no others", key, info.ETag, err)
				}
			}
		}
	}
}

// A part that meets trouble is put again; all that was put before it is kept.
func TestPutInPartsPastTrouble(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]ossserver.Fault{
		"Errors":   {Status: 500, Probability: 0.3},
		"Throttle": {Status: 503, Code: "ServiceUnavailable", Probability: 0.3},
		"Resets":   {Reset: true, Probability: 0.3},
		"Pages":    {Page: true, Probability: 0.3},
		"Posts":    {Method: http.MethodPost, Page: true, Times: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			fault.Seed = 5
			if err := srv.SetFaults(fault); err != nil {
				t.Fatal(err)
			}
			content := drawn(8*partBytes + 1)
			err := inParts(t, rootConfig(srv)).Put(t.Context(), bucket, "a", "", unsized(content))
			if applied := srv.Faults()[0].Applied; err != nil || applied == 0 {
				t.Fatalf("error is %v after %d faults", err, applied)
			}
			if got, err := srv.Object(bucket, "a"); err != nil || !bytes.Equal(got, content) {
				t.Errorf("stored %d bytes, %v; want %d", len(got), err, len(content))
			}
		})
	}
}

// An upload that fails leaves what was there, and no parts to be paid for.
func TestPutInPartsThatFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("reader broke")
	for name, tc := range map[string]struct {
		body  io.Reader
		fault ossserver.Fault
		is    error
	}{
		"Reader":   {body: io.MultiReader(unsized(drawn(2*partBytes+1)), failing{broken}), is: broken},
		"AtOnce":   {body: failing{broken}, is: broken},
		"Refused":  {body: unsized(drawn(4 * partBytes)), fault: ossserver.Fault{Method: http.MethodPut, Status: 403, Code: "AccessDenied"}, is: activities.ErrDenied},
		"TooLarge": {body: unsized(drawn(4 * partBytes)), fault: ossserver.Fault{Method: http.MethodPut, Status: 400, Code: "EntityTooLarge"}, is: activities.ErrTooLarge},
		"Proxy":    {body: unsized(drawn(4 * partBytes)), fault: ossserver.Fault{Method: http.MethodPut, Page: true, Status: 413}, is: activities.ErrTooLarge},
		"Gone":     {body: unsized(drawn(4 * partBytes)), fault: ossserver.Fault{Method: http.MethodPut, Status: 404, Code: "NoSuchUpload"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t)
			put(t, srv, "kept", "old")
			if err := srv.SetFaults(tc.fault); tc.fault != (ossserver.Fault{}) && err != nil {
				t.Fatal(err)
			} else if tc.fault == (ossserver.Fault{}) {
				_ = srv.SetFaults()
			}
			err := inParts(t, rootConfig(srv)).Put(t.Context(), bucket, "kept", "", tc.body)
			if err == nil || tc.is != nil && !errors.Is(err, tc.is) {
				t.Fatalf("error is %v, want %v", err, tc.is)
			}
			if tc.is == nil {
				for _, kind := range finalKinds {
					if errors.Is(err, kind) {
						t.Errorf("error is %v, which is final", err)
					}
				}
			}
			if strings.Contains(err.Error(), "ENDPOINT") || strings.Count(err.Error(), "; ") > 1 {
				t.Errorf("error %q blames the endpoint, or has several remedies", err)
			}
			if got, err := srv.Object(bucket, "kept"); err != nil || string(got) != "old" {
				t.Errorf("object is %q, %v; want what it was", got, err)
			}
			if left := srv.Uploads(bucket); left != 0 {
				t.Errorf("%d uploads were left behind", left)
			}
		})
	}
}

// The store's word on the whole is compared with what was sent.
func TestPutInPartsThatIsDamaged(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		part, whole http.Header
		good        bool
	}{
		"LookAlike":    {part: http.Header{}, good: true},
		"PartOtherMD5": {part: http.Header{"Etag": {otherMD5}}},
		"PartNoETag":   {part: http.Header{"Etag": {""}}},
		"WholeCRC":     {part: http.Header{}, whole: http.Header{"X-Oss-Hash-Crc64ecma": {"1"}}},
	} {
		objects := inPartsOf(t, tc.part, tc.whole)
		ctx, cancel := contextOfTries(t)
		err := objects.Put(ctx, bucket, "a", "", unsized(bytes.Repeat([]byte("x"), partBytes+1)))
		cancel()
		if tc.good != (err == nil) {
			t.Errorf("%s: error is %v, want one: %v", name, err, !tc.good)
		}
	}
}

// Memory does not grow with the object.
func TestPutInPartsIsBounded(t *testing.T) {
	srv := startServer(t)
	objects := inParts(t, rootConfig(srv))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const whole = 400 * partBytes
	watched := &watching{r: io.LimitReader(rand.NewChaCha8([32]byte{2}), whole), every: 50 * partBytes, look: func() {
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 20*partBytes {
			t.Errorf("%d bytes more are in use while the object is put", grown)
		}
	}}
	if err := objects.Put(t.Context(), bucket, "a", "", watched); err != nil {
		t.Fatal(err)
	}
	if info, err := objects.Head(t.Context(), bucket, "a"); err != nil || info.Size != whole {
		t.Errorf("stored %d bytes, %v", info.Size, err)
	}
}

// watching looks around after every so many bytes.
type watching struct {
	r     io.Reader
	every int
	read  int
	look  func()
}

func (w *watching) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if (w.read+n)/w.every > w.read/w.every {
		w.look()
	}
	w.read += n
	return n, err
}

// inPartsOf is a store that looks like OSS and takes objects in parts.
func inPartsOf(t *testing.T, part, whole http.Header) activities.Objects {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		header := http.Header{}
		answer := ""
		switch {
		case r.Method == http.MethodPost && r.URL.Query().Has("uploads"):
			answer = "<InitiateMultipartUploadResult><UploadId>1</UploadId><Key>a</Key></InitiateMultipartUploadResult>"
		case r.Method == http.MethodPost:
			header = whole
			answer = "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"
		case r.Method == http.MethodPut:
			header = part
			w.Header().Set("ETag", fmt.Sprintf("%x", md5.Sum(text)))
		}
		for name := range header {
			w.Header().Set(name, header.Get(name))
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	return inParts(t, oss.Config{Endpoint: srv.URL, AccessKeyID: "id", AccessKeySecret: "secret-of-id"})
}

// contextOfTries ends what is tried again for good, long before it would.
func contextOfTries(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), time.Second)
}
