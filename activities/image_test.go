package activities_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

func (w *world) images() *activities.Images {
	return &activities.Images{Index: w.index, Identities: w.identities, Results: w.results(), Imager: w.imager, Limits: w.limits}
}

func TestInstances(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		instances := &activities.Instances{Index: w.index}
		in := contract.CreateInstanceInput{Name: "art", Region: "cn-shanghai", ServiceType: contract.ServiceCopyright, Capacity: 5}
		made := must(w, instances.Create, in)
		if again := must(w, instances.Create, in); again.ID != made.ID {
			t.Errorf("a repeated run made %s beside %s", again.ID, made.ID)
		}
		list := must(w, instances.List, contract.Nothing{})
		if len(list.Instances) != 2 || list.Instances[0].Name != "art" || list.Instances[1].Name != "shop" {
			t.Errorf("instances = %+v; want art and shop", list.Instances)
		}
		if got := must(w, instances.Describe, contract.InstanceRef{Name: "art"}); got.ServiceType != contract.ServiceCopyright || got.Capacity != 5 {
			t.Errorf("instance = %+v; want what was asked for", got)
		}
		must(w, instances.Delete, contract.InstanceRef{Name: "art"})
		_, err := execute(t.Context(), w, instances.Describe, contract.InstanceRef{Name: "art"})
		wantRefusal(t, err, contract.CodeInstanceNotFound)
		in.Capacity = 0
		_, err = execute(t.Context(), w, instances.Create, in)
		wantRefusal(t, err, contract.CodeBadRequest)
	})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason string
		in     contract.SearchInput
		best   string // the picture that scores 1
	}{
		"Object":   {"the same descriptor as on import", contract.SearchInput{Bucket: bucket, Key: folder + "/3.jpg"}, "3.jpg"},
		"Uploaded": {"a local picture that was uploaded", contract.SearchInput{Key: "uploads/run", Uploaded: true}, "7.jpg"},
		"Region":   {"the region is the subject", contract.SearchInput{Bucket: bucket, Key: folder + "/3.jpg", Region: "100,300,75,225"}, "3.jpg"},
		"Role":     {"under the role that may read it", contract.SearchInput{Bucket: bucket, Key: folder + "/0.jpg", RoleARN: "reader"}, "0.jpg"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.runAll(w.begin(w.pictures(15)...), 0)
				w.objects.Store(results, "uploads/run", fakes.Picture(400, 300, "seed7"))
				w.identities.Roles = map[string]activities.Objects{"reader": w.objects}
				test.in.Instance = "shop"
				got := must(w, w.images().Search, test.in)
				if len(got.Hits) != 10 || got.Hits[0].PicName != test.best || got.Hits[0].Score != 1 || got.Hits[1].Score == 1 || got.Searched != 15 {
					t.Errorf("%d hits of %d, first %s; want 10 of 15, %s first: %s", len(got.Hits), got.Searched, got.Hits[0].PicName, test.best, test.reason)
				}
				test.in.Num = 3
				if got := must(w, w.images().Search, test.in); len(got.Hits) != 3 {
					t.Errorf("%d hits; want 3", len(got.Hits))
				}
			})
		})
	}
}

func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	object := func(key string) contract.SearchInput {
		return contract.SearchInput{Instance: "shop", Bucket: bucket, Key: key}
	}
	for name, test := range map[string]struct {
		in   contract.SearchInput
		code contract.Code
	}{
		"NoInstance":  {contract.SearchInput{Instance: "nowhere", Bucket: bucket, Key: "a.jpg"}, contract.CodeInstanceNotFound},
		"NoKey":       {object(""), contract.CodeNoSpecifiedPicContent},
		"Missing":     {object("missing.jpg"), contract.CodeInvalidPicURL},
		"NoBucket":    {contract.SearchInput{Instance: "shop", Bucket: "nowhere", Key: "a.jpg"}, contract.CodeInvalidPicURL},
		"Denied":      {object("denied.jpg"), contract.CodeNoPermission},
		"Role":        {contract.SearchInput{Instance: "shop", Bucket: bucket, Key: "a.jpg", RoleARN: "other"}, contract.CodeRoleNotAllowed},
		"TooLarge":    {object("large.jpg"), contract.CodeInvalidPicContent},
		"Slow":        {object("slow.jpg"), contract.CodeTimeoutForTransferImage},
		"NoPicture":   {object("text.jpg"), contract.CodeUnsupportedPicFormat},
		"Small":       {object("small.jpg"), contract.CodeUnsupportedPicPixels},
		"Num":         {contract.SearchInput{Instance: "shop", Bucket: bucket, Key: "a.jpg", Num: 101}, contract.CodeInvalidNumParameter},
		"Region":      {contract.SearchInput{Instance: "shop", Bucket: bucket, Key: "good.jpg", Region: "1,2"}, contract.CodeInvalidRegion},
		"RegionFar":   {contract.SearchInput{Instance: "shop", Bucket: bucket, Key: "good.jpg", Region: "0,999,0,9"}, contract.CodeInvalidRegion},
		"NoUpload":    {contract.SearchInput{Instance: "shop", Key: "tasks/1/report.ndjson", Uploaded: true}, contract.CodeInvalidPicURL},
		"BelowUpload": {contract.SearchInput{Instance: "shop", Key: "uploads/../tasks/1/report.ndjson", Uploaded: true}, contract.CodeInvalidPicURL},
		"BareUpload":  {contract.SearchInput{Instance: "shop", Key: "uploads/", Uploaded: true}, contract.CodeInvalidPicURL},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.objects.Store(bucket, "good.jpg", fakes.Picture(400, 300, "x"))
				w.objects.Store(bucket, "large.jpg", strings.Repeat("x", contract.MaxPictureBytes+1))
				w.objects.Store(bucket, "slow.jpg", "x")
				w.objects.Store(bucket, "text.jpg", "just text")
				w.objects.Store(bucket, "small.jpg", fakes.Picture(99, 99, "x"))
				w.objects.Fault = failingKey("denied.jpg", activities.ErrDenied)
				if name == "Slow" {
					w.objects.Body = stalledBody
				}
				_, err := execute(t.Context(), w, w.images().Search, test.in)
				wantRefusal(t, err, test.code)
			})
		})
	}
}

func TestSearchTroubleIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"Store":  func(w *world) { w.objects.Fault = failing("Open", errDown) },
		"Imager": func(w *world) { w.imager.Featurize = func(context.Context, string) error { return errors.New("gone") } },
		"Panic":  func(w *world) { w.imager.Featurize = func(context.Context, string) error { panic("nil map") } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.objects.Store(bucket, "good.jpg", fakes.Picture(400, 300, "x"))
				change(w)
				_, err := execute(t.Context(), w, w.images().Search, contract.SearchInput{Instance: "shop", Bucket: bucket, Key: "good.jpg"})
				if err == nil {
					t.Fatal("the search succeeded")
				}
				if name != "Panic" {
					wantTransient(t, err)
				}
			})
		})
	}
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
		upload := must(w, w.images().NewUpload, contract.Nothing{})
		if !strings.HasPrefix(upload.Key, "uploads/") || !strings.Contains(upload.URL, results+"/"+upload.Key+"?sign=put&for=10m") || upload.Expires.IsZero() {
			t.Errorf("upload = %+v; want a place for ten minutes", upload)
		}
	})
}
