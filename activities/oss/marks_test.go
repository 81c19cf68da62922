package oss_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"imagebatch/activities"
)

// page answers everything alike, as what stands in front of a store does.
func page(status int, header map[string]string, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for name, value := range header {
			w.Header()[name] = []string{value}
		}
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, text)
		}
	}
}

// A success that is not the store's is no success, and nobody's fault that is
// asked for: it may pass.
func TestPagesAreNoAnswers(t *testing.T) {
	t.Parallel()
	const maintenance = "<html><body>Back in a minute</body></html>"
	html := map[string]string{"Content-Type": "text/html; charset=utf-8"}
	for name, answer := range map[string]http.HandlerFunc{
		"Page":             page(200, html, maintenance),
		"PageInCapitals":   page(200, map[string]string{"Content-Type": "TEXT/HTML;charset"}, maintenance),
		"StaticPage":       page(200, map[string]string{"Content-Type": "text/html", "Etag": `"5e5c9a2b-264"`, "Last-Modified": "Mon, 02 Mar 2020 05:40:27 GMT"}, maintenance),
		"PageOfABucket":    page(200, map[string]string{"Content-Type": "text/html", "Etag": "0e5751c026e543b2e8ab2eb06099daa1", minio: "17A6"}, ""),
		"XHTML":            page(200, map[string]string{"Content-Type": "application/xhtml+xml", "Etag": tenMD5}, "0123456789"),
		"JSON":             page(200, map[string]string{"Content-Type": "application/json", "Etag": `W/"19-tU8gEPWGMQqzmcVS4h3wzA"`}, `{"status":"maintenance"}`),
		"NoType":           page(200, map[string]string{"Content-Type": ""}, maintenance),
		"Picture":          page(200, map[string]string{"Content-Type": "image/png"}, "\x89PNG"),
		"PictureOfAProxy":  page(200, map[string]string{"Content-Type": "image/png", "Etag": `"5e5c9a2b-264"`}, "\x89PNG"),
		"Nothing":          page(200, nil, ""),
		"NoContent":        page(204, nil, ""),
		"NonAuthoritative": page(203, map[string]string{"Etag": tenMD5}, "0123456789"),
		"Accepted":         page(202, nil, ""),
		"EmptyRequestID":   page(200, map[string]string{"X-Oss-Request-Id": ""}, maintenance),
		"XML":              page(200, map[string]string{"Content-Type": "application/xml"}, "<status>down</status>"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := lookalike(t, answer)
			_, _, opened := read(t.Context(), objects, "a", activities.Want{})
			_, _, ranged := read(t.Context(), objects, "a", activities.Want{From: 2, To: 4})
			_, _, first := read(t.Context(), objects, "a", activities.Want{To: 1})
			_, _, matched := read(t.Context(), objects, "a", activities.Want{IfMatch: tenMD5})
			_, asked := objects.Head(t.Context(), bucket, "a")
			for verb, err := range map[string]error{
				"get": opened, "get of a range": ranged, "get of the first byte": first, "get if it matches": matched, "head": asked,
				"put": objects.Put(t.Context(), bucket, "a", "", strings.NewReader("b")),
			} {
				if !errors.Is(err, activities.ErrStranger) {
					t.Errorf("%s: error is %v, want that a stranger answered", verb, err)
					continue
				}
				if strings.Count(err.Error(), "; ") != 1 {
					t.Errorf("%s: error %q; want one remedy", verb, err)
				}
			}
			if region, err := objects.Region(t.Context(), bucket); err == nil {
				t.Errorf("region is %q, want an error", region)
			}
		})
	}
}

// Errors that speak for the store are those of the store.
func TestErrorPagesAreNoAnswers(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 404, 405, 407, 409, 410, 412, 416, 451} {
		objects := lookalike(t, page(status, map[string]string{"Content-Type": "text/html"}, "<html><p>no"))
		_, _, opened := objects.Open(t.Context(), bucket, "a", activities.Want{})
		for verb, err := range map[string]error{"get": opened, "put": objects.Put(t.Context(), bucket, "a", "", strings.NewReader("b"))} {
			if !errors.Is(err, activities.ErrStranger) {
				t.Errorf("%s with status %d: error is %v, want that a stranger answered", verb, status, err)
			}
		}
	}
}

func TestBodiesThatDifferFromTheirETag(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]map[string]string{
		"MD5":      {"Etag": otherMD5},
		"Quoted":   {"Etag": `"` + otherMD5 + `"`},
		"Marked":   {"Etag": otherMD5, minio: "17A6"},
		"Repacked": {"Etag": `W/"` + otherMD5 + `"`, "Content-Encoding": "gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, unsized := range []bool{false, true} {
				objects := lookalike(t, func(w http.ResponseWriter, _ *http.Request) {
					for name, value := range header {
						w.Header().Set(name, value)
					}
					_, _ = io.WriteString(w, "01234")
					if unsized {
						_ = http.NewResponseController(w).Flush()
					}
					_, _ = io.WriteString(w, "56789")
				})
				for _, want := range []activities.Want{{}, {To: 4}} {
					text, _, err := read(t.Context(), objects, "a", want)
					if err == nil || !strings.Contains(err.Error(), "checksum") {
						t.Errorf("%+v: read %q, error %v; want one about the checksum", want, text, err)
					}
				}
			}
		})
	}
}

// What a store says that it took must be what was sent.
func TestPutsThatDifferFromTheirETag(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		header map[string]string
		good   bool
	}{
		"MD5":       {map[string]string{"Etag": tenMD5}, true},
		"Parts":     {map[string]string{"Etag": otherMD5 + "-1"}, true},
		"Encrypted": {map[string]string{"Etag": otherMD5, "X-Amz-Server-Side-Encryption": "aws:kms"}, true},
		"OSS":       {map[string]string{"Etag": otherMD5, "X-Oss-Request-Id": "5C3D"}, true},
		"Other":     {map[string]string{"Etag": otherMD5, minio: "17A6"}, false},
		"OSSCRC":    {map[string]string{"Etag": tenMD5, "X-Oss-Request-Id": "5C3D", "X-Oss-Hash-Crc64ecma": "1"}, false},
	} {
		err := lookalike(t, page(200, tc.header, "")).Put(t.Context(), bucket, "a", "", strings.NewReader("0123456789"))
		if tc.good != (err == nil) {
			t.Errorf("%s: error is %v, want one: %v", name, err, !tc.good)
		}
	}
}

func TestPartsThatWereNotAskedFor(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		want activities.Want
		said string
		body string
		good bool
	}{
		"Middle":       {activities.Want{From: 3, To: 6}, "bytes 3-5/10", "345", true},
		"UnknownWhole": {activities.Want{From: 3, To: 6}, "bytes 3-5/*", "345", true},
		"Tail":         {activities.Want{From: 7}, "bytes 7-9/10", "789", true},
		"PastTheEnd":   {activities.Want{From: 7, To: 99}, "bytes 7-9/10", "789", true},
		"Whole":        {activities.Want{}, "bytes 0-9/10", "0123456789", false},
		"Elsewhere":    {activities.Want{From: 3, To: 6}, "bytes 2-4/10", "234", false},
		"Longer":       {activities.Want{From: 3, To: 6}, "bytes 3-6/10", "3456", false},
		"Shorter":      {activities.Want{From: 3, To: 6}, "bytes 3-4/10", "34", false},
		"ShortTail":    {activities.Want{From: 7}, "bytes 7-8/10", "78", false},
		"OtherLength":  {activities.Want{From: 3, To: 6}, "bytes 3-5/10", "34", false},
		"Unsaid":       {activities.Want{From: 3, To: 6}, "", "345", false},
		"SeveralParts": {activities.Want{From: 3, To: 6}, "--boundary", "345", false},
	} {
		objects := lookalike(t, page(206, map[string]string{"X-Oss-Request-Id": "5C3D", "Content-Range": tc.said}, tc.body))
		body, _, err := read(t.Context(), objects, "a", tc.want)
		if tc.good != (err == nil) || tc.good && body != tc.body {
			t.Errorf("%s: got %q, error %v; want %q and an error: %v", name, body, err, tc.body, !tc.good)
		}
	}
}

// A body that ends with its connection may be a piece of what it was.
func TestBodyWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"Nothing": "", "RequestID": "X-Oss-Request-Id: 5C3D\r\n", "Checksum": "X-Oss-Request-Id: 5C3D\r\nX-Oss-Hash-Crc64ecma: 1\r\n",
		"MD5": "ETag: " + otherMD5 + "\r\n",
	} {
		objects := lookalike(t, func(w http.ResponseWriter, _ *http.Request) {
			conn, wire, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = wire.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\n" + header + "\r\n0123")
			_ = wire.Flush()
		})
		if body, _, err := read(t.Context(), objects, "a", activities.Want{}); err == nil {
			t.Errorf("%s: read %q without an error", name, body)
		}
	}
}
