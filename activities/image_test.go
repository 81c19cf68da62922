package activities_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/index"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
	"imagebatch/workflows/manifest"
)

func (w *world) images() *activities.Images {
	return &activities.Images{
		Index: w.index, Pictures: &newRuns{Pictures: w.single}, Rates: w.ledger, Identities: w.identities, Results: w.results(),
		Imager: w.imager, Limits: w.limits, Similarity: index.Similarity,
	}
}

// newRuns makes every change that of a workflow run of its own: in the SDK's
// environment all activities have the same.
type newRuns struct {
	activities.Pictures
	runs int
}

func (p *newRuns) next() string {
	p.runs++
	return fmt.Sprint("run-", p.runs)
}

func (p *newRuns) AddImage(ctx context.Context, _, instance string, put activities.PutPicture, source contract.PicContent) error {
	return p.Pictures.AddImage(ctx, p.next(), instance, put, source)
}

func (p *newRuns) UpdateImage(ctx context.Context, _ string, ref contract.PictureRef, fields contract.Attributes) error {
	return p.Pictures.UpdateImage(ctx, p.next(), ref, fields)
}

func (p *newRuns) DeleteImage(ctx context.Context, _ string, ref contract.PictureRef, selected *filter.Expression) (contract.DeleteImageResult, error) {
	return p.Pictures.DeleteImage(ctx, p.next(), ref, selected)
}

// allow sets how often a second an operation may be asked of the instance.
func (w *world) allow(operation string, perSecond float64) {
	w.Helper()
	if err := w.ledger.SetRate(w.Context(), "shop", operation, perSecond); err != nil {
		w.Fatal(err)
	}
}

// object is a picture of that seed in the bucket.
func (w *world) object(key, seed string) contract.PicContent {
	w.objects.Store(bucket, key, fakes.Picture(400, 300, seed))
	return contract.PicContent{Bucket: bucket, Key: key}
}

func ref(product, picture string) contract.PictureRef {
	return contract.PictureRef{Instance: "shop", ProductID: product, PicName: picture}
}

func TestAddImage(t *testing.T) {
	t.Parallel()
	content := "k:v"
	for name, test := range map[string]struct {
		reason   string
		service  contract.ServiceType
		in       contract.AddImageInput
		category int
		region   string
		framing  activities.Framing
	}{
		"Detected":   {"the subject is looked for", contract.ServiceProduct, contract.AddImageInput{}, contract.CategoryOthers, "100,300,75,225", activities.Detected},
		"Whole":      {"Crop is false", contract.ServiceProduct, contract.AddImageInput{Crop: new(false)}, contract.CategoryOthers, "", activities.WholeGiven},
		"Region":     {"a region wins over Crop", contract.ServiceProduct, contract.AddImageInput{Crop: new(false), Region: "1,20,3,40"}, contract.CategoryOthers, "1,20,3,40", activities.RegionGiven},
		"Category":   {"0 is a category", contract.ServiceProduct, contract.AddImageInput{CategoryID: new(0)}, 0, "100,300,75,225", activities.Detected},
		"Generic":    {"categories are ignored", contract.ServiceGeneric, contract.AddImageInput{CategoryID: new(999)}, contract.CategoryOthers, "100,300,75,225", activities.Detected},
		"Copyright":  {"so are those that exist", contract.ServiceCopyright, contract.AddImageInput{CategoryID: new(1)}, contract.CategoryOthers, "100,300,75,225", activities.Detected},
		"Attributes": {"what is said is stored", contract.ServiceProduct, contract.AddImageInput{Attributes: contract.Attributes{CustomContent: &content, IntAttrs: [4]*int32{nil, new(int32(0))}}}, contract.CategoryOthers, "100,300,75,225", activities.Detected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, test.service, func(t *testing.T, w *world) {
				test.in.PictureRef, test.in.PicContent = ref("p", "a.jpg"), w.object("x/a.jpg", "seed")
				images := w.images()
				pictures := &spy{Pictures: images.Pictures}
				images.Pictures = pictures
				got := must(w, images.Add, test.in)
				if got.PicInfo.CategoryID != test.category || got.PicInfo.Region != test.region || pictures.put.Framing != test.framing {
					t.Errorf("picture seen as %+v, framed %d; want category %d, region %q, %d: %s", got.PicInfo, pictures.put.Framing, test.category, test.region, test.framing, test.reason)
				}
				stored, ok := w.picture("p", "a.jpg")
				if !ok || stored.CategoryID != test.category || stored.Region != test.region || stored.CustomContent != nil && *stored.CustomContent != content ||
					(stored.CustomContent == nil) != (test.in.CustomContent == nil) || stored.Width != 400 || stored.Line != 0 {
					t.Errorf("stored %+v: %s", stored, test.reason)
				}
				if source, err := w.single.Source(t.Context(), stored); err != nil || source != manifest.SourceOf(test.in.PicContent) {
					t.Errorf("source %+v, %v; want what was given", source, err)
				}
			})
		})
	}
}

// spy notes what is stored.
type spy struct {
	activities.Pictures
	put activities.PutPicture
}

func (s *spy) AddImage(ctx context.Context, run, instance string, put activities.PutPicture, source contract.PicContent) error {
	s.put = put
	return s.Pictures.AddImage(ctx, run, instance, put, source)
}

func TestAddImageFabricIsWhole(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceFabric, func(t *testing.T, w *world) {
		w.objects.Store(bucket, "a.jpg", fakes.Picture(500, 500, "x"))
		in := contract.AddImageInput{PictureRef: ref("p", "a.jpg"), PicContent: contract.PicContent{Bucket: bucket, Key: "a.jpg"}, Region: "nonsense"}
		if got := must(w, w.images().Add, in); got.PicInfo.Region != "" {
			t.Errorf("a fabric has the subject %q", got.PicInfo.Region)
		}
	})
}

func TestAddImageRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in   contract.AddImageInput
		seed string
		code contract.Code
	}{
		"NoInstance": {contract.AddImageInput{PictureRef: contract.PictureRef{Instance: "nowhere", ProductID: "p", PicName: "a.jpg"}}, "x", contract.CodeInstanceNotFound},
		"Name":       {contract.AddImageInput{PictureRef: ref("p", "a")}, "x", contract.CodeInvalidPicName},
		"Category":   {contract.AddImageInput{PictureRef: ref("p", "a.jpg"), CategoryID: new(11)}, "x", contract.CodeInvalidCategory},
		"Region":     {contract.AddImageInput{PictureRef: ref("p", "a.jpg"), Region: "1,2,3"}, "x", contract.CodeInvalidRegion},
		"RegionFar":  {contract.AddImageInput{PictureRef: ref("p", "a.jpg"), Region: "1,401,3,4"}, "x", contract.CodeInvalidRegion},
		"Damaged":    {contract.AddImageInput{PictureRef: ref("p", "a.jpg")}, "damaged", contract.CodeUnsupportedPicFormat},
		"NoContent":  {contract.AddImageInput{PictureRef: ref("p", "a.jpg"), PicContent: contract.PicContent{Bucket: bucket, Key: "absent.jpg"}}, "x", contract.CodeInvalidPicURL},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				if content := w.object("a.jpg", test.seed); test.in.PicContent.Key == "" {
					test.in.PicContent = content
				}
				_, err := execute(t.Context(), w, w.images().Add, test.in)
				wantRefusal(t, err, test.code)
				if _, ok := w.picture("p", "a.jpg"); ok {
					t.Error("the picture was stored all the same")
				}
			})
		})
	}
}

// Every code of the vendor's page that can arise here, but InvalidIntAttr*: what
// is no integer of 32 bits does not come this far.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-updateimage
func TestUpdateImageRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	fields := contract.Attributes{CustomContent: new("new")}
	strAttr := func(n int) (f contract.Attributes) {
		f.StrAttrs[n] = &long
		return f
	}
	for code, in := range map[contract.Code]contract.UpdateImageInput{
		contract.CodeNoSpecifiedProductID: {PictureRef: ref("", "0.jpg"), Attributes: fields},
		contract.CodeNoSpecifiedPicName:   {PictureRef: ref("p0", ""), Attributes: fields},
		contract.CodeInvalidProductID:     {PictureRef: ref(long, "0.jpg"), Attributes: fields},
		contract.CodeInvalidPicName:       {PictureRef: ref("p0", long), Attributes: fields},
		contract.CodeInvalidCustomContent: {PictureRef: ref("p0", "0.jpg"), Attributes: contract.Attributes{CustomContent: &long}},
		"InvalidStrAttr":                  {PictureRef: ref("p0", "0.jpg"), Attributes: strAttr(0)},
		"InvalidStrAttr2":                 {PictureRef: ref("p0", "0.jpg"), Attributes: strAttr(1)},
		"InvalidStrAttr3":                 {PictureRef: ref("p0", "0.jpg"), Attributes: strAttr(2)},
		"InvalidStrAttr4":                 {PictureRef: ref("p0", "0.jpg"), Attributes: strAttr(3)},
		contract.CodePicNotExist:          {PictureRef: ref("p0", "other.jpg"), Attributes: fields},
		contract.CodeBadRequest:           {PictureRef: ref("p0", "0.jpg")},
		contract.CodeInstanceNotFound:     {PictureRef: contract.PictureRef{Instance: "nowhere", ProductID: "p0", PicName: "0.jpg"}, Attributes: fields},
		contract.CodeDeniedRequest:        {PictureRef: ref("p0", "0.jpg"), Attributes: fields},
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.runAll(w.begin(w.pictures(1)...), 0)
				if code == contract.CodeDeniedRequest {
					w.allow(contract.RateUpdate, 1)
					must(w, w.images().Update, in)
				}
				_, err := execute(t.Context(), w, w.images().Update, in)
				wantRefusal(t, err, code)
			})
		})
	}
}

func TestUpdateImageLeavesTheRest(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		lines := w.pictures(1)
		w.runAll(w.begin(add("p0", "0.jpg", `"CustomContent":"old","IntAttr":1,"StrAttr":"a"`), lines[0][:0]), 0)
		must(w, w.images().Update, contract.UpdateImageInput{PictureRef: ref("p0", "0.jpg"), Attributes: contract.Attributes{IntAttrs: [4]*int32{new(int32(0))}, StrAttrs: [4]*string{nil, new("")}}})
		got, _ := w.picture("p0", "0.jpg")
		if *got.CustomContent != "old" || *got.IntAttrs[0] != 0 || *got.StrAttrs[0] != "a" || got.StrAttrs[1] == nil || *got.StrAttrs[1] != "" {
			t.Errorf("picture = %+v; want the fields that were given changed, to 0 and to nothing", got)
		}
	})
}

func TestDeleteImage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in    contract.DeleteImageInput
		names []string
		left  int64
	}{
		"Picture": {contract.DeleteImageInput{PictureRef: ref("p1", "1.jpg")}, []string{"1.jpg"}, 3},
		"Absent":  {contract.DeleteImageInput{PictureRef: ref("p1", "2.jpg")}, nil, 4},
		"Product": {contract.DeleteImageInput{PictureRef: ref("p1", "")}, []string{"1.jpg", "again.jpg"}, 2},
		"Filter":  {contract.DeleteImageInput{PictureRef: ref("", ""), IsDeleteByFilter: true, Filter: "int_attr > 1"}, []string{"again.jpg"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.object(folder+"/again.jpg", "again")
				w.runAll(w.begin(append(w.pictures(3), add("p1", "again.jpg", `"IntAttr":2`))...), 0)
				got := must(w, w.images().Delete, test.in)
				if fmt.Sprint(got.PicNames) != fmt.Sprint(test.names) || got.Deleted != int64(len(test.names)) {
					t.Errorf("deleted %+v; want %v", got, test.names)
				}
				if instance, err := w.index.Instance(t.Context(), "shop"); err != nil || instance.Pictures != test.left {
					t.Errorf("%d pictures are left, %v; want %d", instance.Pictures, err, test.left)
				}
			})
		})
	}
}

func TestDeleteImageRefuses(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		_, err := execute(t.Context(), w, w.images().Delete, contract.DeleteImageInput{PictureRef: ref("", ""), IsDeleteByFilter: true, Filter: "int_attr >"})
		if message := wantRefusal(t, err, contract.CodeInvalidFilterClause); !strings.Contains(message, "character 11") {
			t.Errorf("message %q does not say where", message)
		}
		w.allow(contract.RateDelete, 1)
		must(w, w.images().Delete, contract.DeleteImageInput{PictureRef: ref("p", "")})
		_, err = execute(t.Context(), w, w.images().Delete, contract.DeleteImageInput{PictureRef: ref("p", "")})
		wantRefusal(t, err, contract.CodeDeniedRequest)
	})
}

func TestCheckImageExists(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.runAll(w.begin(w.pictures(1)...), 0)
		if got := must(w, w.images().Exists, ref("p0", "0.jpg")); !got.Exists || got.Picture == nil || got.Picture.Width != 400 {
			t.Errorf("a stored picture: %+v", got)
		}
		if got := must(w, w.images().Exists, ref("p0", "1.jpg")); got.Exists || got.Picture != nil {
			t.Errorf("an absent picture: %+v", got)
		}
		_, err := execute(t.Context(), w, w.images().Exists, ref("p0", ""))
		wantRefusal(t, err, contract.CodeNoSpecifiedPicName)
		_, err = execute(t.Context(), w, w.images().Exists, contract.PictureRef{Instance: "nowhere", ProductID: "p", PicName: "a.jpg"})
		wantRefusal(t, err, contract.CodeInstanceNotFound)
	})
}

// GetImage and CheckImageExists ask for the same, and share one rate.
func TestLookingUpHasARate(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.runAll(w.begin(w.pictures(1)...), 0)
		w.allow(contract.RateGet, 1)
		must(w, w.images().Describe, ref("p0", "0.jpg"))
		_, err := execute(t.Context(), w, w.images().Describe, ref("p0", "0.jpg"))
		wantRefusal(t, err, contract.CodeDeniedRequest)
		_, err = execute(t.Context(), w, w.images().Exists, ref("p0", "0.jpg"))
		wantRefusal(t, err, contract.CodeDeniedRequest)
	})
}

func TestDescribeAndUpload(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.runAll(w.begin(w.pictures(1)...), 0)
		if got := must(w, w.images().Describe, contract.PictureRef{Instance: "shop", ProductID: "p0", PicName: "0.jpg"}); got.Width != 400 {
			t.Errorf("picture = %+v; want the stored one", got)
		}
		_, err := execute(t.Context(), w, w.images().Describe, contract.PictureRef{Instance: "shop", ProductID: "p0", PicName: "1.jpg"})
		wantRefusal(t, err, contract.CodePicNotExist)
		upload := must(w, w.images().NewUpload, contract.UploadInput{})
		if !strings.HasPrefix(upload.Key, "uploads/") || !strings.Contains(upload.URL, results+"/"+upload.Key+"?sign=put&for=10m") || upload.Expires.IsZero() {
			t.Errorf("upload = %+v; want a place for ten minutes", upload)
		}
	})
}
