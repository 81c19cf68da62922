package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Signed links carry their own permission: they are requested without
// credentials, and never shown in errors, because whoever reads one may use it.

// tries is how often a transfer is begun before it is given up.
const tries = 3

// idleLimit is how long a transfer may stand still. It may take hours.
const idleLimit = 30 * time.Second

var web = &http.Client{Transport: &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	ResponseHeaderTimeout: idleLimit,
	TLSHandshakeTimeout:   10 * time.Second,
	ForceAttemptHTTP2:     true,
}}

// link is a signed link and how it is followed.
type link struct {
	what   string // it leads to
	url    string
	method string
	data   []byte        // to be sent
	idle   time.Duration // how long the transfer may stand still
}

// fetch opens what a signed link leads to. The caller closes the body.
func fetch(ctx context.Context, what, url string) (io.ReadCloser, error) {
	if url == "" {
		return nil, fmt.Errorf("download %s: the worker gave no link to it", what)
	}
	return link{what: what, url: url, method: http.MethodGet, idle: idleLimit}.open(ctx)
}

// send puts data where a signed link leads.
func send(ctx context.Context, what, url string, data []byte) error {
	body, err := link{what: what, url: url, method: http.MethodPut, data: data, idle: idleLimit}.open(ctx)
	if err != nil {
		return err
	}
	return body.Close()
}

// open begins the transfer until it is answered with success, or refused.
func (l link) open(ctx context.Context) (io.ReadCloser, error) {
	doing := "download "
	if l.method == http.MethodPut {
		doing = "upload "
	}
	var last error
	for try := range tries {
		if try > 0 {
			if err := pause(ctx, time.Duration(try)*500*time.Millisecond); err != nil {
				return nil, err
			}
		}
		body, again, err := l.attempt(ctx)
		if err == nil {
			return body, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		last = fmt.Errorf("%s%s: %w", doing, l.what, err)
		if !again {
			break
		}
	}
	return nil, last
}

// attempt begins the transfer once, and says whether beginning it again may help.
func (l link) attempt(ctx context.Context) (body io.ReadCloser, again bool, err error) {
	watched, end := context.WithCancelCause(ctx)
	watch := newWatchdog(l.idle, func() { end(errIdle) })
	var sent io.Reader
	if l.data != nil {
		sent = upload{bytes.NewReader(l.data), watch}
	}
	request, err := http.NewRequestWithContext(watched, l.method, l.url, sent)
	if err != nil {
		watch.stop()
		end(nil)
		return nil, false, errors.New("the link is not a URL; repeat the command for a fresh link")
	}
	request.ContentLength = int64(len(l.data))
	response, err := web.Do(request)
	watch.stop()
	if err != nil {
		if errors.Is(context.Cause(watched), errIdle) {
			err = errIdle
		}
		end(nil)
		return nil, true, fmt.Errorf("%s: %w", request.URL.Host, withoutLink(err))
	}
	if why := foreign(response); why != "" {
		_ = response.Body.Close()
		end(nil)
		return nil, true, fmt.Errorf("%s answered %s with %s and not as an object store does; check what stands in between (HTTP_PROXY and HTTPS_PROXY, a login page, a filter), and repeat the command",
			request.URL.Host, response.Status, why)
	}
	if response.StatusCode/100 == 2 {
		return &download{response.Body, watch, watched, end, request.URL.Host}, false, nil
	}
	_ = response.Body.Close()
	end(nil)
	again = response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests
	return nil, again, fmt.Errorf("%s answered %s; %s", request.URL.Host, response.Status, remedy(l.method, response.StatusCode))
}

// foreign says what an answer is that is no object store's, or nothing: what stands
// in between has pages for whatever is asked, an upload included, and a page would
// be saved as the report. Stores put an id on their answers.
// Sources: https://www.alibabacloud.com/help/en/oss/developer-reference/common-http-headers,
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html
func foreign(response *http.Response) string {
	header, status := response.Header, response.StatusCode
	marked := header.Get("X-Oss-Request-Id") != "" || header.Get("X-Amz-Request-Id") != ""
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	switch {
	case status/100 == 2 && status != http.StatusOK && status != http.StatusPartialContent:
		return "no content"
	case !marked && (kind == "text/html" || kind == "application/xhtml+xml" || err != nil && strings.Contains(strings.ToLower(header.Get("Content-Type")), "html")):
		return "a page"
	}
	return ""
}

// errIdle ends a transfer that stands still.
var errIdle = errors.New("nothing has moved for too long; repeat the command")

// download is a body that arrives. Reads fail once nothing has come for a while.
type download struct {
	body  io.ReadCloser
	watch *watchdog
	ctx   context.Context
	end   context.CancelCauseFunc
	host  string
}

// Read reads what has come. Only the wait for more is watched: whoever reads from
// here may take its time.
func (d *download) Read(into []byte) (int, error) {
	d.watch.start()
	n, err := d.body.Read(into)
	d.watch.stop()
	if err != nil && err != io.EOF && errors.Is(context.Cause(d.ctx), errIdle) {
		err = fmt.Errorf("%s: %w", d.host, errIdle)
	}
	return n, err
}

// Close ends the transfer.
func (d *download) Close() error {
	defer d.end(nil)
	return d.body.Close()
}

// watchdog barks when it has run for its limit and nobody has started it again.
type watchdog struct {
	limit time.Duration
	timer *time.Timer
}

func newWatchdog(limit time.Duration, bark func()) *watchdog {
	return &watchdog{limit, time.AfterFunc(limit, bark)}
}

func (w *watchdog) start() { w.timer.Reset(w.limit) }
func (w *watchdog) stop()  { w.timer.Stop() }

// upload is a body that is sent: each part that is taken starts the watchdog.
type upload struct {
	from  io.Reader
	watch *watchdog
}

// Read hands out the next part.
func (u upload) Read(into []byte) (int, error) {
	u.watch.start()
	return u.from.Read(into)
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

// save writes a stream to a file that appears only once it is whole, with the
// rights that the user's umask leaves. Where the name is no regular file, such as a
// FIFO or /dev/null, it is written to as it is.
func save(ctx context.Context, name string, from io.Reader) error {
	if resolved, err := filepath.EvalSymlinks(name); err == nil {
		name = resolved // what a link leads to is replaced, not the link
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return saveInto(ctx, name, from)
	}
	part, err := newFile(filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".part-"))
	if err != nil {
		return fmt.Errorf("write %q: %w", name, err)
	}
	_, err = io.Copy(part, from)
	err = errors.Join(err, part.Close())
	if err == nil {
		err = os.Rename(part.Name(), name)
	}
	if err != nil {
		_ = os.Remove(part.Name())
		return fmt.Errorf("write %q: %w", name, err)
	}
	return nil
}

// saveInto ends with its context even where nobody takes what is written.
func saveInto(ctx context.Context, name string, from io.Reader) error {
	done := make(chan error, 1)
	go func() {
		file, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err == nil {
			_, err = io.Copy(file, from)
			err = errors.Join(err, file.Close())
		}
		done <- err
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-done:
		if err != nil {
			return fmt.Errorf("write %q: %w", name, err)
		}
		return nil
	}
}

// newFile makes a file whose name begins so and that nobody else has. Unlike
// os.CreateTemp it leaves its rights to the umask.
func newFile(prefix string) (*os.File, error) {
	for try := 0; ; try++ {
		file, err := os.OpenFile(prefix+rand.Text()[:10], os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !errors.Is(err, fs.ErrExist) || try == 100 {
			return file, err
		}
	}
}
