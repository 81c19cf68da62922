package ossserver_test

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"imagebatch/testsuite/ossserver"
)

func TestObjects(t *testing.T) {
	t.Parallel()
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, ossserver.Options{})
			b := inBucket(t, client(t, srv.Endpoint(), ossserver.Root, version...))
			for _, key := range []string{"a", "a/", "a/b", "../../up", "图 片/+&=?#%41.jpg", "?begins", strings.Repeat("long", 255), "tab\tkey"} {
				content := "content of " + key
				if err := b.PutObject(key, strings.NewReader(content), oss.ContentType("image/x-test"), oss.Meta("from", "test"), oss.CacheControl("no-store")); err != nil {
					t.Fatalf("put %q: %v", key, err)
				}
				var h http.Header
				if got, err := get(b, key, oss.GetResponseHeader(&h)); err != nil || got != content {
					t.Fatalf("get %q: %q, %v", key, got, err)
				}
				sum := md5.Sum([]byte(content))
				for header, want := range map[string]string{
					"ETag":            `"` + strings.ToUpper(hex.EncodeToString(sum[:])) + `"`,
					"Content-Type":    "image/x-test",
					"X-Oss-Meta-From": "test",
					"Cache-Control":   "no-store",
				} {
					if h.Get(header) != want {
						t.Errorf("%q: header %s is %q, want %q", key, header, h.Get(header), want)
					}
				}
				head, err := b.GetObjectDetailedMeta(key)
				if err != nil || head.Get("ETag") != h.Get("ETag") || head.Get("Content-Length") != h.Get("Content-Length") {
					t.Errorf("head %q: %v, %v", key, head, err)
				}
				if head.Get("Last-Modified") == "" || head.Get("X-Oss-Hash-Crc64ecma") == "" {
					t.Errorf("head %q lacks headers: %v", key, head)
				}
			}
			if err := b.DeleteObject("a"); err != nil {
				t.Fatal(err)
			}
			if err := b.DeleteObject("a"); err != nil {
				t.Errorf("deleting what is gone: %v", err)
			}
			_, err := get(b, "a")
			refused(t, err, 404, "NoSuchKey")
			_, err = b.GetObjectDetailedMeta("a")
			refused(t, err, 404, "NoSuchKey")
			if got, err := get(b, "a/b"); err != nil || got != "content of a/b" {
				t.Errorf("neighbour of what was deleted: %q, %v", got, err)
			}
		})
	}
}

// The SDK compares its checksum with the server's and with Content-MD5 on.
func TestChecksums(t *testing.T) {
	t.Parallel()
	srv := start(t, ossserver.Options{})
	b := inBucket(t, client(t, srv.Endpoint(), ossserver.Root, oss.EnableCRC(true), oss.EnableMD5(true)))
	if err := b.PutObject("a", strings.NewReader("content")); err != nil {
		t.Error(err)
	}
	if err := b.GetObjectToFile("a", t.TempDir()+"/a"); err != nil {
		t.Errorf("download with checksum: %v", err)
	}
	other := md5.Sum([]byte("other"))
	err := b.PutObject("a", strings.NewReader("tampered"), oss.ContentMD5(base64.StdEncoding.EncodeToString(other[:])))
	refused(t, err, 400, "InvalidDigest")
	err = b.PutObject("a", strings.NewReader("tampered"), oss.ContentMD5("not base64"))
	refused(t, err, 400, "InvalidDigest")
	if got, err := get(b, "a"); err != nil || got != "content" {
		t.Errorf("object is %q, %v after refused puts", got, err)
	}
}

func TestForbidOverwrite(t *testing.T) {
	t.Parallel()
	b := rootBucket(t, start(t, ossserver.Options{}))
	if err := b.PutObject("a", strings.NewReader("1"), oss.ForbidOverWrite(true)); err != nil {
		t.Fatal(err)
	}
	refused(t, b.PutObject("a", strings.NewReader("2"), oss.ForbidOverWrite(true)), 409, "FileAlreadyExists")
}

func TestNames(t *testing.T) {
	t.Parallel()
	b := rootBucket(t, start(t, ossserver.Options{}))
	for _, key := range []string{"/a", `\a`, "a\xff", strings.Repeat("k", 1024)} {
		refused(t, b.PutObject(key, strings.NewReader("x")), 400, "InvalidObjectName")
	}
	for name, code := range map[string]string{"No_Bucket": "InvalidBucketName", "ab": "InvalidBucketName", "-abc": "InvalidBucketName", "not-here": "NoSuchBucket"} {
		// Past the SDK's own check of the name.
		_, err := b.Client.Conn.Do(http.MethodGet, name, "a", nil, nil, nil, 0, nil)
		refused(t, err, map[string]int{"InvalidBucketName": 400, "NoSuchBucket": 404}[code], code)
	}
}

func TestWhatIsNotSupportedIsSaid(t *testing.T) {
	t.Parallel()
	b := rootBucket(t, start(t, ossserver.Options{}))
	_, err := b.CopyObject("a", "b")
	refused(t, err, 501, "NotImplemented")
	_, err = get(b, "a", oss.Process("image/resize,w_100"))
	refused(t, err, 501, "NotImplemented")
	_, err = b.AppendObject("a", strings.NewReader("x"), 0)
	refused(t, err, 501, "NotImplemented")
}

func TestRangesAndConditions(t *testing.T) {
	t.Parallel()
	b := rootBucket(t, start(t, ossserver.Options{}))
	if err := b.PutObject("ten", strings.NewReader("0123456789")); err != nil {
		t.Fatal(err)
	}
	head, err := b.GetObjectDetailedMeta("ten")
	if err != nil {
		t.Fatal(err)
	}
	etag, modified := head.Get("ETag"), head.Get("Last-Modified")
	at, err := http.ParseTime(modified)
	if err != nil {
		t.Fatal(err)
	}
	standard := oss.RangeBehavior("standard")
	for name, tc := range map[string]struct {
		options []oss.Option
		status  int
		body    string
		span    string
		code    string
	}{
		"Middle":             {options: []oss.Option{oss.Range(2, 4)}, status: 206, body: "234", span: "bytes 2-4/10"},
		"FromFive":           {options: []oss.Option{oss.NormalizedRange("5-")}, status: 206, body: "56789", span: "bytes 5-9/10"},
		"LastThree":          {options: []oss.Option{oss.NormalizedRange("-3")}, status: 206, body: "789", span: "bytes 7-9/10"},
		"LastThirty":         {options: []oss.Option{oss.NormalizedRange("-30")}, status: 206, body: "0123456789", span: "bytes 0-9/10"},
		"PastEnd":            {options: []oss.Option{oss.Range(5, 50)}, status: 200, body: "0123456789"},
		"PastEndStandard":    {options: []oss.Option{oss.Range(5, 50), standard}, status: 206, body: "56789", span: "bytes 5-9/10"},
		"Beyond":             {options: []oss.Option{oss.Range(10, 12)}, status: 200, body: "0123456789"},
		"BeyondStandard":     {options: []oss.Option{oss.Range(10, 12), standard}, code: "InvalidRange", status: 416},
		"FromBeyondStandard": {options: []oss.Option{oss.NormalizedRange("10-"), standard}, code: "InvalidRange", status: 416},
		"NoneStandard":       {options: []oss.Option{oss.NormalizedRange("-0"), standard}, code: "InvalidRange", status: 416},
		"Backwards":          {options: []oss.Option{oss.NormalizedRange("4-2")}, status: 200, body: "0123456789"},
		"Nonsense":           {options: []oss.Option{oss.NormalizedRange("x-y"), standard}, status: 200, body: "0123456789"},
		"Several":            {options: []oss.Option{oss.NormalizedRange("1-2,4-5")}, status: 200, body: "0123456789"},
		"Match":              {options: []oss.Option{oss.IfMatch(etag)}, status: 200, body: "0123456789"},
		"MatchBare":          {options: []oss.Option{oss.IfMatch(strings.Trim(etag, `"`))}, status: 200, body: "0123456789"},
		"MatchAny":           {options: []oss.Option{oss.IfMatch("*")}, status: 200, body: "0123456789"},
		"MatchOther":         {options: []oss.Option{oss.IfMatch(`"00"`)}, status: 412, code: "PreconditionFailed"},
		"MatchOtherRange":    {options: []oss.Option{oss.IfMatch(`"00"`), oss.Range(0, 1)}, status: 412, code: "PreconditionFailed"},
		"NoneMatch":          {options: []oss.Option{oss.IfNoneMatch(etag)}, status: 304},
		"NoneMatchOther":     {options: []oss.Option{oss.IfNoneMatch(`"00"`)}, status: 200, body: "0123456789"},
		"ModifiedSince":      {options: []oss.Option{oss.IfModifiedSince(at)}, status: 304},
		"UnmodifiedSince":    {options: []oss.Option{oss.IfUnmodifiedSince(at)}, status: 200, body: "0123456789"},
		"UnmodifiedBefore":   {options: []oss.Option{oss.IfUnmodifiedSince(at.AddDate(0, 0, -1))}, status: 412, code: "PreconditionFailed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := b.DoGetObject(&oss.GetObjectRequest{ObjectKey: "ten"}, tc.options)
			switch {
			case tc.code != "":
				refused(t, err, tc.status, tc.code)
				return
			case tc.status == 304:
				if err == nil || !strings.Contains(err.Error(), "304") {
					t.Errorf("error is %v, want 304", err)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			defer result.Response.Close()
			body := make([]byte, 20)
			n, _ := result.Response.Body.Read(body)
			if result.Response.StatusCode != tc.status || string(body[:n]) != tc.body {
				t.Errorf("got %d %q, want %d %q", result.Response.StatusCode, body[:n], tc.status, tc.body)
			}
			if got := result.Response.Headers.Get("Content-Range"); got != tc.span {
				t.Errorf("Content-Range is %q, want %q", got, tc.span)
			}
		})
	}
}

// Readers see one version of an object, whatever is written meanwhile.
func TestReadersDoNotSeeTornObjects(t *testing.T) {
	t.Parallel()
	srv := start(t, ossserver.Options{})
	b := rootBucket(t, srv)
	version := func(n int) string { return strings.Repeat(string(rune('a'+n)), 40_000+n) }
	if err := b.PutObject("k", strings.NewReader(version(0))); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for range 10 {
				if err := b.PutObject("k", strings.NewReader(version(n))); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for range 10 {
				got, err := get(b, "k")
				if err != nil || got != version(int(got[0]-'a')) {
					t.Errorf("read %d bytes, %v", len(got), err)
				}
			}
		})
	}
	all.Wait()
	if got := srv.Keys(bucketName, ""); len(got) != 1 {
		t.Errorf("keys are %q", got)
	}
}
