package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

func aPicture() contract.Picture {
	content, colour, size := "red dress", "red", int32(0)
	return contract.Picture{
		ProductID: "1007", PicName: "dress/7.jpg", CategoryID: 1, CustomContent: &content,
		IntAttrs: [4]*int32{&size}, StrAttrs: [4]*string{nil, &colour},
		Region: "20,40,60,80", Width: 400, Height: 534, Task: 12, Line: 7,
	}
}

func TestImageGet(t *testing.T) {
	t.Parallel()
	var sent any
	f := &fakeServer{operate: answers(t, "GetImage", &sent, aPicture(), nil)}
	try(t, f, "image get shop 1007 dress/7.jpg").want(t, exitDone, rows(
		"product         1007",
		"picture         dress/7.jpg",
		"category        Dress",
		"custom content  red dress",
		"attributes      IntAttr=0 StrAttr2=red",
		"size            400 × 534",
		"region          20,40,60,80",
		"stored by       task 12, line 7",
	), "")
	if sent != (contract.PictureRef{Instance: "shop", ProductID: "1007", PicName: "dress/7.jpg"}) {
		t.Errorf("input = %+v", sent)
	}
	missing := &fakeServer{operate: answers(t, "GetImage", nil, nil, contract.Errorf(contract.CodePicNotExist, "no picture"))}
	try(t, missing, "image get shop 1007 x.jpg").want(t, exitError, "", "PicNotExist: no picture\n")
}

func hits() contract.SearchResult {
	other := contract.Picture{ProductID: "8", PicName: "8.jpg", CategoryID: contract.CategoryOthers}
	return contract.SearchResult{Hits: []contract.Hit{{Picture: aPicture(), Score: 1}, {Picture: other, Score: 0.73456}}, Searched: 12345}
}

const shownHits = `RANK  SCORE   PRODUCT  PICTURE      CATEGORY  CUSTOM CONTENT  ATTRIBUTES
1     1.0000  1007     dress/7.jpg  Dress     red dress       IntAttr=0 StrAttr2=red
2     0.7346  8        8.jpg        Others    -               -
2 hits of 12,345 pictures compared
`

func TestSearchByObject(t *testing.T) {
	t.Parallel()
	var sent any
	f := &fakeServer{operate: answers(t, "SearchImage", &sent, hits(), nil)}
	try(t, f, "image search shop --bucket photos --key a/b.jpg --num 2 --region 1,2,3,4").want(t, exitDone, shownHits, "")
	want := contract.SearchInput{Instance: "shop", Bucket: "photos", Key: "a/b.jpg", Num: 2, Region: "1,2,3,4"}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	none := &fakeServer{operate: answers(t, "SearchImage", nil, contract.SearchResult{}, nil)}
	try(t, none, "image search shop --bucket photos --key a.jpg").want(t, exitDone, "", "no hits; instance shop has 0 pictures\n")
	try(t, none, "image search shop --bucket photos --key a.jpg -o json").want(t, exitDone, "{\n  \"hits\": [],\n  \"searched\": 0\n}\n", "")
}

func TestSearchByFileUploadsItFirst(t *testing.T) {
	t.Parallel()
	var stored []byte
	place := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && r.URL.Path == "/u/1" && r.Header.Get("Content-Type") == "" {
			stored, _ = io.ReadAll(r.Body)
			return
		}
		w.WriteHeader(http.StatusForbidden) // a signature holds for one method and content type
	}))
	t.Cleanup(place.Close)
	var sent any
	f := &fakeServer{operate: func(_ context.Context, operation string, _ time.Duration, in any) (any, error) {
		switch operation {
		case contract.NewUpload.Name:
			return contract.Upload{Key: "u/1", URL: place.URL + "/u/1"}, nil
		case contract.SearchImage.Name:
			sent = in
			return hits(), nil
		}
		return nil, fmt.Errorf("%s: %w", operation, errUnexpected)
	}}
	name := filepath.Join(t.TempDir(), "query.jpg")
	picture := strings.Repeat("p", contract.MaxPictureBytes)
	if err := os.WriteFile(name, []byte(picture), 0o600); err != nil {
		t.Fatal(err)
	}
	tryArgs(t, t.Context(), f, []string{"image", "search", "shop", "--file", name}).want(t, exitDone, shownHits, "")
	if string(stored) != picture {
		t.Errorf("stored %d bytes, want the file", len(stored))
	}
	if diff := cmp.Diff(contract.SearchInput{Instance: "shop", Key: "u/1", Uploaded: true, Num: 10}, sent); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
}

func TestSearchRefusesFilesBeforeSendingThem(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, size := range map[string]int{"empty": 0, "large": contract.MaxPictureBytes + 1} {
		if err := os.WriteFile(filepath.Join(folder, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"empty":   "NoSpecifiedPicContent: %q is empty; give a picture\n",
		"large":   "InvalidPicContent: %q is larger than 4 MiB (4,194,304 bytes); make it smaller\n",
		"missing": "error: read picture: open %s: no such file or directory\n",
	} {
		path := filepath.Join(folder, name)
		tryArgs(t, t.Context(), &fakeServer{}, []string{"image", "search", "shop", "--file", path}).want(t, exitError, "", fmt.Sprintf(want, path))
	}
}
