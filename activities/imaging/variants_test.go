package imaging_test

import (
	"bytes"
	"image"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/workflows/manifest"
)

func variant(t *testing.T, feature activities.Feature, kind string) []byte {
	t.Helper()
	for _, v := range feature.Variants {
		if v.Kind == kind {
			return v.Vector
		}
	}
	t.Fatalf("no variant %q", kind)
	return nil
}

func expanded(t *testing.T, data []byte, view activities.View) activities.Feature {
	t.Helper()
	view.Expand = true
	feature, err := featurize(t, newImager(t), data, view)
	if err != nil {
		t.Fatal(err)
	}
	return feature
}

func TestVariantsLeaveTheRestAsItIs(t *testing.T) {
	t.Parallel()
	data := encodeJPEG(t, drawProduct(300, 400, 1), 90)
	for name, view := range map[string]activities.View{
		"Whole": {}, "Detected": {Detect: true}, "Region": {Region: &manifest.Region{X1: 10, X2: 200, Y1: 30, Y2: 390}},
	} {
		with := expanded(t, data, view)
		var kinds []string
		for _, v := range with.Variants {
			kinds = append(kinds, v.Kind)
			if len(v.Vector) != 2*half {
				t.Errorf("%s: the vector of %q has %d bytes", name, v.Kind, len(v.Vector))
			}
		}
		want := []string{
			"rotated 90", "rotated 180", "rotated 270", "mirrored", "window 1", "window 2", "window 3",
			"window 4", "window 5", "window 6", "window 7", "window 8", "window 9",
		}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
		without, err := featurize(t, newImager(t), data, view)
		if err != nil {
			t.Fatal(err)
		}
		with.Variants = nil
		if diff := cmp.Diff(without, with); diff != "" {
			t.Errorf("%s: -without +with variants\n%s", name, diff)
		}
	}
}

// TestTurnedVariants compares with pictures that were turned before. Their subject
// is found anew, at nearly the same place.
func TestTurnedVariants(t *testing.T) {
	t.Parallel()
	const width, height = 320, 240
	picture := drawProduct(width, height, 5)
	imager := newImager(t)
	turned := func(w, h int, from func(x, y int) (int, int)) []byte {
		out := image.NewNRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				u, v := from(x, y)
				out.SetNRGBA(x, y, picture.NRGBAAt(u, v))
			}
		}
		return encodePNG(t, out)
	}
	for _, view := range []activities.View{{}, {Detect: true}} {
		feature := expanded(t, encodePNG(t, picture), view)
		for kind, data := range map[string][]byte{
			"rotated 90":  turned(height, width, func(x, y int) (int, int) { return y, height - 1 - x }),
			"rotated 180": turned(width, height, func(x, y int) (int, int) { return width - 1 - x, height - 1 - y }),
			"rotated 270": turned(height, width, func(x, y int) (int, int) { return width - 1 - y, x }),
			"mirrored":    turned(width, height, func(x, y int) (int, int) { return width - 1 - x, y }),
		} {
			if similarity := cosine(variant(t, feature, kind), vector(t, imager, data, view)); similarity < 0.98 {
				t.Errorf("detect %v: %s and a picture turned so are at %.3f", view.Detect, kind, similarity)
			}
		}
	}
}

// TestWindowsShowAPictureInAnother pastes pictures into larger ones: the window
// over one has nearly its vector.
func TestWindowsShowAPictureInAnother(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	pasted := drawProduct(248, 248, 6)
	want := vector(t, imager, encodePNG(t, pasted), activities.View{Detect: true})
	for kind, at := range map[string]image.Point{
		"window 1": {0, 0}, "window 3": {152, 0}, "window 5": {76, 76}, "window 6": {152, 76}, "window 7": {0, 152},
	} {
		canvas := drawScene(400, 400, 8)
		for y := range 248 {
			for x := range 248 {
				canvas.SetNRGBA(at.X+x, at.Y+y, pasted.NRGBAAt(x, y))
			}
		}
		feature := expanded(t, encodePNG(t, canvas), activities.View{Detect: true})
		if similarity := cosine(want, variant(t, feature, kind)); similarity < 0.95 {
			t.Errorf("%s: the picture pasted there is at %.3f", kind, similarity)
		}
		best := ""
		most := cosine(want, feature.Vector)
		for _, v := range feature.Variants {
			if similarity := cosine(want, v.Vector); similarity > most {
				best, most = v.Kind, similarity
			}
		}
		if best != kind {
			t.Errorf("%s: %q is nearer, at %.3f", kind, best, most)
		}
	}
}

// TestWindowsAreFilledAsThePictureIs looks for subjects where one was looked for
// or given, and for none where the whole was wanted.
func TestWindowsAreFilledAsThePictureIs(t *testing.T) {
	t.Parallel()
	data := encodePNG(t, drawProduct(300, 300, 2))
	same := func(view activities.View) bool {
		window := variant(t, expanded(t, data, view), "window 5")
		return bytes.Equal(window[:half], window[half:])
	}
	if !same(activities.View{}) {
		t.Error("a window has a subject although none was wanted")
	}
	if same(activities.View{Detect: true}) || same(activities.View{Region: &manifest.Region{X1: 0, X2: 100, Y1: 0, Y2: 100}}) {
		t.Error("a window has no subject although the picture has one")
	}
}
