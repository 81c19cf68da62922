package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Signed links carry their own permission: they are requested without
// credentials, and never shown in errors, because whoever reads one may use it.

// tries is how often a transfer is begun before it is given up.
const tries = 3

var web = &http.Client{Transport: &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	ResponseHeaderTimeout: 30 * time.Second,
	TLSHandshakeTimeout:   10 * time.Second,
	ForceAttemptHTTP2:     true,
}}

// fetch opens what a signed link leads to. The caller closes the body.
func fetch(ctx context.Context, what, link string) (io.ReadCloser, error) {
	if link == "" {
		return nil, fmt.Errorf("download %s: the worker gave no link to it", what)
	}
	response, err := transfer(ctx, func() (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	})
	if err != nil {
		return nil, fmt.Errorf("download %s: %w", what, err)
	}
	return response.Body, nil
}

// send puts data where a signed link leads.
func send(ctx context.Context, what, link string, data []byte) error {
	response, err := transfer(ctx, func() (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodPut, link, bytes.NewReader(data))
	})
	if err != nil {
		return fmt.Errorf("upload %s: %w", what, err)
	}
	return response.Body.Close()
}

// transfer begins a request until it is answered with success, or refused.
func transfer(ctx context.Context, request func() (*http.Request, error)) (*http.Response, error) {
	var last error
	for try := range tries {
		if try > 0 {
			if err := pause(ctx, time.Duration(try)*500*time.Millisecond); err != nil {
				return nil, err
			}
		}
		r, err := request()
		if err != nil {
			return nil, errors.New("the link is not a URL; repeat the command for a fresh link")
		}
		response, err := web.Do(r)
		if err != nil {
			last = fmt.Errorf("%s: %w", r.URL.Host, withoutLink(err))
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			continue
		}
		if response.StatusCode/100 == 2 {
			return response, nil
		}
		_ = response.Body.Close()
		last = fmt.Errorf("%s answered %s; %s", r.URL.Host, response.Status, remedy(r.Method, response.StatusCode))
		if response.StatusCode < 500 && response.StatusCode != http.StatusTooManyRequests {
			return nil, last
		}
	}
	return nil, last
}

// remedy is what to do about a request that was refused.
func remedy(method string, status int) string {
	switch {
	case status == http.StatusNotFound && method == http.MethodGet:
		return "the object is gone, for instance by a lifecycle rule of the bucket"
	case status == http.StatusNotFound:
		return "the bucket is gone, create it again"
	case status >= 500 || status == http.StatusTooManyRequests:
		return "repeat the command later"
	}
	return "repeat the command for a fresh link"
}

// withoutLink takes the signed link out of an error of package http.
func withoutLink(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// save writes a stream to a file that appears only once it is whole.
func save(name string, from io.Reader) error {
	part, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".part-*")
	if err != nil {
		return fmt.Errorf("write %q: %w", name, err)
	}
	_, err = io.Copy(part, from)
	err = errors.Join(err, part.Chmod(0o644), part.Close())
	if err == nil {
		err = os.Rename(part.Name(), name)
	}
	if err != nil {
		_ = os.Remove(part.Name())
		return fmt.Errorf("write %q: %w", name, err)
	}
	return nil
}
