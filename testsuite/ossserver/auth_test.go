package ossserver_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"imagebatch/testsuite/ossserver"
)

// dialing reaches the server under any name.
func dialing(srv *ossserver.Server) *http.Client {
	address := strings.TrimPrefix(srv.Endpoint(), "http://")
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}}
}

// rewriting changes requests after they were signed.
type rewriting func(*http.Request)

func (f rewriting) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	f(r)
	return http.DefaultTransport.RoundTrip(r)
}

func TestSignatureInHeader(t *testing.T) {
	t.Parallel()
	temporary := ossserver.Key{ID: "STS.temporary", Secret: "temporary-secret", Token: "token", Rules: ossserver.Root.Rules}
	expired := ossserver.Key{ID: "STS.expired", Secret: "expired-secret", Token: "token", Expires: time.Now().Add(-time.Minute), Rules: ossserver.Root.Rules}
	srv := start(t, ossserver.Options{Keys: []ossserver.Key{ossserver.Root, temporary, expired}})
	with := func(k ossserver.Key, change func(*ossserver.Key)) ossserver.Key {
		change(&k)
		return k
	}
	for name, tc := range map[string]struct {
		key     ossserver.Key
		rewrite func(*http.Request)
		status  int // 0: accepted
		code    string
	}{
		"Right":          {key: ossserver.Root},
		"RightTemporary": {key: temporary},
		"UnknownID":      {key: ossserver.Key{ID: "nobody", Secret: "x"}, status: 403, code: "InvalidAccessKeyId"},
		"WrongSecret":    {key: with(ossserver.Root, func(k *ossserver.Key) { k.Secret = "x" }), status: 403, code: "SignatureDoesNotMatch"},
		"NoToken":        {key: with(temporary, func(k *ossserver.Key) { k.Token = "" }), status: 403, code: "InvalidAccessKeyId"},
		"WrongToken":     {key: with(temporary, func(k *ossserver.Key) { k.Token = "x" }), status: 403, code: "InvalidAccessKeyId"},
		"NeedlessToken":  {key: with(ossserver.Root, func(k *ossserver.Key) { k.Token = "x" }), status: 403, code: "InvalidAccessKeyId"},
		"Expired":        {key: expired, status: 403, code: "SecurityTokenExpired"},
		"OtherPath":      {key: ossserver.Root, rewrite: func(r *http.Request) { r.URL.Path += "x"; r.URL.RawPath = "" }, status: 403, code: "SignatureDoesNotMatch"},
		"OtherMethod":    {key: ossserver.Root, rewrite: func(r *http.Request) { r.Method = http.MethodGet; r.Body = nil; r.ContentLength = 0 }, status: 403, code: "SignatureDoesNotMatch"},
		"OtherType":      {key: ossserver.Root, rewrite: func(r *http.Request) { r.Header.Set("Content-Type", "text/evil") }, status: 403, code: "SignatureDoesNotMatch"},
		"OtherHeader":    {key: ossserver.Root, rewrite: func(r *http.Request) { r.Header.Set("X-Oss-Forbid-Overwrite", "true") }, status: 403, code: "SignatureDoesNotMatch"},
		"OtherDate": {key: ossserver.Root, rewrite: func(r *http.Request) {
			r.Header.Set("Date", time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat))
		}, status: 403, code: "SignatureDoesNotMatch"},
		"OldDate": {key: ossserver.Root, rewrite: func(r *http.Request) {
			r.Header.Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		}, status: 403, code: "RequestTimeTooSkewed"},
		"NoDate":       {key: ossserver.Root, rewrite: func(r *http.Request) { r.Header.Del("Date") }, status: 403, code: "AccessDenied"},
		"Anonymous":    {key: ossserver.Root, rewrite: func(r *http.Request) { r.Header.Del("Authorization") }, status: 403, code: "AccessDenied"},
		"OtherScheme":  {key: ossserver.Root, rewrite: func(r *http.Request) { r.Header.Set("Authorization", "Basic eDp4") }, status: 400, code: "InvalidArgument"},
		"CutSignature": {key: ossserver.Root, rewrite: func(r *http.Request) { a := r.Header.Get("Authorization"); r.Header.Set("Authorization", a[:len(a)-1]) }, status: 403, code: "SignatureDoesNotMatch"},
	} {
		for version, options := range versions {
			t.Run(name+version, func(t *testing.T) {
				t.Parallel()
				if tc.rewrite != nil {
					options = append([]oss.ClientOption{oss.HTTPClient(&http.Client{Transport: rewriting(tc.rewrite)})}, options...)
				}
				err := inBucket(t, client(t, srv.Endpoint(), tc.key, options...)).PutObject("a", strings.NewReader("a"), oss.ContentType("image/png"))
				if tc.status == 0 {
					if err != nil {
						t.Errorf("refused: %v", err)
					}
					return
				}
				refused(t, err, tc.status, tc.code)
			})
		}
	}
}

func TestV4Scope(t *testing.T) {
	t.Parallel()
	srv := start(t, ossserver.Options{})
	wrong := client(t, srv.Endpoint(), ossserver.Root, oss.AuthVersion(oss.AuthV4), oss.Region("cn-beijing"))
	_, err := wrong.GetBucketLocation(bucketName)
	refused(t, err, 400, "InvalidArgument")
	more := client(t, srv.Endpoint(), ossserver.Root, oss.AuthVersion(oss.AuthV4), oss.Region("cn-shanghai"), oss.AdditionalHeaders([]string{"host", "User-Agent"}))
	if _, err := more.GetBucketLocation(bucketName); err != nil {
		t.Errorf("with additional headers under the signature: %v", err)
	}
	v2 := client(t, srv.Endpoint(), ossserver.Root, oss.AuthVersion(oss.AuthV2))
	_, err = v2.GetBucketLocation(bucketName)
	refused(t, err, 400, "InvalidArgument")
}

func TestSignatureInLink(t *testing.T) {
	t.Parallel()
	temporary := ossserver.Key{ID: "STS.temporary", Secret: "temporary-secret", Token: "to/ken+=", Rules: ossserver.Root.Rules}
	for version, options := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			srv := start(t, ossserver.Options{Keys: []ossserver.Key{temporary}, Now: func() time.Time { return now }})
			if err := srv.PutObject(bucketName, "片/a b.jpg", "image/jpeg", []byte("a")); err != nil {
				t.Fatal(err)
			}
			b := inBucket(t, client(t, srv.Endpoint(), temporary, options...))
			link, err := b.SignURL("片/a b.jpg", oss.HTTPGet, 600, oss.ResponseContentType("text/plain"))
			if err != nil {
				t.Fatal(err)
			}
			status := func(link string, header map[string]string) (int, string) {
				resp, body := plain(t, http.MethodGet, link, "", header)
				return resp.StatusCode, body
			}
			if got, body := status(link, nil); got != 200 || body != "a" {
				t.Fatalf("link: %d %q", got, body)
			}
			if got, body := status(link, map[string]string{"Range": "bytes=0-0"}); got != 206 || body != "a" {
				t.Errorf("link with a range: %d %q", got, body)
			}
			for _, param := range []string{"Expires", "x-oss-expires", "security-token", "x-oss-security-token", "OSSAccessKeyId", "x-oss-credential", "Signature", "x-oss-signature", "x-oss-date", "response-content-type"} {
				changed := tampered(t, link, param)
				if changed == link {
					continue // of the other version
				}
				if got, body := status(changed, nil); got != 403 && got != 400 {
					t.Errorf("link with another %s: %d %q", param, got, body)
				}
			}
			if got, _ := status(link, map[string]string{"Authorization": "OSS a:b"}); got != 400 {
				t.Errorf("link and header together: %d", got)
			}
			now = now.Add(11 * time.Minute)
			if got, body := status(link, nil); got != 403 || !strings.Contains(body, "expired") {
				t.Errorf("expired link: %d %q", got, body)
			}
		})
	}
}

// tampered changes the value of one parameter, in a form that still parses.
func tampered(t *testing.T, link, param string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	old := query.Get(param)
	if old == "" {
		return link
	}
	if n, err := strconv.Atoi(old); err == nil {
		query.Set(param, strconv.Itoa(n+1))
	} else if param == "x-oss-date" {
		query.Set(param, old[:len(old)-2]+string('0'+(old[len(old)-2]-'0'+1)%10)+"Z")
	} else {
		query.Set(param, "x"+old)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func TestAccessRules(t *testing.T) {
	t.Parallel()
	reader := ossserver.Key{ID: "reader", Secret: "s", Rules: []ossserver.Rule{{Actions: []string{"oss:GetObject"}, Resources: []string{bucketName + "/in/*"}}}}
	lister := ossserver.Key{ID: "lister", Secret: "s", Rules: []ossserver.Rule{{Actions: []string{"oss:List*"}, Resources: []string{"acs:oss:*:*:" + bucketName}}}}
	nobody := ossserver.Key{ID: "nobody", Secret: "s"}
	srv := start(t, ossserver.Options{Keys: []ossserver.Key{reader, lister, nobody}})
	for _, key := range []string{"in/a", "out/a"} {
		if err := srv.PutObject(bucketName, key, "", []byte("a")); err != nil {
			t.Fatal(err)
		}
	}
	acts := map[string]func(*oss.Client, *oss.Bucket) error{
		"Get":      func(_ *oss.Client, b *oss.Bucket) error { _, err := get(b, "in/a"); return err },
		"Head":     func(_ *oss.Client, b *oss.Bucket) error { _, err := b.GetObjectDetailedMeta("in/a"); return err },
		"GetOther": func(_ *oss.Client, b *oss.Bucket) error { _, err := get(b, "out/a"); return err },
		"Put":      func(_ *oss.Client, b *oss.Bucket) error { return b.PutObject("in/b", strings.NewReader("b")) },
		"Delete":   func(_ *oss.Client, b *oss.Bucket) error { return b.DeleteObject("in/none") },
		"List":     func(_ *oss.Client, b *oss.Bucket) error { _, err := b.ListObjects(); return err },
		"Location": func(c *oss.Client, _ *oss.Bucket) error { _, err := c.GetBucketLocation(bucketName); return err },
		"Info":     func(c *oss.Client, _ *oss.Bucket) error { _, err := c.GetBucketInfo(bucketName); return err },
		"Buckets":  func(c *oss.Client, _ *oss.Bucket) error { _, err := c.ListBuckets(); return err },
		"Create":   func(c *oss.Client, _ *oss.Bucket) error { return c.CreateBucket("another-one") },
		"Drop":     func(c *oss.Client, _ *oss.Bucket) error { return c.DeleteBucket(bucketName) },
	}
	for _, tc := range []struct {
		key     ossserver.Key
		allowed string
	}{{reader, "Get Head"}, {lister, "List"}, {nobody, ""}} {
		c := client(t, srv.Endpoint(), tc.key)
		for name, act := range acts {
			err := act(c, inBucket(t, c))
			if strings.Contains(" "+tc.allowed+" ", " "+name+" ") {
				if err != nil {
					t.Errorf("%s may %s: %v", tc.key.ID, name, err)
				}
				continue
			}
			refused(t, err, 403, "AccessDenied")
		}
	}
	_, err := get(inBucket(t, client(t, srv.Endpoint(), reader)), "in/missing")
	refused(t, err, 404, "NoSuchKey")
}
