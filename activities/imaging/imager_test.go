package imaging_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/workflows/manifest"
)

func vector(tb testing.TB, imager *imaging.Imager, data []byte, view activities.View) []byte {
	tb.Helper()
	feature, err := featurize(tb, imager, data, view)
	if err != nil {
		tb.Fatal(err)
	}
	return feature.Vector
}

func TestFormatsHaveTheSameFeature(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	for seed := range uint32(4) {
		picture := drawScene(300, 400, seed)
		files := everyFormat(t, picture)
		want := vector(t, imager, files["PNG"], activities.View{})
		for name, data := range files {
			got := vector(t, imager, data, activities.View{})
			if similarity := cosine(want, got); similarity < 0.97 {
				t.Errorf("picture %d: %s and PNG are at %.3f", seed, name, similarity)
			}
		}
	}
}

func TestSizesHaveTheSameFeature(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	want := vector(t, imager, encodeJPEG(t, drawScene(150, 150, 1), 90), activities.View{})
	for _, size := range []int{128, 256, 300, 600} {
		got := vector(t, imager, encodeJPEG(t, drawScene(size, size, 1), 90), activities.View{})
		if similarity := cosine(want, got); similarity < 0.97 {
			t.Errorf("the scene at %d and at 150 pixels: %.3f", size, similarity)
		}
	}
}

func TestPicturesDiffer(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	var all [][]byte
	for seed := range uint32(12) {
		all = append(all, vector(t, imager, encodeJPEG(t, drawScene(200, 200, seed), 90), activities.View{}))
	}
	for a := range all {
		for b := range a {
			if similarity := cosine(all[a], all[b]); similarity > 0.9 {
				t.Errorf("pictures %d and %d are at %.3f", a, b, similarity)
			}
		}
	}
}

func TestFeatureIsRepeatable(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	data, other := encodeJPEG(t, drawScene(400, 533, 1), 80), encodePNG(t, drawScene(700, 200, 2))
	want := vector(t, imager, data, activities.View{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				feature, err := featurizeIn(t.Context(), imager, data, activities.View{Detect: true})
				if err != nil || !bytes.Equal(feature.Vector, want) || feature.Region != nil {
					t.Errorf("another feature, or %v", err)
				}
				if _, err := featurizeIn(t.Context(), imager, other, activities.View{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// TestRegion describes a part as if it were a picture, also when the picture is
// decoded at a fraction of its size.
func TestRegion(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	scene := drawScene(900, 700, 9)
	region := manifest.Region{X1: 101, X2: 677, Y1: 53, Y2: 590}
	part := scene.SubImage(image.Rect(region.X1, region.Y1, region.X2, region.Y2))
	cut := image.NewNRGBA(image.Rect(0, 0, part.Bounds().Dx(), part.Bounds().Dy()))
	for y := range cut.Bounds().Dy() {
		for x := range cut.Bounds().Dx() {
			cut.Set(x, y, part.At(region.X1+x, region.Y1+y))
		}
	}
	want := vector(t, imager, encodePNG(t, cut), activities.View{})
	for name, data := range map[string][]byte{"PNG": encodePNG(t, scene), "JPEG": encodeJPEG(t, scene, 95)} {
		got, err := featurize(t, imager, data, activities.View{Region: &region, Detect: true})
		if err != nil {
			t.Fatal(err)
		}
		if similarity := cosine(want, got.Vector); similarity < 0.99 {
			t.Errorf("%s: the part and its cut-out are at %.3f", name, similarity)
		}
		if diff := cmp.Diff(&region, got.Region); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestRegionOutside(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	data := encodePNG(t, drawScene(100, 80, 1))
	for name, region := range map[string]manifest.Region{
		"Right": {X1: 0, X2: 101, Y1: 0, Y2: 80}, "Below": {X1: 0, X2: 100, Y1: 0, Y2: 81}, "Left": {X1: -1, X2: 9, Y1: 0, Y2: 9},
		"Empty": {X1: 5, X2: 5, Y1: 0, Y2: 9}, "Turned": {X1: 9, X2: 5, Y1: 0, Y2: 9},
	} {
		_, err := featurize(t, imager, data, activities.View{Region: &region})
		if err == nil || !strings.Contains(err.Error(), "100×80") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := featurize(t, imager, data, activities.View{Region: &manifest.Region{X1: 99, X2: 100, Y1: 79, Y2: 80}}); err != nil {
		t.Errorf("one pixel in the corner: %v", err)
	}
}

func TestClosedPicture(t *testing.T) {
	t.Parallel()
	picture, err := newImager(t).Open(t.Context(), encodePNG(t, drawScene(10, 10, 1)))
	if err != nil {
		t.Fatal(err)
	}
	picture.Close()
	if _, err := picture.Featurize(t.Context(), activities.View{}); err == nil {
		t.Error("a closed picture has a feature")
	}
}

func TestLoadOnly(t *testing.T) {
	t.Parallel()
	files := everyFormat(t, drawScene(100, 80, 1))
	if err := imaging.LoadOnly(files["JPEG"]); err != nil {
		t.Error(err)
	}
	if err := imaging.LoadOnly(files["JPEG"][:900]); !errors.Is(err, activities.ErrUndecodable) {
		t.Errorf("a cut file: %v", err)
	}
	if err := imaging.LoadOnly(files["BMP"]); !errors.Is(err, activities.ErrUnsupportedFormat) {
		t.Errorf("BMP, which libvips is not asked for: %v", err)
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	enter := imaging.NewGate(100)
	leave, err := enter(t.Context(), 1000) // larger than the gate: alone, but not never
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := enter(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("entered a full gate: %v", err)
	}
	leave()
	for range 2 {
		if _, err := enter(t.Context(), 50); err != nil {
			t.Error(err)
		}
	}
}

func TestVipsError(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"VipsJpeg: Premature end of input file\nmore":      "the file is cut off (VipsJpeg: Premature end of input file)",
		"gifload_buffer: Unexpected end of GIF source":     "the file is cut off",
		"vipspng: libpng read error":                       "damaged",
		"source: bad seek to 5041":                         "the file is cut off or damaged",
		"webp: unable to parse image":                      "its WEBP data is damaged",
		"TIFFFetchDirectory: Can not read TIFF directory":  "its TIFF data is damaged",
		"tiff2vips: out of memory":                         "its TIFF data is damaged",
		"ZIPDecode: Decoding error at scanline 0":          "its compressed data is damaged",
		"vips_colourspace: no known route from 'a' to 'b'": "its colour space is not supported",
		"":                           "the file is cut off or damaged",
		"brand new \x1b[31mtext\x00": "cannot be decoded: brand new [31mtext",
		strings.Repeat("é", 200):     "…",
	} {
		err := imaging.VipsError(text)
		if !errors.Is(err, activities.ErrUndecodable) || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n\x1b\x00") {
			t.Errorf("%q became %q, want %q in it", text, err, want)
		}
	}
}
