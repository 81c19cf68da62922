package imaging_test

import (
	"errors"
	"image"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

func preview(t *testing.T, imager *imaging.Imager, data []byte, side int) (*image.RGBA, error) {
	t.Helper()
	picture, err := imager.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	return picture.Preview(t.Context(), side)
}

func TestPreviewShowsThePictureSmall(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	for format, data := range everyFormat(t, drawScene(300, 200, 5)) {
		for side, want := range map[int]image.Point{1: {1, 1}, 60: {60, 40}, 160: {160, 106}, 256: {256, 170}} {
			got, err := preview(t, imager, data, side)
			if err != nil {
				t.Errorf("%s: %v", format, err)
				continue
			}
			// A JPEG is decoded at a fraction of its size, and rounded twice.
			if size := got.Bounds().Size(); (size.X-want.X)*(size.X-want.X) > 1 || (size.Y-want.Y)*(size.Y-want.Y) > 1 {
				t.Errorf("%s, side %d: preview of %v, want %v", format, side, size, want)
			}
		}
	}
}

// A preview is the picture: each pixel is near that of the scene drawn so small.
func TestPreviewLooksLikeThePicture(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	const side = 100
	small := drawScene(side, side, 9)
	for format, data := range everyFormat(t, drawScene(800, 800, 9)) {
		got, err := preview(t, imager, data, side)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for y := range side {
			for x := range side {
				is, want := got.RGBAAt(x, y), small.NRGBAAt(x, y)
				for _, d := range [...]int{int(is.R) - int(want.R), int(is.G) - int(want.G), int(is.B) - int(want.B)} {
					sum += max(d, -d)
				}
				if is.A != 0xff {
					t.Fatalf("%s: a pixel can be looked through", format)
				}
			}
		}
		if mean := float64(sum) / (3 * side * side); mean > 6 {
			t.Errorf("%s: pixels differ by %.1f on average", format, mean)
		}
	}
}

func TestPreviewOfSmallPictureIsItself(t *testing.T) {
	t.Parallel()
	scene := drawScene(30, 20, 3)
	got, err := preview(t, newImager(t), encodePNG(t, scene), 160)
	if err != nil || got.Bounds() != scene.Bounds() {
		t.Fatalf("preview of %v, %v", got.Bounds(), err)
	}
	for y := range 20 {
		for x := range 30 {
			if is, want := got.RGBAAt(x, y), scene.NRGBAAt(x, y); is.R != want.R || is.G != want.G || is.B != want.B {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, is, want)
			}
		}
	}
}

func TestPreviewRefuses(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	whole := encodeJPEG(t, drawScene(300, 200, 5), 90)
	for _, side := range []int{-1, 0, activities.MaxPreview + 1} {
		if _, err := preview(t, imager, whole, side); err == nil {
			t.Errorf("a preview of side %d was made", side)
		}
	}
	if _, err := preview(t, imager, whole[:len(whole)/2], 100); !errors.Is(err, activities.ErrUndecodable) {
		t.Errorf("a cut picture: %v", err)
	}
	small, err := imaging.New(imaging.Config{MaxPixels: 300*200 - 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := preview(t, small, whole, 100); !tooLarge(err) {
		t.Errorf("a picture that is too large to decode: %v", err)
	}
	picture, err := imager.Open(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}
	picture.Close()
	if _, err := picture.Preview(t.Context(), 100); err == nil {
		t.Error("a closed picture has a preview")
	}
}
