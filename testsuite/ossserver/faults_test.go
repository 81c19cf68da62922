package ossserver_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"imagebatch/testsuite/ossserver"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	srv := start(t, ossserver.Options{})
	b := rootBucket(t, srv)
	content := strings.Repeat("x", 100_000)
	for _, key := range []string{"bad/a", "good/a"} {
		if err := b.PutObject(key, strings.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	set := func(t *testing.T, rules ...ossserver.Fault) {
		t.Helper()
		if err := srv.SetFaults(rules...); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("Status", func(t *testing.T) {
		set(t, ossserver.Fault{Pattern: bucketName + "/bad/*", Method: http.MethodGet, Status: 503, Code: "ServiceUnavailable"})
		_, err := get(b, "bad/a")
		refused(t, err, 503, "ServiceUnavailable")
		if _, err := get(b, "good/a"); err != nil {
			t.Errorf("other key: %v", err)
		}
		if _, err := b.GetObjectDetailedMeta("bad/a"); err != nil {
			t.Errorf("other method: %v", err)
		}
	})
	t.Run("Times", func(t *testing.T) {
		set(t, ossserver.Fault{Status: 500, Times: 2})
		for range 2 {
			_, err := get(b, "bad/a")
			refused(t, err, 500, "InternalError")
		}
		if _, err := get(b, "bad/a"); err != nil {
			t.Errorf("third time: %v", err)
		}
		if got := srv.Faults()[0].Applied; got != 2 {
			t.Errorf("applied %d times, want 2", got)
		}
	})
	t.Run("FirstRuleThatMatches", func(t *testing.T) {
		set(t, ossserver.Fault{Pattern: "*/good/?", Status: 429, Code: "TooManyRequests"}, ossserver.Fault{Status: 500})
		_, err := get(b, "good/a")
		refused(t, err, 429, "TooManyRequests")
		_, err = get(b, "bad/a")
		refused(t, err, 500, "InternalError")
	})
	t.Run("CutAfter", func(t *testing.T) {
		for _, n := range []int64{0, 1, 50_000} {
			set(t, ossserver.Fault{CutAfter: &n})
			got, err := get(b, "bad/a")
			if err == nil || int64(len(got)) > n {
				t.Errorf("read %d bytes, %v; want %d at most and an error", len(got), err, n)
			}
		}
		whole := int64(len(content))
		set(t, ossserver.Fault{CutAfter: &whole})
		if got, err := get(b, "bad/a"); err != nil || got != content {
			t.Errorf("cut at its end: %d bytes, %v", len(got), err)
		}
	})
	t.Run("Reset", func(t *testing.T) {
		set(t, ossserver.Fault{Reset: true})
		_, err := get(b, "bad/a")
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
			t.Errorf("error is %v, want a reset", err)
		}
	})
	t.Run("Page", func(t *testing.T) {
		for status, want := range map[int]int{0: 200, 404: 404} {
			set(t, ossserver.Fault{Page: true, Status: status})
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut} {
				resp, text := plain(t, method, srv.Endpoint()+"/"+bucketName+"/bad/a", "body", nil)
				if resp.StatusCode != want || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") || resp.Header.Get("X-Oss-Request-Id") != "" {
					t.Errorf("%s: status %d, header %v; want a page", method, resp.StatusCode, resp.Header)
				}
				if method != http.MethodHead && !strings.Contains(text, "<html>") {
					t.Errorf("%s: body %q", method, text)
				}
			}
		}
		set(t)
		if got, err := get(b, "bad/a"); err != nil || got != content {
			t.Errorf("a put that was answered with a page changed the object: %d bytes, %v", len(got), err)
		}
	})
	t.Run("Delay", func(t *testing.T) {
		set(t, ossserver.Fault{DelayMS: 50})
		began := time.Now()
		if _, err := get(b, "bad/a"); err != nil || time.Since(began) < 50*time.Millisecond {
			t.Errorf("answered after %s, %v", time.Since(began), err)
		}
	})
	t.Run("SameSeedSameSequence", func(t *testing.T) {
		run := func(seed uint64) (failed []bool) {
			set(t, ossserver.Fault{Status: 500, Probability: 0.5, Seed: seed})
			for range 40 {
				_, err := b.GetObjectDetailedMeta("bad/a")
				failed = append(failed, err != nil)
			}
			return failed
		}
		first, again, other := run(7), run(7), run(8)
		if !slices.Equal(first, again) || slices.Equal(first, other) {
			t.Errorf("seed 7 gave %v and %v, seed 8 %v", first, again, other)
		}
		if !slices.Contains(first, true) || !slices.Contains(first, false) {
			t.Errorf("half the time is %v", first)
		}
	})
	t.Run("Refused", func(t *testing.T) {
		below := int64(-1)
		for _, f := range []ossserver.Fault{{Probability: 1.1}, {Probability: -0.1}, {Status: 200}, {Status: 600}, {Page: true, Status: 199}, {DelayMS: -1}, {Times: -1}, {CutAfter: &below}} {
			if err := srv.SetFaults(f); err == nil {
				t.Errorf("%+v was accepted", f)
			}
		}
	})
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	srv := start(t, ossserver.Options{})
	b := rootBucket(t, srv)
	put := func(body string) int {
		resp, _ := plain(t, http.MethodPut, srv.AdminEndpoint()+"/-/faults", body, nil)
		return resp.StatusCode
	}
	if status := put(`[{"pattern": "*", "status": 503, "code": "SlowDown", "times": 1}]`); status != 204 {
		t.Fatalf("put of faults: %d", status)
	}
	refused(t, b.PutObject("a", strings.NewReader("x")), 503, "SlowDown")
	if err := b.PutObject("a", strings.NewReader("xyz")); err != nil {
		t.Fatal(err)
	}
	if _, err := get(b, "a"); err != nil {
		t.Fatal(err)
	}
	var rules []ossserver.Fault
	_, body := plain(t, http.MethodGet, srv.AdminEndpoint()+"/-/faults", "", nil)
	if err := json.Unmarshal([]byte(body), &rules); err != nil || len(rules) != 1 || rules[0].Applied != 1 {
		t.Errorf("faults are %s, %v", body, err)
	}
	var stats ossserver.Stats
	_, body = plain(t, http.MethodGet, srv.AdminEndpoint()+"/-/stats", "", nil)
	if err := json.Unmarshal([]byte(body), &stats); err != nil {
		t.Fatal(err)
	}
	if stats.Requests[http.MethodPut] != 2 || stats.Statuses[503] != 1 || stats.Statuses[200] != 2 || stats.Faults != 1 || stats.BytesOut < 3 || stats.Connections == 0 {
		t.Errorf("stats are %s", body)
	}
	for _, wrong := range []string{`{}`, `[{"patern": "x"}]`, `[{"status": 1}]`, `not json`} {
		if status := put(wrong); status != 400 {
			t.Errorf("put of %s: %d, want 400", wrong, status)
		}
	}
	for _, path := range []string{"/-/faults", "/-/stats"} {
		if resp, _ := plain(t, http.MethodDelete, srv.AdminEndpoint()+path, "", nil); resp.StatusCode != 204 {
			t.Errorf("delete of %s: %d", path, resp.StatusCode)
		}
	}
	if len(srv.Faults()) != 0 || srv.Stats().Faults != 0 {
		t.Errorf("left over: %+v, %+v", srv.Faults(), srv.Stats())
	}
	resp, _ := plain(t, http.MethodGet, srv.Endpoint()+"/-/faults", "", nil)
	if resp.StatusCode != 403 {
		t.Errorf("the object store answers for the admin door: %d", resp.StatusCode)
	}
}

func TestAdminIsForLoopback(t *testing.T) {
	t.Parallel()
	for _, opt := range []ossserver.Options{{AdminListen: "0.0.0.0:0"}, {STSListen: ":0"}} {
		opt.Dir = t.TempDir()
		srv, err := ossserver.Start(opt)
		if err == nil {
			t.Errorf("%+v was accepted", opt)
			_ = srv.Close()
		}
	}
}

// A handler without listeners serves tests that bring their own.
func TestHandlerAlone(t *testing.T) {
	t.Parallel()
	srv, err := ossserver.New(ossserver.Options{Dir: t.TempDir(), Buckets: map[string]string{bucketName: ""}})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.PutObject(bucketName, "a", "text/plain", []byte("a")); err != nil {
		t.Fatal(err)
	}
	c := client(t, "http://127.0.0.1:1", ossserver.Root, oss.HTTPClient(&http.Client{Transport: inProcess{srv}}))
	if got, err := get(inBucket(t, c), "a"); err != nil || got != "a" {
		t.Errorf("got %q, %v", got, err)
	}
}
