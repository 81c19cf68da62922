package activities_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

func TestSliceStoresWhatALineSays(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	number := func(n int32) *int32 { return &n }
	full := add("p", "a.jpg", `"CategoryId":3`, `"CustomContent":"k:v"`, `"IntAttr":1`, `"IntAttr3":-3`, `"StrAttr2":"é"`)
	for name, test := range map[string]struct {
		reason  string
		service contract.ServiceType
		line    string
		want    contract.Picture
	}{
		"Everything": {"each field arrives where it belongs", contract.ServiceProduct, full, contract.Picture{
			CategoryID: 3, CustomContent: text("k:v"), IntAttrs: [4]*int32{number(1), nil, number(-3), nil},
			StrAttrs: [4]*string{nil, text("é"), nil, nil}, Region: "100,300,75,225",
		}},
		"NoCategories": {"other instances keep no category, whatever is sent", contract.ServiceGeneric, add("p", "a.jpg", `"CategoryId":3`),
			contract.Picture{CategoryID: contract.CategoryOthers, Region: "100,300,75,225"}},
		"Region": {"a region is the subject, also without Crop", contract.ServiceGeneric, add("p", "a.jpg", `"Region":"0,400,0,300"`, `"Crop":false`),
			contract.Picture{CategoryID: contract.CategoryOthers, Region: "0,400,0,300"}},
		"Whole": {"Crop false takes the picture whole", contract.ServiceGeneric, add("p", "a.jpg", `"Crop":false`),
			contract.Picture{CategoryID: contract.CategoryOthers}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, test.service, func(t *testing.T, w *world) {
				w.objects.Store(bucket, folder+"/a.jpg", fakes.Picture(400, 300, "x"))
				task := w.begin("", test.line)
				w.runAll(task, 0)
				test.want.ProductID, test.want.PicName = "p", "a.jpg"
				test.want.Width, test.want.Height, test.want.Task, test.want.Line = 400, 300, task, 2
				got, _ := w.picture("p", "a.jpg")
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", test.reason, diff)
				}
			})
		})
	}
}

func TestSliceFabricIgnoresCropAndRegion(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceFabric, func(t *testing.T, w *world) {
		w.objects.Store(bucket, folder+"/a.jpg", fakes.Picture(500, 500, "x"))
		w.runAll(w.begin(add("p", "a.jpg", `"Region":"9,8,7"`, `"Crop":"perhaps"`)), 0)
		if got, ok := w.picture("p", "a.jpg"); !ok || got.Region != "" {
			t.Errorf("picture = %t, region %q; want it whole", ok, got.Region)
		}
	})
}

func TestSliceDeletes(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		for _, name := range []string{"a.jpg", "b.jpg", "c.jpg"} {
			w.objects.Store(bucket, folder+"/"+name, fakes.Picture(400, 300, name))
		}
		task := w.begin(
			add("p", "a.jpg"), add("p", "b.jpg"), add("q", "a.jpg"), add("q", "b.jpg"),
			remove("p", "a.jpg"), // one picture
			remove("q", ""),      // a product
			add("q", "c.jpg"),    // after the deletion: stays
			remove("p", "never.jpg"),
		)
		tally := w.runAll(task, 0)
		want := contract.Tally{
			Counts: contract.Counts{Succeeded: 8},
			Stages: contract.Stages{Fetched: 5, Validated: 5, Featurized: 5, Indexed: 8},
		}
		if diff := cmp.Diff(want, tally); diff != "" {
			t.Errorf("tally (-want +got):\n%s", diff)
		}
		for _, picture := range []struct {
			product, name string
			there         bool
		}{{"p", "a.jpg", false}, {"p", "b.jpg", true}, {"q", "a.jpg", false}, {"q", "b.jpg", false}, {"q", "c.jpg", true}} {
			if _, there := w.picture(picture.product, picture.name); there != picture.there {
				t.Errorf("picture %s of %s is there: %t; want %t", picture.name, picture.product, there, picture.there)
			}
		}
		if reads := w.objects.Reads(bucket, folder+"/never.jpg"); reads != 0 {
			t.Errorf("the picture of a deletion was read %d times", reads)
		}
	})
}

func TestSliceLooksFromTheRoot(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.objects.Store(bucket, "root/a.jpg", fakes.Picture(400, 300, "root"))
		w.objects.Store(bucket, folder+"/b.jpg", fakes.Picture(401, 300, "folder"))
		w.objects.Store(bucket, "b.jpg", fakes.Picture(402, 300, "root"))
		lines := []string{add("p", "root/a.jpg"), add("p", "b.jpg"), add("p", "nowhere.jpg")}
		if tally := w.runAll(w.begin(lines...), 0); tally.Succeeded != 1 {
			t.Errorf("tally = %+v; want the folder alone to be looked into", tally)
		}
		w.spec.FromRoot = true
		task := w.begin(lines...)
		if tally := w.runAll(task, 0); tally.Succeeded != 2 {
			t.Errorf("tally = %+v; want both found", tally)
		}
		if got, _ := w.picture("p", "b.jpg"); got.Width != 401 {
			t.Errorf("width = %d; want 401: the folder comes first", got.Width)
		}
		if says := w.failures(task)[3].Message; !strings.Contains(says, "oss://photos/catalogue/nowhere.jpg nor oss://photos/nowhere.jpg") {
			t.Errorf("message = %q; want both places", says)
		}
	})
}

func TestSliceBlankLinesAreNotCounted(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		good := w.pictures(2)
		task := w.begin("", good[0], " \t", "", good[1], "\r", "")
		tally := w.runAll(task, 3)
		if got := tally.Counts; got != (contract.Counts{Succeeded: 2}) {
			t.Errorf("counts = %+v; want the 2 lines that say something", got)
		}
		ended := must(w, (&activities.Tasks{Ledger: w.ledger}).End, contract.Ending{Task: task, State: contract.StateSuccess})
		if ended.Total != 2 || ended.Tally.Done() != 2 {
			t.Errorf("ended with %d of %d; want 2 of 2", ended.Tally.Done(), ended.Total)
		}
	})
}

func TestSliceRepeatedDoesNothing(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(append(w.pictures(5), "bad")...)
		first := w.runAll(task, 0)
		again := w.runAll(task, 0)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("tally changed (-first +again):\n%s", diff)
		}
		if reads := w.objects.Reads(bucket, folder+"/0.jpg"); reads != 1 {
			t.Errorf("a picture was read %d times; want once", reads)
		}
	})
}

func TestSliceTwoAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(append(w.pictures(90), "bad", remove("p1", ""), "worse")...)
		list := w.plan(task, 100)
		var tallies [2]contract.SliceResult
		var both sync.WaitGroup
		other := *w
		other.log = &strings.Builder{}
		for n, of := range []*world{w, &other} {
			both.Go(func() {
				tallies[n], _ = execute(t.Context(), of, of.slices().Slice, contract.SliceInput{Task: task, List: list})
			})
		}
		both.Wait()
		want := contract.SliceResult{Whole: true, Tally: contract.Tally{
			Counts: contract.Counts{Succeeded: 91, Failed: 2},
			Stages: contract.Stages{Fetched: 90, Validated: 90, Featurized: 90, Indexed: 91},
			Codes:  map[contract.Code]int64{contract.CodeInvalidMetaItem: 2},
		}}
		for n := range tallies {
			if diff := cmp.Diff(want, tallies[n]); diff != "" {
				t.Errorf("attempt %d (-want +got):\n%s", n, diff)
			}
		}
		if failures := w.failures(task); len(failures) != 2 {
			t.Errorf("%d failures are recorded; want 2", len(failures))
		}
	})
}

func TestSliceKeepsToItsPart(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(7)...)
		list := w.plan(task, 3)
		got := must(w, w.slices().Slice, contract.SliceInput{Task: task, Slice: 1, List: list})
		want := contract.SliceResult{Slice: 1, Whole: true, Tally: contract.Tally{Counts: contract.Counts{Succeeded: 3}}}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(contract.Stages{})); diff != "" {
			t.Errorf("slice 1 (-want +got):\n%s", diff)
		}
		for n, there := range []bool{false, false, false, true, true, true, false} {
			if picture, got := w.picture("p"+string(rune('0'+n)), string(rune('0'+n))+".jpg"); got != there || there && picture.Line != int64(n+1) {
				t.Errorf("line %d is stored: %t, as line %d; want %t", n+1, got, picture.Line, there)
			}
		}
	})
}

func TestSliceHoldsFewPictures(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.imager.Featurize = func(context.Context, string) error { return nil }
		w.runAll(w.begin(w.pictures(200)...), 0)
		if most := w.imager.Most(); most > 2 {
			t.Errorf("%d pictures were decoded at a time; want as many as cores, 2", most)
		}
	})
}
