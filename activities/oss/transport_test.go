package oss_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/oss"
)

// roundTrip answers requests without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRedirectsNameTheEndpointToSet(t *testing.T) {
	t.Parallel()
	const unknown = "check IMAGEBATCH_OSS_ENDPOINT"
	for name, tc := range map[string]struct {
		asked    string // default "http://oss.example/pictures/a"
		status   int    // default 301
		location string
		document string
		says     string
	}{
		"ToHTTPS":          {location: "https://oss.example/pictures/a?Signature=hidden", says: "redirects to https://oss.example: set IMAGEBATCH_OSS_ENDPOINT to that"},
		"OtherHost":        {status: 308, location: "http://store.example:8080/hidden", says: "redirects to http://store.example:8080: set"},
		"BucketInHost":     {asked: "http://pictures.oss.example/a", location: "https://pictures.oss.example/hidden", says: "redirects to https://oss.example: set"},
		"BucketLikeHost":   {asked: "http://oss.example/oss/a", location: "https://oss.example/hidden", says: "redirects to https://oss.example: set"},
		"EndpointOfBucket": {asked: "http://pictures.oss.example/a", document: "<Error><Code>PermanentRedirect</Code><Endpoint>pictures.west.example</Endpoint></Error>", says: "PermanentRedirect (status 301); the endpoint redirects to http://west.example: set"},
		"WithUser":         {location: "https://hidden:hidden@oss.example/", says: "redirects to https://oss.example: set"},
		"SameHost":         {status: 302, location: "/login?hidden", says: unknown},
		"NoAddress":        {location: "http://%zz/hidden", says: unknown},
		"OtherScheme":      {location: "javascript:hidden()", says: unknown},
		"NoHost":           {location: "https:///hidden", says: unknown},
		"Nothing":          {status: 300, says: unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := &http.Response{StatusCode: 301, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(tc.document))}
			if tc.status != 0 {
				answer.StatusCode = tc.status
			}
			if tc.location != "" {
				answer.Header.Set("Location", tc.location)
			}
			asked := "http://oss.example/pictures/a"
			if tc.asked != "" {
				asked = tc.asked
			}
			guard := oss.NewGuard(roundTrip(func(*http.Request) (*http.Response, error) { return answer, nil }), "http://oss.example")
			resp, err := guard.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodGet, asked, nil))
			if resp != nil || !errors.Is(err, activities.ErrTurnedAway) || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v, error %v; want a refusal that says %q", resp, err, tc.says)
			}
			if strings.Contains(err.Error(), "hidden") {
				t.Errorf("error %q shows more than scheme and host", err)
			}
		})
	}
}

func TestRedirectedCalls(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 307, 308} {
		objects := lookalike(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://"+r.Host+r.URL.RequestURI())
			w.WriteHeader(status)
		})
		_, _, opened := objects.Open(t.Context(), bucket, "a", activities.Want{})
		_, asked := objects.Head(t.Context(), bucket, "a")
		_, located := objects.Region(t.Context(), bucket)
		for verb, err := range map[string]error{
			"get": opened, "head": asked, "locate": located, "put": objects.Put(t.Context(), bucket, "a", "", strings.NewReader("b")),
		} {
			if !errors.Is(err, activities.ErrTurnedAway) || !strings.Contains(err.Error(), verb+` "oss://pictures`) ||
				!strings.Contains(err.Error(), "set IMAGEBATCH_OSS_ENDPOINT") {
				t.Errorf("%s with %d: error is %v, want a refusal with its remedy", verb, status, err)
			}
		}
	}
}

// A peer that is there but sends nothing more must not hold anybody for ever.
func TestBodiesThatFallSilent(t *testing.T) {
	t.Parallel()
	const idle = 50 * time.Millisecond
	for name, tc := range map[string]struct {
		status int
		starts string // what comes before the silence
		run    func(context.Context, activities.Objects) error
		says   string
	}{
		"Object": {200, "0123", func(ctx context.Context, o activities.Objects) error {
			_, _, err := read(ctx, o, "a", activities.Want{})
			return err
		}, `get "oss://pictures/a": no byte for 50ms`},
		"AtOnce": {200, "", func(ctx context.Context, o activities.Objects) error {
			_, _, err := read(ctx, o, "a", activities.Want{})
			return err
		}, "no byte for 50ms"},
		"ErrorDocument": {500, "<Error><Code>", func(ctx context.Context, o activities.Objects) error {
			_, _, err := read(ctx, o, "a", activities.Want{})
			return err
		}, "status 500"},
		"Location": {200, "<LocationConstraint>", func(ctx context.Context, o activities.Objects) error {
			_, err := o.Region(ctx, bucket)
			return err
		}, "no byte for 50ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "100")
				w.Header().Set("X-Oss-Request-Id", "5C3D9175B6FC201293AD")
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.starts)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			}))
			t.Cleanup(srv.Close)
			ids, err := oss.NewWithIdleLimit(oss.Config{Endpoint: srv.URL, AccessKeyID: "id", AccessKeySecret: "secret-of-id"}, idle)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(ids.Close)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err = tc.run(ctx, as(t, ids, ""))
			if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("error is %v, want one that says %q", err, tc.says)
			}
			if errors.Is(err, context.Canceled) {
				t.Errorf("error %q is that of somebody who gave up; nobody did", err)
			}
		})
	}
}

func TestIdleLimitTimesSilenceOnly(t *testing.T) {
	t.Parallel()
	const limit = 30 * time.Second
	for name, tc := range map[string]struct {
		between time.Duration // two bytes of the source
		thought time.Duration // by the reader, over each byte
		want    string
		silent  bool
	}{
		"Crawling":   {between: limit - time.Second, want: "01234"},
		"SlowReader": {thought: time.Hour, want: "01234"},
		"Silent":     {between: limit + time.Second, want: "", silent: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				from, to := io.Pipe()
				ctx, cancel := context.WithCancel(t.Context())
				context.AfterFunc(ctx, func() { from.CloseWithError(context.Canceled) }) // as a request does
				var source sync.WaitGroup
				defer source.Wait()
				source.Go(func() {
					defer to.Close()
					for _, b := range []byte("01234") {
						time.Sleep(tc.between) // virtual
						if _, err := to.Write([]byte{b}); err != nil {
							return
						}
					}
				})
				body := oss.Impatient(from, limit, cancel)
				defer body.Close()
				var got []byte
				var err error
				for one := make([]byte, 1); err == nil; {
					var n int
					n, err = body.Read(one)
					got = append(got, one[:n]...)
					time.Sleep(tc.thought) // virtual
				}
				if string(got) != tc.want || (err != io.EOF) != tc.silent {
					t.Errorf("read %q, %v; want %q and a silence: %t", got, err, tc.want, tc.silent)
				}
				if tc.silent && err.Error() != "no byte for 30s" {
					t.Errorf("error is %q, want how long nothing came", err)
				}
			})
		})
	}
}
