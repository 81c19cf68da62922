package oss

import (
	"bytes"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	connectTimeout = 3 * time.Second
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
		Transport:     guard{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guard makes answers that are not successes fit for the SDK: of bounded size,
// closed, and an error document or nothing. From a page of HTML that some proxy
// put there, the SDK would make an error without a status.
type guard struct{ next http.RoundTripper }

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(r)
	if err != nil || resp.StatusCode < 300 {
		return resp, err
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	_ = resp.Body.Close()
	resp.Body = http.NoBody
	if err == nil && isErrorDocument(text) {
		resp.Body = io.NopCloser(bytes.NewReader(text))
	}
	return resp, nil
}

func isErrorDocument(text []byte) bool {
	var document struct {
		XMLName xml.Name `xml:"Error"`
	}
	return xml.Unmarshal(text, &document) == nil
}
