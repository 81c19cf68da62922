package oss_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/oss"
	"imagebatch/testsuite/ossserver"
)

// follow uses a link as a stranger with an HTTP client would.
func follow(t *testing.T, method, link, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, link, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for name, change := range signatures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			srv := startServer(t, func(o *ossserver.Options) { o.Now = clock.now })
			cfg := rootConfig(srv)
			change(&cfg)
			objects := own(t, cfg)
			const key = "uploads/查询 1.jpg"
			up, _, err := objects.SignPut(t.Context(), bucket, key, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			if status, body := follow(t, http.MethodPut, up, "picture"); status != http.StatusOK {
				t.Fatalf("put by link: %d %s", status, body)
			}
			down, expires, err := objects.SignGet(t.Context(), bucket, key, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			if left := time.Until(expires); left > time.Hour || left < time.Hour-time.Minute {
				t.Errorf("link lasts %s, want an hour", left)
			}
			if status, body := follow(t, http.MethodGet, down, ""); status != http.StatusOK || body != "picture" {
				t.Errorf("get by link: %d %q", status, body)
			}
			if status, _ := follow(t, http.MethodPut, down, "x"); status != http.StatusForbidden {
				t.Errorf("put by a link for reading: %d", status)
			}
			if status, _ := follow(t, http.MethodGet, strings.Replace(down, "uploads", "uploadz", 1), ""); status != http.StatusForbidden {
				t.Errorf("link made to point elsewhere: %d", status)
			}
			clock.advance(time.Until(expires) - time.Second)
			if status, _ := follow(t, http.MethodGet, down, ""); status != http.StatusOK {
				t.Errorf("just before the end: %d", status)
			}
			clock.advance(4 * time.Second)
			if status, _ := follow(t, http.MethodGet, down, ""); status != http.StatusForbidden {
				t.Errorf("after the end: %d", status)
			}
		})
	}
}

func TestLinksGoToThePublicEndpoint(t *testing.T) {
	t.Parallel()
	cfg := oss.Config{
		Endpoint: "https://oss-cn-shanghai-internal.aliyuncs.com", PublicEndpoint: "oss-cn-shanghai.aliyuncs.com",
		Region: "cn-shanghai", AccessKeyID: "id", AccessKeySecret: "secret",
	}
	link, _, err := own(t, cfg).SignGet(t.Context(), bucket, "a", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := u.Scheme+"://"+u.Host, "https://pictures.oss-cn-shanghai.aliyuncs.com"; got != want {
		t.Errorf("link goes to %s, want %s", got, want)
	}
}

func TestLinkLimits(t *testing.T) {
	t.Parallel()
	objects := own(t, oss.Config{Endpoint: "https://oss.example", Region: "cn-shanghai", AccessKeyID: "id", AccessKeySecret: "secret"})
	if _, expires, err := objects.SignGet(t.Context(), bucket, "a", 365*24*time.Hour); err != nil || time.Until(expires) > 7*24*time.Hour {
		t.Errorf("a year's link: expires %s, %v; want a week at most", expires, err)
	}
	if _, _, err := objects.SignGet(t.Context(), bucket, "a", time.Millisecond); err == nil {
		t.Error("a link that has expired when it is made was made")
	}
	if _, _, err := objects.SignPut(t.Context(), bucket, "", time.Hour); !errors.Is(err, activities.ErrNoSuchObject) {
		t.Errorf("error is %v, want no such object", err)
	}
	if _, _, err := objects.SignGet(t.Context(), "B", "a", time.Hour); !errors.Is(err, activities.ErrNoSuchBucket) {
		t.Errorf("error is %v, want no such bucket", err)
	}
}
