package activities_test

import (
	"context"
	"errors"
	"image"
	"image/jpeg"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// sheetOf searches with a sheet and returns it.
func sheetOf(t *testing.T, w *world, images *activities.Images, in contract.SearchInput) (contract.SearchResult, image.Image) {
	t.Helper()
	in.Instance, in.Sheet = "shop", true
	got := must(w, images.Search, in)
	key, _, _ := strings.Cut(strings.TrimPrefix(got.SheetURL, "https://store.example/"+results+"/"), "?")
	text, _ := w.objects.Text(results, key)
	sheet, err := jpeg.Decode(strings.NewReader(text))
	if err != nil || got.Expires.IsZero() || !strings.HasPrefix(key, "sheets/") {
		t.Fatalf("sheet %s: %v", got.SheetURL, err)
	}
	return got, sheet
}

// shows reports whether the middle of a place is something else than the grey of
// a place without a picture. Places are 172 pixels apart.
func shows(sheet image.Image, place int) bool {
	r, g, b, _ := sheet.At(12+172*place+80, 12+50).RGBA()
	return max(r, g, b)-min(r, g, b) > 0x0800
}

func TestSheetShowsQueryAndHits(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.runAll(w.begin(w.pictures(4)...), 0)
		by := contract.SearchInput{PicContent: contract.PicContent{Bucket: bucket, Key: folder + "/1.jpg"}}
		got, sheet := sheetOf(t, w, w.images(), by)
		for place := range 5 {
			if !shows(sheet, place) {
				t.Errorf("place %d of the sheet is empty", place)
			}
		}
		// Of the hits, the last is gone, and the sheet says so.
		last := got.Hits[3].PicName
		w.objects.Drop(bucket, folder+"/"+last)
		if _, sheet = sheetOf(t, w, w.images(), by); shows(sheet, 4) || !shows(sheet, 3) {
			t.Errorf("the place of a picture that is gone is not empty, or another is")
		}
		if _, sheet = sheetOf(t, w, w.images(), contract.SearchInput{ProductID: "p" + last[:1], PicName: last}); shows(sheet, 0) || !shows(sheet, 2) {
			t.Errorf("a query that is gone is shown, or another picture is not")
		}
	})
}

// Whatever keeps a picture from being shown, the search has its answer.
func TestSheetDoesWithoutPictures(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, images *activities.Images){
		"Denied": func(w *world, _ *activities.Images) {
			w.objects.Fault = failingKey(folder+"/0.jpg", activities.ErrDenied)
		},
		"Broken":  func(w *world, _ *activities.Images) { w.objects.Fault = failingKey(folder+"/0.jpg", errDown) },
		"Stalled": func(w *world, _ *activities.Images) { w.objects.Body = stalledBody },
		"Replaced": func(w *world, _ *activities.Images) {
			w.objects.Store(bucket, folder+"/0.jpg", "text")
		},
		"Damaged": func(w *world, _ *activities.Images) {
			w.imager.Featurize = func(context.Context, string) error { return errors.New("gone") }
		},
		"Panic": func(w *world, _ *activities.Images) {
			w.imager.Featurize = func(context.Context, string) error { panic("nil map") }
		},
		"Unknown": func(_ *world, images *activities.Images) { images.Pictures = forgetful{images.Pictures} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.runAll(w.begin(w.pictures(1)...), 0)
				images := w.images()
				change(w, images)
				got, sheet := sheetOf(t, w, images, contract.SearchInput{ProductID: "p0", PicName: "0.jpg"})
				if len(got.Hits) != 1 || shows(sheet, 0) {
					t.Errorf("%d hits, and a picture: %t; want one hit and none", len(got.Hits), shows(sheet, 0))
				}
			})
		})
	}
}

// forgetful does not know where pictures came from.
type forgetful struct{ activities.Pictures }

func (forgetful) Source(context.Context, contract.Picture) (manifest.Source, error) {
	return manifest.Source{}, contract.Errorf(contract.CodePicNotExist, "it is not known")
}

func TestSheetThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.runAll(w.begin(w.pictures(1)...), 0)
		w.objects.Fault = failing("Put", activities.ErrDenied)
		_, err := execute(t.Context(), w, w.images().Search, contract.SearchInput{Instance: "shop", ProductID: "p0", PicName: "0.jpg", Sheet: true})
		wantRefusal(t, err, contract.CodeConsoleNoPermission)
	})
}
