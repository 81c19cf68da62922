package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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

func TestALinkThatIsNone(t *testing.T) {
	t.Parallel()
	_, err := fetch(t.Context(), "report", "http://[s3cret")
	if want := "download report: the link is not a URL; repeat the command for a fresh link"; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}
