package oss_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/oss"
)

// lookalike serves whatever a case makes of an answer, to a V1 client.
func lookalike(t *testing.T, answer http.HandlerFunc) activities.Objects {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return own(t, oss.Config{Endpoint: srv.URL, AccessKeyID: "id", AccessKeySecret: "secret-of-id"})
}

const (
	minio    = "X-Amz-Request-Id"                 // on every answer of many a store that looks like OSS
	tenMD5   = "781e5e245d69b566979b86e28d23f2c7" // of 0123456789
	otherMD5 = "00112233445566778899aabbccddeeff"
)

// of puts the mark of a store on an answer.
func of(mark string, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(mark, "17A6D1C4")
		answer(w, r)
	}
}

func TestLookAlikes(t *testing.T) {
	t.Parallel()
	status := func(code int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	whole := func(header map[string]string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for k, v := range header {
				w.Header()[k] = []string{v}
			}
			_, _ = io.WriteString(w, "0123456789")
		}
	}
	for name, tc := range map[string]struct {
		reason string
		answer http.HandlerFunc
		want   activities.Want
		body   string
		is     error
	}{
		"NotFoundCode":     {answer: status(404, "application/xml", "<Error><Code>NotFound</Code></Error>"), is: activities.ErrNoSuchObject},
		"ForbiddenJSON":    {answer: of(minio, status(403, "application/json", `{"code":"x"}`)), is: activities.ErrDenied},
		"ForbiddenByWhom":  {answer: status(403, "application/json", `{"code":"x"}`), is: activities.ErrStranger},
		"BusyPage":         {answer: status(503, "text/html", "<html>busy"), is: activities.ErrThrottled},
		"EndlessError":     {answer: of(minio, status(412, "text/html", strings.Repeat("x", 1<<20))), is: activities.ErrChanged},
		"ChangedByWhom":    {answer: status(412, "text/html", "<html>"), is: activities.ErrStranger},
		"ForeignNamespace": {answer: status(404, "application/xml", `<Error xmlns="http://x"><Code>NoSuchBucket</Code></Error>`), is: activities.ErrNoSuchBucket},
		"NoChecksum":       {answer: whole(map[string]string{"Etag": tenMD5}), body: "0123456789"},
		"QuotedETag":       {answer: whole(map[string]string{"Etag": `"` + strings.ToUpper(tenMD5) + `"`}), body: "0123456789"},
		"PutInParts":       {answer: whole(map[string]string{"Etag": `"ffffffffffffffffffffffffffffffff-12"`}), body: "0123456789"},
		"OddETag":          {answer: whole(map[string]string{"Etag": "abc", minio: "17A6"}), body: "0123456789"},
		"EncryptedETag":    {answer: whole(map[string]string{"Etag": otherMD5, "X-Amz-Server-Side-Encryption": "aws:kms"}), body: "0123456789"},
		"OSSETag":          {answer: whole(map[string]string{"Etag": otherMD5, "X-Oss-Request-Id": "5C3D"}), body: "0123456789", reason: "OSS's ETag is no MD5 when an object was appended to"},
		"BareETag":         {answer: whole(map[string]string{"Etag": tenMD5}), want: activities.Want{IfMatch: `"` + strings.ToUpper(tenMD5) + `"`}, body: "0123456789"},
		"WeakETag":         {answer: whole(map[string]string{"Etag": `W/"` + tenMD5 + `"`}), want: activities.Want{IfMatch: tenMD5}, body: "0123456789"},
		"ConditionIgnored": {answer: whole(map[string]string{"Etag": tenMD5}), want: activities.Want{IfMatch: otherMD5}, is: activities.ErrChanged},
		"RangeIgnored":     {answer: whole(map[string]string{"Etag": tenMD5}), want: activities.Want{To: 4}, body: "0123", reason: "the head of the object is still what was asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, info, err := read(t.Context(), lookalike(t, tc.answer), "a", tc.want)
			if !errors.Is(err, tc.is) || err != nil && tc.is == nil {
				t.Fatalf("error is %v, want %v; %s", err, tc.is, tc.reason)
			}
			if err == nil && (body != tc.body || info.Size != int64(len(tc.body))) {
				t.Errorf("got %q, %+v; want %q; %s", body, info, tc.body, tc.reason)
			}
		})
	}
}

// A 404 to anything but HEAD comes from a store only with a document that says
// what is missing. Without, it is that of a proxy whose store is being restarted.
func TestNotFoundWithoutDocument(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{"Page": "<html><p>not found</html>", "Nothing": "", "NoCode": "<Error></Error>"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := lookalike(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, page)
			})
			_, _, opened := objects.Open(t.Context(), bucket, "a", activities.Want{})
			_, located := objects.Region(t.Context(), bucket)
			for verb, err := range map[string]error{
				"open": opened, "locate": located, "put": objects.Put(t.Context(), bucket, "a", "", strings.NewReader("b")),
			} {
				if err == nil || errors.Is(err, activities.ErrNoSuchObject) || errors.Is(err, activities.ErrNoSuchBucket) {
					t.Errorf("%s: error is %v, want a transient one", verb, err)
				} else if !strings.Contains(err.Error(), "404") || !strings.Contains(err.Error(), "check what answers") {
					t.Errorf("%s: error %q does not say what came and what to check", verb, err)
				}
			}
			if _, err := objects.Head(t.Context(), bucket, "a"); !errors.Is(err, activities.ErrNoSuchObject) {
				t.Errorf("head: error is %v, want no such object: such an answer never has a body", err)
			}
		})
	}
}

func TestRangeThatIsIgnored(t *testing.T) {
	t.Parallel()
	objects := lookalike(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", tenMD5)
		_, _ = io.WriteString(w, "0123456789")
	})
	_, _, err := objects.Open(t.Context(), bucket, "a", activities.Want{From: 3})
	if err == nil || !strings.Contains(err.Error(), "does not serve ranges") {
		t.Errorf("error is %v, want one about ranges", err)
	}
}

func TestUnknownSize(t *testing.T) {
	t.Parallel()
	objects := lookalike(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", "2e9ec317e197819358fbc43afca7d837") // of 01234567
		_, _ = io.WriteString(w, "0123")
		_ = http.NewResponseController(w).Flush() // so that no length is sent
		_, _ = io.WriteString(w, "4567")
	})
	body, info, err := read(t.Context(), objects, "a", activities.Want{})
	if err != nil || body != "01234567" || info.Size != -1 {
		t.Errorf("got %q, %+v, %v; want all of it and size -1", body, info, err)
	}
}

func TestChecksumThatDiffers(t *testing.T) {
	t.Parallel()
	for name, flush := range map[string]bool{"Sized": false, "Unsized": true} {
		objects := lookalike(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Oss-Request-Id", "5C3D9175B6FC201293AD")
			w.Header().Set("X-Oss-Hash-Crc64ecma", "1")
			if flush {
				_ = http.NewResponseController(w).Flush()
			}
			_, _ = io.WriteString(w, "0123456789")
		})
		rc, _, err := objects.Open(t.Context(), bucket, "a", activities.Want{})
		if err != nil {
			t.Fatal(err)
		}
		defer rc.Close()
		// As the caller reads: exactly so many bytes.
		n, err := io.ReadFull(rc, make([]byte, 10))
		if name == "Unsized" && err == nil {
			_, err = rc.Read(make([]byte, 1))
		}
		if err == nil || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("%s: read %d bytes, error %v; want one about the checksum", name, n, err)
		}
	}
}

func TestStoreThatQuotesSecrets(t *testing.T) {
	t.Parallel()
	objects := lookalike(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<Error><Code>SignatureDoesNotMatch</Code><Message>you sent %s</Message><StringToSign>%s</StringToSign></Error>",
			r.Header.Get("Authorization"), r.Header.Get("Authorization"))
	})
	_, _, err := objects.Open(t.Context(), bucket, "a", activities.Want{})
	if !errors.Is(err, activities.ErrTurnedAway) || strings.Contains(fmt.Sprintf("%v %+v", err, err), "OSS id:") {
		t.Errorf("error is %v, want that the worker is turned away, without the signature", err)
	}
}

func TestLocationOfLookAlikes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"<LocationConstraint>oss-cn-shanghai</LocationConstraint>":          "cn-shanghai",
		"<LocationConstraint>oss-cn-shanghai-internal</LocationConstraint>": "cn-shanghai",
		"<LocationConstraint>cn-shanghai</LocationConstraint>":              "cn-shanghai",
		"<LocationConstraint>\n eu-west-1\n</LocationConstraint>":           "eu-west-1",
		`<LocationConstraint xmlns="http://x"/>`:                            "",
	} {
		got, err := lookalike(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }).Region(t.Context(), bucket)
		if err != nil || got != want {
			t.Errorf("%s: region is %q, %v; want %q", body, got, err, want)
		}
	}
}
