package oss_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/oss"
	"imagebatch/testsuite/ossserver"
	"imagebatch/workflows/contract"
)

const (
	readerRole = "acs:ram::1234567890:role/catalogue-reader"
	workerRole = "acs:ram::1234567890:role/imagebatch-worker"
)

// clock is a clock that a test moves; it starts at the real time, for the SDK
// reads that.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func newClock() *clock { return new(clock) }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func roleServer(t *testing.T, change ...func(*ossserver.Options)) *ossserver.Server {
	t.Helper()
	return startServer(t, append([]func(*ossserver.Options){func(o *ossserver.Options) {
		o.Keys = []ossserver.Key{ossserver.Root, {ID: "worker", Secret: "worker-secret", Rules: []ossserver.Rule{
			{Actions: []string{"sts:AssumeRole"}, Resources: []string{readerRole, workerRole}},
		}}}
		o.Roles = []ossserver.Role{
			{ARN: readerRole, Rules: []ossserver.Rule{{Actions: []string{"oss:GetObject"}, Resources: []string{"acs:oss:*:*:pictures/catalogue/*"}}}},
			{ARN: workerRole, Rules: []ossserver.Rule{
				{Actions: []string{"oss:*"}, Resources: []string{bucket + "*"}},
				{Actions: []string{"sts:AssumeRole"}, Resources: []string{readerRole}},
			}},
		}
	}}, change...)...)
}

func workerConfig(srv *ossserver.Server) oss.Config {
	cfg := rootConfig(srv)
	cfg.AccessKeyID, cfg.AccessKeySecret = "worker", "worker-secret"
	cfg.AllowedRoleARNs = []string{readerRole}
	return cfg
}

func TestRoleHasItsOwnRights(t *testing.T) {
	t.Parallel()
	for name, change := range signatures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := roleServer(t)
			put(t, srv, "catalogue/a.jpg", "a")
			put(t, srv, "other.jpg", "b")
			cfg := workerConfig(srv)
			change(&cfg)
			ids := identities(t, cfg)
			reader := as(t, ids, readerRole)
			if body, _, err := read(t.Context(), reader, "catalogue/a.jpg", activities.Want{}); err != nil || body != "a" {
				t.Errorf("read as the role: %q, %v", body, err)
			}
			if _, _, err := read(t.Context(), reader, "other.jpg", activities.Want{}); !errors.Is(err, activities.ErrDenied) {
				t.Errorf("error is %v, want the role's denial", err)
			}
			if _, _, err := read(t.Context(), as(t, ids, ""), "catalogue/a.jpg", activities.Want{}); !errors.Is(err, activities.ErrDenied) {
				t.Errorf("error is %v, want the worker's own denial", err)
			}
			if again := as(t, ids, readerRole); again != reader {
				t.Error("the same role is another store the second time")
			}
		})
	}
}

func TestRoleByRole(t *testing.T) {
	t.Parallel()
	srv := roleServer(t)
	put(t, srv, "catalogue/a.jpg", "a")
	cfg := workerConfig(srv)
	cfg.RoleARN = workerRole
	ids := identities(t, cfg)
	if err := as(t, ids, "").Put(t.Context(), bucket, "results/r", "", strings.NewReader("r")); err != nil {
		t.Errorf("write as the worker's role: %v", err)
	}
	if body, _, err := read(t.Context(), as(t, ids, readerRole), "catalogue/a.jpg", activities.Want{}); err != nil || body != "a" {
		t.Errorf("read as a role assumed by the worker's role: %q, %v", body, err)
	}
}

func TestRoleThatIsNotAllowed(t *testing.T) {
	t.Parallel()
	srv := roleServer(t)
	ids := identities(t, workerConfig(srv))
	for _, arn := range []string{workerRole, readerRole + "x", "nonsense", " "} {
		_, err := ids.As(t.Context(), arn)
		if !errors.Is(err, &contract.Error{Code: contract.CodeRoleNotAllowed}) {
			t.Errorf("%q: error is %v, want role not allowed", arn, err)
		}
	}
	if got := srv.TemporaryKeys(); len(got) != 0 {
		t.Errorf("%d keys were handed out", len(got))
	}
}

func TestRoleErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		server func(*ossserver.Options)
		config func(*oss.Config)
		says   string
		is     error
	}{
		"NoSuchRole":  {server: func(o *ossserver.Options) { o.Roles = nil }, is: activities.ErrDenied, says: "EntityNotExist.Role"},
		"NoRight":     {server: func(o *ossserver.Options) { o.Keys[1].Rules = nil }, is: activities.ErrDenied, says: "must allow sts:AssumeRole"},
		"WrongSecret": {config: func(c *oss.Config) { c.AccessKeySecret = "wrong" }, is: activities.ErrTurnedAway, says: "SignatureDoesNotMatch"},
		"WrongID":     {config: func(c *oss.Config) { c.AccessKeyID = "wrong" }, is: activities.ErrTurnedAway, says: "InvalidAccessKeyId"},
		"ShortRole":   {server: func(o *ossserver.Options) { o.Roles[0].MaxSeconds = 900 }, is: activities.ErrDenied, says: "DurationSeconds"},
		"NoSTS":       {config: func(c *oss.Config) { c.STSEndpoint = "127.0.0.1:1" }, says: "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := []func(*ossserver.Options){}
			if tc.server != nil {
				change = append(change, tc.server)
			}
			cfg := workerConfig(roleServer(t, change...))
			if tc.config != nil {
				tc.config(&cfg)
			}
			_, err := as(t, identities(t, cfg), readerRole).Head(t.Context(), bucket, "a")
			if err == nil || tc.is != nil && !errors.Is(err, tc.is) || tc.is == nil && errors.Is(err, activities.ErrDenied) {
				t.Fatalf("error is %v, want %v", err, tc.is)
			}
			if !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %q does not say %q", err, tc.says)
			}
			for _, hidden := range []string{"worker-secret", "SignatureNonce", "Signature="} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("error %q shows %q", err, hidden)
				}
			}
		})
	}
}

func TestSTSLookAlikes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ answer, says string }{
		"NoExpiry":  {`{"Credentials": {"AccessKeyId": "a", "AccessKeySecret": "b", "SecurityToken": "c"}}`, "has no expiry"},
		"BadExpiry": {`{"Credentials": {"AccessKeyId": "a", "AccessKeySecret": "b", "SecurityToken": "c", "Expiration": "soon"}}`, "check the STS endpoint"},
		"NoKeys":    {`{}`, "check the STS endpoint"},
		"Page":      {"<html>", "check the STS endpoint"},
	} {
		sts := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tc.answer) }))
		defer sts.Close()
		objects := as(t, identities(t, oss.Config{
			Endpoint: "http://127.0.0.1:1", STSEndpoint: strings.TrimPrefix(sts.URL, "https://"),
			AccessKeyID: "id", AccessKeySecret: "secret", AllowedRoleARNs: []string{readerRole},
		}), readerRole)
		if _, err := objects.Head(t.Context(), bucket, "a"); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error is %v, want one with %q", name, err, tc.says)
		}
	}
}

// A renewal takes as long as STS does; its callers need not.
func TestWaitingForRoleEndsWithTheContext(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}), make(chan struct{})
	sts := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-release
	}))
	defer sts.Close()
	defer close(release)
	objects := as(t, identities(t, oss.Config{
		Endpoint: "http://127.0.0.1:1", STSEndpoint: strings.TrimPrefix(sts.URL, "https://"),
		AccessKeyID: "id", AccessKeySecret: "secret", AllowedRoleARNs: []string{readerRole},
	}), readerRole)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := objects.Head(ctx, bucket, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that of the context", err)
	}
}

// roleWithClock has the client's clock, and the server's, under control.
func roleWithClock(t *testing.T) (*ossserver.Server, activities.Objects, *clock) {
	t.Helper()
	c := newClock()
	srv := roleServer(t)
	put(t, srv, "catalogue/a.jpg", "a")
	ids, err := oss.NewWithClock(workerConfig(srv), c.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ids.Close)
	return srv, as(t, ids, readerRole), c
}

func mustRead(t *testing.T, objects activities.Objects) {
	t.Helper()
	if _, _, err := read(t.Context(), objects, "catalogue/a.jpg", activities.Want{}); err != nil {
		t.Fatal(err)
	}
}

func TestRoleIsAssumedOnce(t *testing.T) {
	t.Parallel()
	srv, objects, c := roleWithClock(t)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if _, err := objects.Head(t.Context(), bucket, "catalogue/a.jpg"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c.advance(40 * time.Minute)
	mustRead(t, objects)
	if got := len(srv.TemporaryKeys()); got != 1 {
		t.Errorf("%d keys were handed out for one session, want 1", got)
	}
}

func TestRoleIsRenewedBeforeItEnds(t *testing.T) {
	t.Parallel()
	srv, objects, c := roleWithClock(t)
	mustRead(t, objects)
	first := srv.TemporaryKeys()
	c.advance(50 * time.Minute)
	mustRead(t, objects) // starts the renewal, and goes on with what it has
	waitFor(t, func() bool { return len(srv.TemporaryKeys()) == 2 })
	srv.RemoveKey(first[0])
	srv.ResetStats()
	waitFor(t, func() bool {
		mustRead(t, objects)
		return srv.Stats().Statuses[http.StatusOK] > 0
	})
	if got := srv.TemporaryKeys(); len(got) != 1 || slices.Contains(got, first[0]) {
		t.Errorf("keys are %v after the renewal of %v", got, first)
	}
}

func TestRoleThatEndedIsAssumedAgain(t *testing.T) {
	t.Parallel()
	srv, objects, c := roleWithClock(t)
	mustRead(t, objects)
	c.advance(2 * time.Hour)
	mustRead(t, objects)
	if got := len(srv.TemporaryKeys()); got != 2 {
		t.Errorf("%d keys were handed out, want 2", got)
	}
}

func TestRevokedSession(t *testing.T) {
	t.Parallel()
	srv, objects, c := roleWithClock(t)
	mustRead(t, objects)
	srv.RemoveKey(srv.TemporaryKeys()[0])
	if _, err := objects.Head(t.Context(), bucket, "catalogue/a.jpg"); !errors.Is(err, activities.ErrTurnedAway) {
		t.Errorf("error is %v: credentials that are refused at once would be refused again", err)
	}
	c.advance(time.Minute)
	mustRead(t, objects)
}

func TestRevokedSessionWhileWriting(t *testing.T) {
	t.Parallel()
	c := newClock()
	srv := roleServer(t)
	cfg := workerConfig(srv)
	cfg.RoleARN = workerRole
	ids, err := oss.NewWithClock(cfg, c.now)
	if err != nil {
		t.Fatal(err)
	}
	defer ids.Close()
	objects := as(t, ids, "")
	write := func() error {
		return objects.Put(t.Context(), bucket, "r", "", strings.NewReader("report"))
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	srv.RemoveKey(srv.TemporaryKeys()[0])
	c.advance(time.Minute)
	if err := write(); err != nil {
		t.Errorf("a body that can be rewound is written again: %v", err)
	}
	if got, err := srv.Object(bucket, "r"); err != nil || string(got) != "report" {
		t.Errorf("object is %q, %v", got, err)
	}
}

func TestLinkEndsWithTheSession(t *testing.T) {
	t.Parallel()
	srv, objects, c := roleWithClock(t)
	link, expires, err := objects.SignGet(t.Context(), bucket, "catalogue/a.jpg", 2*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(expires); left > time.Hour || left < 59*time.Minute {
		t.Errorf("link lasts %s, want the hour of the session", left)
	}
	if status, body := follow(t, http.MethodGet, link, ""); status != http.StatusOK {
		t.Errorf("link of a role: %d %s", status, body)
	}
	c.advance(20 * time.Minute)
	if _, _, err := objects.SignGet(t.Context(), bucket, "catalogue/a.jpg", 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := len(srv.TemporaryKeys()); got != 2 {
		t.Errorf("%d keys were handed out; a long link deserves a fresh session", got)
	}
}

// waitFor polls without sleeping: what it waits for takes a few round trips.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for !done() {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
}
