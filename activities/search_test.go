package activities_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason string
		in     contract.SearchInput
		best   string // the picture that scores 1
	}{
		"Object":   {"the same descriptor as on import", contract.SearchInput{PicContent: contract.PicContent{Bucket: bucket, Key: folder + "/3.jpg"}}, "3.jpg"},
		"Uploaded": {"a local picture that was uploaded", contract.SearchInput{PicContent: contract.PicContent{Key: "uploads/run", Uploaded: true}}, "7.jpg"},
		"Region":   {"the region is the subject", contract.SearchInput{PicContent: contract.PicContent{Bucket: bucket, Key: folder + "/3.jpg"}, Region: "100,300,75,225"}, "3.jpg"},
		"Role":     {"under the role that may read it", contract.SearchInput{PicContent: contract.PicContent{Bucket: bucket, Key: folder + "/0.jpg", RoleARN: "reader"}}, "0.jpg"},
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
		return contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Bucket: bucket, Key: key}}
	}
	for name, test := range map[string]struct {
		in   contract.SearchInput
		code contract.Code
	}{
		"NoInstance":  {contract.SearchInput{Instance: "nowhere", PicContent: contract.PicContent{Bucket: bucket, Key: "a.jpg"}}, contract.CodeInstanceNotFound},
		"NoKey":       {object(""), contract.CodeNoSpecifiedPicContent},
		"Missing":     {object("missing.jpg"), contract.CodeInvalidPicURL},
		"NoBucket":    {contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Bucket: "nowhere", Key: "a.jpg"}}, contract.CodeInvalidPicURL},
		"Denied":      {object("denied.jpg"), contract.CodeNoPermission},
		"Role":        {contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Bucket: bucket, Key: "a.jpg", RoleARN: "other"}}, contract.CodeRoleNotAllowed},
		"TooLarge":    {object("large.jpg"), contract.CodeInvalidPicContent},
		"Slow":        {object("slow.jpg"), contract.CodeTimeoutForTransferImage},
		"NoPicture":   {object("text.jpg"), contract.CodeUnsupportedPicFormat},
		"Small":       {object("small.jpg"), contract.CodeUnsupportedPicPixels},
		"Num":         {contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Bucket: bucket, Key: "a.jpg"}, Num: 101}, contract.CodeOverflowMaxReturnNum},
		"Region":      {contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Bucket: bucket, Key: "good.jpg"}, Region: "1,2"}, contract.CodeInvalidRegion},
		"RegionFar":   {contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Bucket: bucket, Key: "good.jpg"}, Region: "0,999,0,9"}, contract.CodeInvalidRegion},
		"NoUpload":    {contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Key: "tasks/1/report.ndjson", Uploaded: true}}, contract.CodeInvalidPicURL},
		"BelowUpload": {contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Key: "uploads/../tasks/1/report.ndjson", Uploaded: true}}, contract.CodeInvalidPicURL},
		"BareUpload":  {contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Key: "uploads/", Uploaded: true}}, contract.CodeInvalidPicURL},
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
				_, err := execute(t.Context(), w, w.images().Search, contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Bucket: bucket, Key: "good.jpg"}})
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

func TestSearchByName(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.runAll(w.begin(append(w.pictures(8), add("dress", "8.jpg", `"CategoryId":1,"IntAttr":5`))...), 0)
		w.object(folder+"/8.jpg", "seed8")
		w.runAll(w.open(), 0)
		w.objects.Drop(bucket, folder+"/8.jpg") // what is stored is enough
		got := must(w, w.images().Search, contract.SearchInput{Instance: "shop", ProductID: "dress", PicName: "8.jpg", Num: 3})
		if len(got.Hits) != 3 || got.Hits[0].PicName != "8.jpg" || got.Hits[0].Score != 1 || got.Hits[0].Match.View != "as given" || got.Searched != 9 {
			t.Errorf("hits %+v of %d", got.Hits, got.Searched)
		}
		if got.PicInfo.CategoryID != 1 || got.PicInfo.Region != "100,300,75,225" || len(got.PicInfo.AllCategories) != 14 {
			t.Errorf("picture %+v; want what is stored of it", got.PicInfo)
		}
		if got.Head.DocsFound != 3 || got.Head.DocsReturn != 9 {
			t.Errorf("head %+v; want 3 returned of 9", got.Head)
		}
		dresses := must(w, w.images().Search, contract.SearchInput{Instance: "shop", ProductID: "p0", PicName: "0.jpg", CategoryID: new(1)})
		if len(dresses.Hits) != 1 || dresses.Hits[0].PicName != "8.jpg" || dresses.PicInfo.CategoryID != 1 {
			t.Errorf("in one category: %+v, %+v", dresses.Hits, dresses.PicInfo)
		}
		_, err := execute(t.Context(), w, w.images().Search, contract.SearchInput{Instance: "shop", ProductID: "nobody", PicName: "8.jpg"})
		wantRefusal(t, err, contract.CodePicNotExist)
	})
}

func TestSearchByFilter(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceGeneric, func(t *testing.T, w *world) {
		w.pictures(4)
		w.runAll(w.begin(add("b", "0.jpg", `"IntAttr":1`), add("a", "1.jpg", `"IntAttr":2`), add("a", "2.jpg", `"IntAttr":3`), add("c", "3.jpg")), 0)
		got := must(w, w.images().Search, contract.SearchInput{Instance: "shop", Filter: "int_attr < 3"})
		if len(got.Hits) != 2 || got.Hits[0].PicName != "1.jpg" || got.Hits[1].PicName != "0.jpg" || got.PicInfo != nil || got.Head.DocsReturn != 2 {
			t.Errorf("hits %+v, head %+v; want a then b, nothing about a picture", got.Hits, got.Head)
		}
		for _, hit := range got.Hits {
			if hit.Score != 0 || hit.Match != nil {
				t.Errorf("a hit has the score %v, %+v", hit.Score, hit.Match)
			}
		}
		_, err := execute(t.Context(), w, w.images().Search, contract.SearchInput{Instance: "shop", Filter: "colour = 3"})
		wantRefusal(t, err, contract.CodeInvalidFilterClause)
	})
}

// A picture that was stored with a category of its own is found by itself,
// whatever category would be predicted.
func TestSearchFindsWhatHasAnotherCategory(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.pictures(1)
		w.runAll(w.begin(add("toy", "0.jpg", `"CategoryId":20`)), 0)
		query := contract.SearchInput{Instance: "shop", PicContent: contract.PicContent{Bucket: bucket, Key: folder + "/0.jpg"}}
		if got := must(w, w.images().Search, query); len(got.Hits) != 1 || got.Hits[0].Score != 1 || got.PicInfo.CategoryID != contract.CategoryOthers {
			t.Errorf("hits %+v of a picture seen as %+v", got.Hits, got.PicInfo)
		}
		query.CategoryID = new(1)
		if got := must(w, w.images().Search, query); len(got.Hits) != 0 || got.PicInfo.CategoryID != 1 {
			t.Errorf("in a category that was asked for: %+v, %+v", got.Hits, got.PicInfo)
		}
		query.CategoryID = new(13)
		_, err := execute(t.Context(), w, w.images().Search, query)
		wantRefusal(t, err, contract.CodeInvalidCategory)
	})
}

func TestSearchExpands(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason   string
		seed     string
		expand   string
		start    int
		expanded bool
		decoded  int // how often the query is
		score    float64
		view     string
	}{
		"Same":       {"what is plainly the same is settled", "seed3", "", 0, false, 1, 1, "as given"},
		"SamePage":   {"and is so on every page", "seed3", "", 2, false, 1, 0, "as given"},
		"Edited":     {"nothing is plainly the same", fakes.Mirrored("seed3"), "", 0, true, 2, 0.95, "mirrored"},
		"EditedPage": {"nor on a later page", fakes.Mirrored("seed3"), contract.ExpandAuto, 1, true, 2, 0, ""},
		"Never":      {"unless nobody wants it", fakes.Mirrored("seed3"), contract.ExpandNever, 0, false, 1, 0, "as given"},
		"Always":     {"a plain match wins over variants", "seed3", contract.ExpandAlways, 0, true, 1, 1, "as given"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.runAll(w.begin(w.pictures(15)...), 0)
				decoded := 0
				w.imager.Featurize = func(context.Context, string) error { decoded++; return nil }
				in := contract.SearchInput{Instance: "shop", PicContent: w.object("query.jpg", test.seed), Expand: test.expand, Start: test.start}
				got := must(w, w.images().Search, in)
				if got.Expanded != test.expanded || decoded != test.decoded {
					t.Errorf("expanded: %t, decoded %d times; want %t, %d: %s", got.Expanded, decoded, test.expanded, test.decoded, test.reason)
				}
				first := got.Hits[0]
				if test.score != 0 && (first.PicName != "3.jpg" || first.Score != test.score) || test.view != "" && first.Match.View != test.view ||
					(first.Match.Penalty > 0) != (first.Match.View != "as given") {
					t.Errorf("first hit %s %v, %+v; want %v, %s: %s", first.PicName, first.Score, first.Match, test.score, test.view, test.reason)
				}
			})
		})
	}
}

// The subject of a picture is the second half of its vector.
func TestSearchBySubject(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.runAll(w.begin(w.pictures(5)...), 0)
		asked := &queries{Index: w.index}
		images := w.images()
		images.Index = asked
		got := must(w, images.Search, contract.SearchInput{Instance: "shop", PicContent: w.object("q.jpg", "seed2"), SubjectOnly: true, Expand: contract.ExpandAlways})
		if got.Hits[0].PicName != "2.jpg" || got.Hits[0].Score != 1 {
			t.Errorf("first hit %+v", got.Hits[0])
		}
		for n, vector := range asked.last.Vectors {
			if vector.Part != activities.SubjectHalf || len(vector.Vector) != 16 {
				t.Errorf("vector %d is compared with part %d, %d bytes", n, vector.Part, len(vector.Vector))
			}
		}
	})
}

// queries notes what the index is asked.
type queries struct {
	activities.Index
	last activities.SearchQuery
}

func (q *queries) Search(ctx context.Context, instance string, query activities.SearchQuery) (activities.SearchHits, error) {
	q.last = query
	return q.Index.Search(ctx, instance, query)
}

func TestSearchPassesOnWhatIsAsked(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceGeneric, func(t *testing.T, w *world) {
		asked := &queries{Index: w.index}
		images := w.images()
		images.Index = asked
		got := must(w, images.Search, contract.SearchInput{
			Instance: "shop", PicContent: w.object("q.jpg", "x"), CategoryID: new(5), Filter: `str_attr="a"`, DistinctProductID: true,
			ScoreThreshold: "0.25", Start: 3, Expand: contract.ExpandNever,
		})
		if asked.last.Category != nil || asked.last.Filter.String() != `str_attr = "a"` || !asked.last.DistinctProducts ||
			asked.last.Threshold != 0.25 || asked.last.Start != 3 || asked.last.Num != contract.DefaultNum || asked.last.FeatureVersion != w.imager.FeatureVersion() {
			t.Errorf("query %+v; a generic instance has no categories", asked.last)
		}
		want := &contract.PicInfo{
			CategoryID: contract.CategoryOthers, Region: "100,300,75,225", MultiRegion: []contract.SubjectArea{{Region: "100,300,75,225"}},
			AllCategories: []contract.Category{{ID: contract.CategoryOthers, Name: "Others"}},
		}
		if diff := cmp.Diff(want, got.PicInfo); diff != "" {
			t.Errorf("picture (-want +got):\n%s", diff)
		}
	})
}

func TestSearchIsLimited(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.allow(contract.RateSearch, 2)
		in := contract.SearchInput{Instance: "shop", PicContent: w.object("q.jpg", "x")}
		must(w, w.images().Search, in)
		must(w, w.images().Search, in)
		reads := w.objects.Reads(bucket, "q.jpg")
		_, err := execute(t.Context(), w, w.images().Search, in)
		if message := wantRefusal(t, err, contract.CodeDeniedRequest); !strings.Contains(message, "try again in") {
			t.Errorf("message %q does not say when", message)
		}
		if w.objects.Reads(bucket, "q.jpg") != reads {
			t.Error("the picture was fetched for a request that is denied")
		}
	})
}
