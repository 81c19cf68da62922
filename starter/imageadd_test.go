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

func TestImageAdd(t *testing.T) {
	t.Parallel()
	predicted := contract.AddImageResult{PicInfo: contract.PicInfo{CategoryID: 1, Confidence: 0.83, Region: "20,40,60,80"}}
	whole := contract.AddImageResult{PicInfo: contract.PicInfo{CategoryID: 0}}
	ref := contract.PictureRef{Instance: "shop", ProductID: "1007", PicName: "d/7.jpg"}
	object := contract.PicContent{Bucket: "photos", Key: "7.jpg"}
	for name, test := range map[string]struct {
		args   []string
		answer contract.AddImageResult
		want   contract.AddImageInput
		stdout string
	}{
		"Plain": {
			nil, predicted, contract.AddImageInput{PictureRef: ref, PicContent: object},
			"1007 d/7.jpg stored in shop: category Dress (predicted, 83 %), subject 20,40,60,80\n",
		},
		"Everything": {
			[]string{"--custom-content", "k: v", "--int-attr", "7", "--int-attr2=-1", "--int-attr4", "0", "--str-attr3", "a b", "--category", "tops", "--no-crop"},
			whole,
			contract.AddImageInput{
				PictureRef: ref, PicContent: object, CategoryID: new(0), Crop: new(false),
				Attributes: contract.Attributes{
					CustomContent: new("k: v"), IntAttrs: [4]*int32{new(int32(7)), new(int32(-1)), nil, new(int32(0))}, StrAttrs: [4]*string{2: new("a b")},
				},
			},
			"1007 d/7.jpg stored in shop: category Tops, whole picture\n",
		},
		"Region": {
			words("--region 1,2,3,4 --category 88888888"), whole,
			contract.AddImageInput{PictureRef: ref, PicContent: object, Region: "1,2,3,4", CategoryID: new(contract.CategoryOthers)},
			"1007 d/7.jpg stored in shop: category Tops, whole picture\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent any
			f := &fakeServer{operate: answering(t, "AddImage", &sent, test.answer, nil)}
			args := append(words("image add shop 1007 d/7.jpg --bucket photos --key 7.jpg"), test.args...)
			tryArgs(t, t.Context(), f, args).want(t, exitDone, test.stdout, "")
			if diff := cmp.Diff(test.want, sent); diff != "" {
				t.Errorf("input (-want +got):\n%s", diff)
			}
		})
	}
}

func TestImageAddRefuses(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"shop p a.jpg":            "no picture is given",
		"shop p a.jpg --bucket b": "no picture is given",
		"shop p a.jpg --bucket photos --key k --int-attr 2147483648":          "InvalidIntAttr:",
		"shop p a.jpg --bucket photos --key k --int-attr2 seven":              "InvalidIntAttr2:",
		"shop p a.jpg --bucket photos --key k --int-attr3=-2147483649":        "InvalidIntAttr3:",
		"shop p a.jpg --bucket photos --key k --int-attr4 1.5":                "InvalidIntAttr4:",
		"shop p a.jpg --bucket photos --key k --category 11":                  "no category",
		"shop p a.jpg --bucket photos --key k --region 4,3,2,1":               "--region",
		"shop p a --bucket photos --key k":                                    "InvalidPicName",
		"no.such.name p a.jpg --bucket photos --key k":                        "instance name",
		"shop p a.jpg --bucket photos --key k --str-attr2 " + long(129):       "InvalidStrAttr2",
		"shop p a.jpg --bucket photos --key k --custom-content " + long(4097): "InvalidCustomContent",
	} {
		got := try(t, &fakeServer{}, "image add "+line)
		if got.status != exitUsage || !strings.Contains(got.stderr, says) {
			t.Errorf("%.80q: exit status %d, %q; want %q", line, got.status, got.stderr, says)
		}
	}
}

func long(n int) string { return strings.Repeat("ü", n) }

func TestImageUpdate(t *testing.T) {
	t.Parallel()
	var sent any
	f := &fakeServer{operate: answering(t, "UpdateImage", &sent, contract.Nothing{}, nil)}
	tryArgs(t, t.Context(), f, []string{"image", "update", "shop", "p", "a.jpg", "--custom-content", "", "--int-attr", "0"}).want(t, exitDone, "p a.jpg updated in shop\n", "")
	want := contract.UpdateImageInput{
		PictureRef: contract.PictureRef{Instance: "shop", ProductID: "p", PicName: "a.jpg"},
		Attributes: contract.Attributes{CustomContent: new(""), IntAttrs: [4]*int32{new(int32(0))}},
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	if got := try(t, &fakeServer{}, "image update shop p a.jpg"); got.status != exitUsage || !strings.Contains(got.stderr, "nothing is to be changed") {
		t.Errorf("without a field: %+v", got)
	}
	if got := try(t, &fakeServer{}, "image update shop p a.jpg --int-attr x"); got.status != exitUsage || !strings.Contains(got.stderr, "InvalidIntAttr") {
		t.Errorf("with a bad integer: %+v", got)
	}
	denied := &fakeServer{operate: answering(t, "UpdateImage", nil, nil, contract.Errorf(contract.CodeDeniedRequest, "try again in 1s"))}
	try(t, denied, "image update shop p a.jpg --int-attr 1").want(t, exitError, "", "DeniedRequest: try again in 1s\n")
}

func TestImageDelete(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]contract.DeleteImageInput{
		"p a.jpg":                   {PictureRef: contract.PictureRef{Instance: "shop", ProductID: "p", PicName: "a.jpg"}},
		"p --yes":                   {PictureRef: contract.PictureRef{Instance: "shop", ProductID: "p"}},
		"--filter int_attr=1 --yes": {PictureRef: contract.PictureRef{Instance: "shop"}, IsDeleteByFilter: true, Filter: "int_attr=1"},
	} {
		var sent any
		f := &fakeServer{operate: answering(t, "DeleteImage", &sent, contract.DeleteImageResult{Deleted: 2, PicNames: []string{"a.jpg", "b.jpg"}}, nil)}
		try(t, f, "image delete shop "+line).want(t, exitDone, "2 pictures removed from shop\n", "")
		if sent != want {
			t.Errorf("%q: input %+v, want %+v", line, sent, want)
		}
	}
	for line, says := range map[string]string{
		"":                      "nothing is named",
		"p":                     "repeat with --yes",
		"--filter int_attr=1":   "repeat with --yes",
		"p --filter int_attr=1": "--filter does not go",
		"--filter int_attr":     "character",
		"p /a.jpg":              "InvalidPicName",
	} {
		if got := try(t, &fakeServer{}, "image delete shop "+line); got.status != exitUsage || !strings.Contains(got.stderr, says) {
			t.Errorf("%q: exit status %d, %q; want %q", line, got.status, got.stderr, says)
		}
	}
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"EmptyPicture": {[]string{"p", ""}, "PICNAME is empty"},
		"EmptyProduct": {[]string{""}, "NoSpecifiedProductId"},
		"EmptyFilter":  {[]string{"--filter="}, "--filter is empty"},
		"FilterBeside": {[]string{"p", "--filter="}, "--filter does not go with a product"},
	} {
		args := append([]string{"image", "delete", "shop", "--yes"}, test.args...)
		if got := tryArgs(t, t.Context(), &fakeServer{}, args); got.status != exitUsage || !strings.Contains(got.stderr, test.says) {
			t.Errorf("%s: exit status %d, %q; want %q", name, got.status, got.stderr, test.says)
		}
	}
}

func TestImageCompare(t *testing.T) {
	t.Parallel()
	place := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	t.Cleanup(place.Close)
	var sent any
	f := &fakeServer{operate: func(_ context.Context, operation string, _ time.Duration, in any) (any, error) {
		switch operation {
		case contract.NewUpload.Name:
			return contract.Upload{Key: "uploads/1", URL: place.URL, Expires: began}, nil
		case contract.CompareSimilarByImage.Name:
			sent = in
			return contract.CompareResult{Score: 0.12345}, nil
		}
		return nil, fmt.Errorf("%s: %w", operation, errUnexpected)
	}}
	file := filepath.Join(t.TempDir(), "a.jpg")
	if err := os.WriteFile(file, []byte("picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	tryArgs(t, t.Context(), f, []string{"image", "compare", "shop", file, "oss://photos/x/b.jpg", "--role-arn", "arn"}).want(t, exitDone, "0.1235\n", "")
	want := contract.CompareInput{
		Instance: "shop", Primary: contract.PicContent{Key: "uploads/1", Uploaded: true},
		Secondary: contract.PicContent{Bucket: "photos", Key: "x/b.jpg", RoleARN: "arn"},
	}
	if sent != want {
		t.Errorf("input %+v, want %+v", sent, want)
	}
	if got := try(t, f, "image compare shop oss://photos oss://photos/a.jpg"); got.status != exitUsage || !strings.Contains(got.stderr, "oss://bucket/key") {
		t.Errorf("a bucket alone: %+v", got)
	}
}
