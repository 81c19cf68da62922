package oss

import (
	"mime"
	"net/http"
	"regexp"
	"strings"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"imagebatch/activities"
)

// A success is one of the store only with the store's marks. OSS puts an id on
// every answer; a store that looks like it names at least what it holds, by an
// ETag that fits. What stands between us and the store (a proxy, a portal to log
// in to, a filter) has pages for everything that is asked of it, a PUT included.

// marked tells whether an answer says of itself that it is one of OSS.
// Source: https://www.alibabacloud.com/help/en/oss/developer-reference/common-http-headers
func marked(h http.Header) bool { return h.Get(oss.HTTPHeaderOssRequestID) != "" }

// lookAlikeMark is on every answer of S3 and of the many stores that look like it.
const lookAlikeMark = "X-Amz-Request-Id"

var (
	wholeETag = regexp.MustCompile(`^[0-9A-Fa-f]{32}$`)            // MD5 of the content
	partsETag = regexp.MustCompile(`^[0-9A-Fa-f]{32}-[0-9]{1,5}$`) // of an object put in parts
)

// contentMD5 is the MD5 of the object's content, in hex, where the ETag of a
// store that looks like OSS is that; else empty. OSS's own is not relied on: its
// objects can be appended to and encrypted, and have a checksum of their own.
func contentMD5(h http.Header) string {
	if marked(h) || encrypted(h) {
		return ""
	}
	if tag := bareETag(h.Get("ETag")); wholeETag.MatchString(tag) {
		return strings.ToLower(tag)
	}
	return ""
}

// encrypted objects have ETags that say nothing of their content.
func encrypted(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(name, "X-Amz-Server-Side-Encryption") {
			return true
		}
	}
	return false
}

// foreign says what is wrong with a success that is not one of an object store,
// or nothing. What it says of the body is checked as the body is read.
func foreign(r *http.Request, resp *http.Response) string {
	h := resp.Header
	object := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodPut
	switch {
	case object && resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent:
		return "no store says so"
	case endless(r, resp):
		return "it has neither a length nor a checksum: its end cannot be told from a break"
	case marked(h):
		return ""
	case isPage(h):
		return "it is a page"
	case !object || asksOfBucket(r):
		return "" // a document, whose root element is looked at
	}
	switch tag := bareETag(h.Get("ETag")); {
	case tag == "":
		return "it has neither a request id of OSS nor an ETag"
	case !wholeETag.MatchString(tag) && !partsETag.MatchString(tag) && h.Get(lookAlikeMark) == "":
		return "it has no request id of OSS, and its ETag is not one of an object"
	}
	return ""
}

func isPage(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind, _, _ = strings.Cut(strings.ToLower(h.Get("Content-Type")), ";")
		kind = strings.TrimSpace(kind)
	}
	return kind == "text/html" || kind == "application/xhtml+xml"
}

// asksOfBucket tells a question about a bucket from one about an object, by the
// questions that this package asks.
func asksOfBucket(r *http.Request) bool { return r.URL.Query().Has("location") }

// endless is a body that ends with its connection, whole or not, and that no
// checksum tells about.
func endless(r *http.Request, resp *http.Response) bool {
	return r.Method == http.MethodGet && resp.ContentLength < 0 && resp.ProtoMajor == 1 && len(resp.TransferEncoding) == 0 &&
		resp.Header.Get(oss.HTTPHeaderOssCRC64) == "" && contentMD5(resp.Header) == ""
}

// strange is the error of an answer that is not the store's, whatever its status.
func strange(resp *http.Response, why string) *answer {
	if kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); kind != "" {
		why += ", " + clip(kind)
	}
	return &answer{
		kind: activities.ErrStranger, status: resp.StatusCode, message: "not an object store's answer: " + why,
		remedy: "check what answers in front of the object store (a proxy, a login page, a filter), and IMAGEBATCH_OSS_ENDPOINT",
	}
}
