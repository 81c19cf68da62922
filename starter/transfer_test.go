package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func TestRefusedTransfersSayWhatToDo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason string
		upload bool
		status int
		want   string
	}{
		"Expired":      {status: http.StatusForbidden, want: "answered 403 Forbidden; repeat the command for a fresh link"},
		"UploadDenied": {upload: true, status: http.StatusForbidden, want: "answered 403 Forbidden; repeat the command for a fresh link"},
		"Gone": {
			reason: "a fresh link would lead nowhere either",
			status: http.StatusNotFound, want: "answered 404 Not Found; the object is gone, for instance by a lifecycle rule of the bucket",
		},
		"NoBucket": {
			reason: "an upload needs no object to be there",
			upload: true, status: http.StatusNotFound, want: "answered 404 Not Found; the bucket is gone, create it again",
		},
		"Down": {
			reason: "it was tried several times",
			status: http.StatusServiceUnavailable, want: "answered 503 Service Unavailable; repeat the command later",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(test.status) }))
			t.Cleanup(server.Close)
			err := errors.New("nothing was asked")
			if test.upload {
				err = send(t.Context(), "picture", server.URL, []byte("x"))
			} else if _, fetched := fetch(t.Context(), "report", server.URL); fetched != nil {
				err = fetched
			}
			if !strings.HasSuffix(err.Error(), strings.TrimPrefix(server.URL, "http://")+" "+test.want) {
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
}

// A page is saved as no report, and taken for no upload, whatever its status. It
// is asked for again: such pages pass.
func TestPagesAreNoTransfers(t *testing.T) {
	t.Parallel()
	const page = "text/html; charset=utf-8"
	for name, test := range map[string]struct {
		upload bool
		status int
		header map[string]string
		says   string // "" where it is taken
	}{
		"Report":       {status: http.StatusOK, header: map[string]string{"Content-Type": page}, says: "answered 200 OK with a page and not as an object store does; check what stands in between"},
		"Upload":       {upload: true, status: http.StatusOK, header: map[string]string{"Content-Type": page}, says: "with a page"},
		"Capitals":     {status: http.StatusOK, header: map[string]string{"Content-Type": "Text/HTML"}, says: "with a page"},
		"XHTML":        {status: http.StatusOK, header: map[string]string{"Content-Type": "application/xhtml+xml"}, says: "with a page"},
		"OddType":      {status: http.StatusOK, header: map[string]string{"Content-Type": "text/html;;"}, says: "with a page"},
		"NotFound":     {status: http.StatusNotFound, header: map[string]string{"Content-Type": page}, says: "404 Not Found with a page"},
		"UploadDenied": {upload: true, status: http.StatusForbidden, header: map[string]string{"Content-Type": page}, says: "403 Forbidden with a page"},
		"Empty":        {status: http.StatusNoContent, says: "204 No Content with no content"},
		"EmptyUpload":  {upload: true, status: http.StatusNoContent, says: "with no content"},
		"OfTheStore":   {status: http.StatusOK, header: map[string]string{"Content-Type": page, "X-Oss-Request-Id": "1"}},
		"OfALookAlike": {status: http.StatusOK, header: map[string]string{"Content-Type": page, "X-Amz-Request-Id": "1"}},
		"Plain":        {status: http.StatusOK, header: map[string]string{"Content-Type": "application/x-ndjson"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				for key, value := range test.header {
					w.Header().Set(key, value)
				}
				w.WriteHeader(test.status)
			}))
			t.Cleanup(server.Close)
			var err error
			if test.upload {
				err = send(t.Context(), "picture", server.URL, []byte("x"))
			} else if body, fetched := fetch(t.Context(), "report", server.URL); fetched != nil {
				err = fetched
			} else {
				body.Close()
			}
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("error = %v, want %q", err, test.says)
			}
			if (asked == tries) != (test.says != "") {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

func TestALinkThatIsNone(t *testing.T) {
	t.Parallel()
	_, err := fetch(t.Context(), "report", "http://[s3cret")
	if want := "download report: the link is not a URL; repeat the command for a fresh link"; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestTransfersThatStandStillEnd(t *testing.T) {
	t.Parallel()
	const idle = 100 * time.Millisecond
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/half" {
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
		}
		<-release
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	open := func(method, path string, data []byte) (string, error) {
		body, err := link{what: "report", url: server.URL + path + "?Signature=s3cret", method: method, data: data, idle: idle}.open(t.Context())
		if err != nil {
			return "", err
		}
		defer body.Close()
		text, err := io.ReadAll(body)
		return string(text), err
	}
	for name, test := range map[string]struct {
		method, path string
		data         []byte
		text         string
	}{
		"Half":   {http.MethodGet, "/half", nil, "half"},
		"Header": {http.MethodGet, "/never", nil, ""},
		"Upload": {http.MethodPut, "/never", make([]byte, 4<<20), ""},
	} {
		text, err := open(test.method, test.path, test.data)
		if !errors.Is(err, errIdle) || text != test.text || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %q, %v; want %v", name, text, err, errIdle)
		}
	}
}

// arriving is a download over a pipe that a test writes to.
func arriving(idle time.Duration) (*download, *io.PipeWriter) {
	from, to := io.Pipe()
	ctx, end := context.WithCancelCause(context.Background())
	context.AfterFunc(ctx, func() { from.CloseWithError(ctx.Err()) }) // as package http does
	watch := newWatchdog(idle, func() { end(errIdle) })
	watch.stop()
	return &download{from, watch, ctx, end, "store.example"}, to
}

func TestOnlySilenceEndsADownload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		body, server := arriving(idleLimit)
		defer body.Close()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 100 { // longer than the limit as a whole, never silent for so long
				time.Sleep(idleLimit - time.Second)
				io.WriteString(server, "x")
			}
			time.Sleep(idleLimit + time.Second)
			server.Close()
		}()
		if _, err := io.ReadFull(body, make([]byte, 50)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // a pager that nobody scrolls
		rest, err := io.ReadAll(body)
		if len(rest) != 50 || !errors.Is(err, errIdle) || err.Error() != "store.example: "+errIdle.Error() {
			t.Errorf("%d bytes, %v; want 50, then the end for silence", len(rest), err)
		}
		<-done
	})
}

// What is saved is there whole or not at all, with the rights of any other file.
func TestSavedFilesAreWholeAndHaveTheRightsOfTheUmask(t *testing.T) {
	dir := t.TempDir()
	for _, umask := range []int{0o022, 0o077, 0o002, 0o137} {
		name := filepath.Join(dir, fmt.Sprintf("%o", umask))
		before := syscall.Umask(umask) // of the whole process: this test runs alone
		err := save(t.Context(), name, strings.NewReader("whole"))
		syscall.Umask(before)
		info, statErr := os.Stat(name)
		if err := errors.Join(err, statErr); err != nil {
			t.Fatal(err)
		}
		if want := fs.FileMode(0o666 &^ umask); info.Mode().Perm() != want {
			t.Errorf("umask %03o: rights %v, want %v", umask, info.Mode().Perm(), want)
		}
	}
	name := filepath.Join(dir, "kept")
	linked := filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(name, []byte("earlier"), 0o600), os.Symlink("kept", linked)); err != nil {
		t.Fatal(err)
	}
	broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errClosed))
	if err := save(t.Context(), name, broken); !errors.Is(err, errClosed) {
		t.Errorf("a transfer that breaks off: %v", err)
	}
	if content, _ := os.ReadFile(name); string(content) != "earlier" {
		t.Errorf("a transfer that broke off left %q", content)
	}
	if err := save(t.Context(), linked, strings.NewReader("later")); err != nil {
		t.Error(err)
	}
	if content, _ := os.ReadFile(name); string(content) != "later" {
		t.Errorf("by a link %q was saved", content)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 6 {
		t.Errorf("left over: %v", entries)
	}
	if err := save(t.Context(), filepath.Join(dir, "absent", "f"), strings.NewReader("")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestSavingIntoWhatIsNoFile(t *testing.T) {
	t.Parallel()
	if err := save(t.Context(), os.DevNull, strings.NewReader("x")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Fatalf("%s is %v, %v", os.DevNull, info.Mode(), err)
	}
	pipe := fifo(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := save(ctx, pipe, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("a FIFO that nobody reads: %v", err)
	}
	go func() { _ = save(t.Context(), pipe, strings.NewReader("through")) }()
	if text, err := os.ReadFile(pipe); err != nil || !strings.Contains(string(text), "through") && string(text) != "x" {
		t.Errorf("through a FIFO: %q, %v", text, err)
	}
}
