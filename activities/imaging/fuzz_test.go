package imaging_test

import (
	"errors"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

// FuzzOpen feeds damaged files: whatever they are, the process lives, and the
// picture either has a feature or is the one at fault.
func FuzzOpen(f *testing.F) {
	for _, data := range everyFormat(f, drawScene(24, 17, 1)) {
		f.Add(data)
	}
	f.Add(bitmap{width: 3, height: 2, depth: 8, packing: 1, between: primaries, pixels: []byte("\x03\x01\x00\x00\x00\x03\x02\x00\x01\x00\x00\x01")}.bytes())
	f.Add(bitmap{width: 5, height: 1, depth: 4, packing: 2, between: primaries, pixels: []byte("\x03\x12\x00\x02\x01\x00\x00\x01")}.bytes())
	f.Add(encodeGIF(f, drawScene(9, 9, 1), drawScene(9, 9, 2)))
	f.Add(orientedJPEG(encodeJPEG(f, drawScene(24, 17, 1), 50), 6))
	imager, err := imaging.New(imaging.Config{MaxPixels: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		picture, err := imager.Open(t.Context(), data)
		if err == nil {
			defer picture.Close()
			if h := picture.Header(); h.Width < 1 || h.Height < 1 || h.Orientation < 0 || h.Orientation > 8 {
				t.Errorf("impossible header %+v", h)
			}
			_, err = picture.Featurize(t.Context(), activities.View{})
		}
		if err != nil && !errors.Is(err, activities.ErrUndecodable) && !errors.Is(err, activities.ErrUnsupportedFormat) && !tooLarge(err) {
			t.Errorf("neither undecodable nor unsupported nor too large: %v", err)
		}
	})
}
