package oss

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"imagebatch/activities"
)

const (
	connectTimeout = 3 * time.Second
	// idleLimit is how long a body may be silent. It is long enough for a packet
	// to be sent again several times.
	idleLimit = 30 * time.Second
	// maxErrorBody bounds what is read of an error document; the SDK would take
	// all that a store sends.
	maxErrorBody = 64 << 10
)

// newTransport is shared by every identity of a process. Slices fetch dozens of
// pictures at once from one host, so that many connections must stay open
// between pictures; OSS closes them after a minute. Proxy settings of the
// environment are not read: pictures would silently take another way.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		MaxIdleConns:          512,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       50 * time.Second,
		DisableCompression:    true, // a body that is packed on the way has no length
		WriteBufferSize:       32 << 10,
		ReadBufferSize:        32 << 10,
	}
}

// newHTTPClient follows no redirects: a signature is good for one address.
func newHTTPClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guard ends answers whose bodies fall silent, refuses those that are not of an
// object store, and makes errors fit for the SDK: of bounded size, closed, and an
// error document or nothing. From a page of HTML that some proxy put there, or
// from a redirect, the SDK would make an error without a status.
type guard struct {
	next     http.RoundTripper
	endpoint string // host and port
	idle     time.Duration
}

func newGuard(next http.RoundTripper, endpoint string, idle time.Duration) http.RoundTripper {
	_, host, _ := strings.Cut(endpoint, "://")
	return guard{next, host, idle}
}

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	resp, err := g.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return resp, err
	}
	if resp.Body == http.NoBody {
		cancel()
	} else {
		resp.Body = &impatient{ReadCloser: resp.Body, limit: g.idle, cancel: cancel}
	}
	if resp.StatusCode < 300 {
		if why := foreign(r, resp); why != "" {
			_ = resp.Body.Close()
			return nil, strange(resp, why)
		}
		return resp, nil
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	_ = resp.Body.Close()
	if resp.StatusCode < 400 {
		return nil, g.redirected(r, resp, text)
	}
	resp.Body = http.NoBody
	switch {
	case err == nil && isErrorDocument(text):
		resp.Body = io.NopCloser(bytes.NewReader(text))
	case r.Method != http.MethodHead && speaksForStore(resp):
		return nil, strange(resp, "it has no error document")
	}
	return resp, nil
}

// speaksForStore tells whether an error would be taken for the store's last word
// though nothing in it says that it is the store's: a store says why it refuses.
// What may pass is so whoever says it, and so is what is too large for whom it
// would have to go through. HEAD has no document.
func speaksForStore(resp *http.Response) bool {
	h := resp.Header
	return resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusRequestEntityTooLarge &&
		!marked(h) && h.Get(lookAlikeMark) == ""
}

func isErrorDocument(text []byte) bool {
	var document struct {
		XMLName xml.Name `xml:"Error"`
	}
	return xml.Unmarshal(text, &document) == nil
}

// redirected says where the answer, with that text for a body, wants the request
// to go. The address may hold what was signed: only its scheme and host are shown.
func (g guard) redirected(r *http.Request, resp *http.Response, text []byte) *answer {
	var document oss.ServiceError
	_ = xml.Unmarshal(text, &document) // there is one only from a store
	a := &answer{
		kind: activities.ErrTurnedAway, status: resp.StatusCode, request: clip(resp.Header.Get(oss.HTTPHeaderOssRequestID)),
		code:   clip(document.Code),
		remedy: "a redirect is no answer of an object store: check IMAGEBATCH_OSS_ENDPOINT",
	}
	location := resp.Header.Get("Location")
	if location == "" && document.Endpoint != "" {
		location = "//" + document.Endpoint
	}
	to, err := r.URL.Parse(location)
	if err != nil {
		return a
	}
	if bucket, ok := strings.CutSuffix(r.URL.Host, g.endpoint); ok {
		to.Host = strings.TrimPrefix(to.Host, bucket) // "name." where the bucket is part of the host
	}
	origin := to.Scheme + "://" + to.Host
	if own := r.URL.Scheme + "://" + g.endpoint; origin != own && checkEndpoint(origin) == nil {
		a.remedy = fmt.Sprintf("the endpoint redirects to %s: set IMAGEBATCH_OSS_ENDPOINT to that", clip(origin))
	}
	return a
}
