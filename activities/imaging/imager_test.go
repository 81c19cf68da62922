package imaging_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
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

// TestFormatsHaveTheSameFeature looks for the subject too: it must be found in
// all of them, or in none. Those that keep every pixel have the very same vector,
// and so has a PNG of the pixels that the others keep.
func TestFormatsHaveTheSameFeature(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	for seed := range uint32(4) {
		picture := drawProduct(240, 180, seed)
		files := everyFormat(t, picture)
		files["JPEG"] = encodeJPEG(t, picture, 95)
		for _, view := range []activities.View{{}, {Detect: true}} {
			want := vector(t, imager, files["PNG"], view)
			for name, data := range files {
				got := vector(t, imager, data, view)
				if similarity := cosine(want, got); similarity < leastSimilar(name) {
					t.Errorf("picture %d, detect %v: %s and PNG are at %.3f", seed, view.Detect, name, similarity)
				}
				rgb, width, height, err := imaging.Decode(data, 1)
				if err != nil {
					t.Fatal(err)
				}
				kept := image.NewNRGBA(image.Rect(0, 0, width, height))
				for n := range width * height {
					copy(kept.Pix[4*n:], append(rgb[3*n:3*n+3:3*n+3], 255))
				}
				if !bytes.Equal(got, vector(t, imager, encodePNG(t, kept), view)) {
					t.Errorf("picture %d, detect %v: %s and a PNG of its pixels differ", seed, view.Detect, name)
				}
			}
		}
	}
}

// leastSimilar is the cosine that a format leaves at least: GIF is written with
// 256 fixed colors here, which turns every shade into a pattern.
func leastSimilar(format string) float64 {
	if format == "GIF" {
		return 0.95
	}
	return 0.98
}

// TestPhotosInEveryFormat is for a folder of photos, which lose less than what is
// drawn: few of their edges are sharp.
func TestPhotosInEveryFormat(t *testing.T) {
	t.Parallel()
	if *photos == "" {
		t.Skip("name a folder of JPEG files by PHOTOS")
	}
	files, err := filepath.Glob(filepath.Join(*photos, "*.jpg"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no *.jpg in %q: %v", *photos, err)
	}
	imager := newImager(t)
	least := 1.0
	for _, file := range files[:min(len(files), 20)] {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		photo, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		want := vector(t, imager, data, activities.View{Detect: true})
		for name, other := range everyFormat(t, photo) {
			similarity := cosine(want, vector(t, imager, other, activities.View{Detect: true}))
			if least = min(least, similarity); similarity < leastSimilar(name) {
				t.Errorf("%s: %s and the file are at %.3f", filepath.Base(file), name, similarity)
			}
		}
	}
	t.Logf("least similarity %.3f", least)
}

func TestSizesHaveTheSameFeature(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	view := activities.View{Detect: true}
	want := vector(t, imager, encodeJPEG(t, drawProduct(150, 150, 1), 90), view)
	for _, size := range []int{128, 256, 300, 520} {
		got := vector(t, imager, encodeJPEG(t, drawProduct(size, size, 1), 90), view)
		if similarity := cosine(want, got); similarity < 0.95 {
			t.Errorf("the product at %d and at 150 pixels: %.3f", size, similarity)
		}
	}
}

func TestPicturesDiffer(t *testing.T) {
	t.Parallel()
	imager := newImager(t)
	var all [][]byte
	for seed := range uint32(12) {
		all = append(all, vector(t, imager, encodeJPEG(t, drawScene(200, 200, seed), 90), activities.View{Detect: true}))
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
	data, other := encodeJPEG(t, drawProduct(400, 533, 1), 80), encodePNG(t, drawScene(700, 200, 2))
	view := activities.View{Detect: true}
	want, err := featurize(t, imager, data, view)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				feature, err := featurizeIn(t.Context(), imager, data, view)
				if diff := cmp.Diff(want, feature); err != nil || diff != "" {
					t.Errorf("error %v, another feature\n%s", err, diff)
				}
				if _, err := featurizeIn(t.Context(), imager, other, activities.View{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
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
		"VipsJpeg: Premature end of input file\nmore":     "the file is cut off (VipsJpeg: Premature end of input file)",
		"gifload_buffer: Unexpected end of GIF source":    "the file is cut off",
		"vipspng: libpng read error":                      "damaged",
		"source: bad seek to 5041":                        "the file is cut off or damaged",
		"webp: unable to parse image":                     "its WEBP data is damaged",
		"TIFFFetchDirectory: Can not read TIFF directory": "its TIFF data is damaged",
		"ZIPDecode: Decoding error at scanline 0":         "its compressed data is damaged",
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

func TestVipsErrorThatIsNoDamage(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"tiff2vips: out of memory":                                  "it needs more memory",
		"VipsJpeg: Insufficient memory (case 4)":                    "it needs more memory",
		"vips_colourspace: no known route from 'a' to 'b'":          "its color space is not decoded",
		"TIFFFillStrip: LZMA compression support is not configured": "its compression is not decoded",
		"tiff2vips: unsupported tiff image type":                    "such a file is not decoded",
	} {
		err := imaging.VipsError(text)
		if !errors.Is(err, activities.ErrUnsupportedFormat) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "damaged") {
			t.Errorf("%q became %q, want %q in it", text, err, want)
		}
	}
}
