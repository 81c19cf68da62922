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
	f := &fakeServer{operate: answering(t, "SearchImage", &sent, hits(), nil)}
	try(t, f, "image search shop --bucket photos --key a/b.jpg --num 2 --region 1,2,3,4").want(t, exitDone, shownHits, "")
	want := contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Bucket: "photos", Key: "a/b.jpg"}, Num: 2, Region: "1,2,3,4"}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	none := &fakeServer{operate: answering(t, "SearchImage", nil, contract.SearchResult{}, nil)}
	try(t, none, "image search shop --bucket photos --key a.jpg").want(t, exitDone, "", "no hits; 0 pictures of instance shop compared\n")
	try(t, none, "image search shop --bucket photos --key a.jpg -o json").want(t, exitDone, emptySearch, "")
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
			return contract.Upload{Key: "u/1", URL: place.URL + "/u/1", Expires: began}, nil
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
	if diff := cmp.Diff(contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Key: "u/1", Uploaded: true}, Num: 10}, sent); diff != "" {
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

const emptySearch = `{
  "Head": {
    "DocsFound": 0,
    "DocsReturn": 0,
    "SearchTime": 0
  },
  "Auctions": [],
  "searched": 0
}
`

func TestSearchFlags(t *testing.T) {
	t.Parallel()
	object := contract.PicContent{Bucket: "photos", Key: "k.jpg"}
	for name, test := range map[string]struct {
		args []string
		want contract.SearchInput
	}{
		"Name":   {words("--name 1007 dress/7.jpg"), contract.SearchInput{ProductID: "1007", PicName: "dress/7.jpg"}},
		"Filter": {[]string{"--filter", `int_attr > 5 AND str_attr = "a b"`}, contract.SearchInput{Filter: `int_attr > 5 AND str_attr = "a b"`}},
		"Both":   {words("--bucket photos --key k.jpg --filter int_attr=1"), contract.SearchInput{PicContent: object, Filter: "int_attr=1"}},
		"Page":   {words("--bucket photos --key k.jpg --num 100 --start 400"), contract.SearchInput{PicContent: object, Num: 100, Start: 400}},
		"Narrow": {words("--bucket photos --key k.jpg --distinct --threshold 0.75 --category dress"), contract.SearchInput{PicContent: object, DistinctProductID: true, ScoreThreshold: "0.75", CategoryID: new(1)}},
		"Whole":  {words("--bucket photos --key k.jpg --no-crop --expand always"), contract.SearchInput{PicContent: object, Crop: new(false), Expand: contract.ExpandAlways}},
		"Part":   {words("--bucket photos --key k.jpg --crop --region 1,2,3,4 --subject-only --expand auto"), contract.SearchInput{PicContent: object, Crop: new(true), Region: "1,2,3,4", SubjectOnly: true}},
		"Tops":   {words("--bucket photos --key k.jpg --category 0"), contract.SearchInput{PicContent: object, CategoryID: new(0)}},
		"Role":   {words("--bucket photos --key k.jpg --role-arn arn"), contract.SearchInput{PicContent: contract.PicContent{Bucket: "photos", Key: "k.jpg", RoleARN: "arn"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent any
			f := &fakeServer{operate: answering(t, "SearchImage", &sent, contract.SearchResult{}, nil)}
			if got := tryArgs(t, t.Context(), f, append([]string{"image", "search", "shop"}, test.args...)); got.status != exitDone {
				t.Fatalf("exit status %d: %s", got.status, got.stderr)
			}
			test.want.Instance = "shop"
			if test.want.Num == 0 {
				test.want.Num = 10
			}
			if diff := cmp.Diff(test.want, sent); diff != "" {
				t.Errorf("input (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSearchRefusesFlagsThatCannotMeanAnything(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"":                             "nothing to search by",
		"--name p":                     "PRODUCT and PICNAME",
		"--name p a.jpg --file x":      "--name does not go with",
		"--file x --key y":             "--file does not go with",
		"--key y --filter int_attr=1":  "no picture is given",
		"--name p a.jpg --num 101":     "--num is 101",
		"--name p a.jpg --num 0":       "--num is 0",
		"--name p a.jpg --start 500":   "InvalidStartParameter",
		"--name p a.jpg --start 491":   "OverflowMaxResultNum",
		"--name p a.jpg --threshold 2": "InvalidScoreThreshold",
		"--name p a.jpg --filter x>1":  "character 1",
		"--name p a.jpg --region 1,2":  "--region",
		"--name p a.jpg --category 77": "no category",
		"--name p a.jpg --expand no":   "--expand",
		"--name p /a.jpg":              "InvalidPicName",
	} {
		got := try(t, &fakeServer{}, "image search shop "+line)
		if got.status != exitUsage || !strings.Contains(got.stderr, says) {
			t.Errorf("%q: exit status %d, %q; want %q", line, got.status, got.stderr, says)
		}
	}
}

func TestSearchExplains(t *testing.T) {
	t.Parallel()
	found := hits()
	found.PicInfo = &contract.PicInfo{CategoryID: 1, Confidence: 0.834, Region: "20,40,60,80", AllCategories: contract.ServiceProduct.Categories()}
	found.Expanded = true
	found.Hits[0].Match = &contract.Match{View: "as given", Whole: 1, Subject: 1}
	found.Hits[1].Match = &contract.Match{View: "rotated 90", Whole: 0.8, Subject: 0.7691, Penalty: 0.05}
	f := &fakeServer{operate: answering(t, "SearchImage", nil, found, nil)}
	try(t, f, "image search shop --bucket photos --key k.jpg --explain --start 5").want(t, exitDone, `query: category Dress (predicted, 83 %), subject 20,40,60,80; looked for the picture as given, rotated, and in part
RANK  SCORE   PRODUCT  PICTURE      CATEGORY  CUSTOM CONTENT  ATTRIBUTES              MATCHED     WHOLE   SUBJECT  PENALTY
6     1.0000  1007     dress/7.jpg  Dress     red dress       IntAttr=0 StrAttr2=red  as given    1.0000  1.0000   0.00
7     0.7346  8        8.jpg        Others    -               -                       rotated 90  0.8000  0.7691   0.05
2 hits of 12,345 pictures compared
`, "")
	byFilter := &fakeServer{operate: answering(t, "SearchImage", nil, hits(), nil)}
	if got := try(t, byFilter, "image search shop --filter int_attr=0 --explain"); !strings.Contains(got.stdout, "1     -      1007") {
		t.Errorf("a search by filter shows scores:\n%s", got.stdout)
	}
}

func TestSearchSavesTheSheet(t *testing.T) {
	t.Parallel()
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a drawing") }))
	t.Cleanup(store.Close)
	found := hits()
	found.SheetURL, found.Expires = store.URL+"/sheets/1.jpg", began
	var sent any
	f := &fakeServer{operate: answering(t, "SearchImage", &sent, found, nil)}
	file := filepath.Join(t.TempDir(), "hits.jpg")
	tryArgs(t, t.Context(), f, []string{"image", "search", "shop", "--name", "p", "a.jpg", "--sheet", file}).
		want(t, exitDone, shownHits, "picture of the hits saved to "+file+"\n")
	if saved, err := os.ReadFile(file); err != nil || string(saved) != "a drawing" || !sent.(contract.SearchInput).Sheet {
		t.Errorf("saved %q, %v; input %+v", saved, err, sent)
	}
}
