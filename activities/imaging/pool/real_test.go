package pool_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/h2non/bimg"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/imaging/pool"
	"imagebatch/workflows/manifest"
)

// TestRealPicturesHaveTheSameFeatureEitherWay takes pictures through the decoder
// in this process and through one in a child, by every kind of view.
func TestRealPicturesHaveTheSameFeatureEitherWay(t *testing.T) {
	t.Parallel()
	own, err := imaging.New(imaging.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p := realPool(t)
	photo := drawn(t)
	for name, test := range map[string]struct {
		data              []byte
		view              activities.View
		regions, variants bool
	}{
		"Whole":    {data: photo, view: activities.View{}},
		"Detected": {data: photo, view: activities.View{Detect: true}, regions: true},
		"Region":   {data: photo, view: activities.View{Region: &manifest.Region{X1: 20, X2: 310, Y1: 7, Y2: 500}}},
		"Expanded": {data: photo, view: activities.View{Detect: true, Expand: true}, regions: true, variants: true},
		"PNG":      {data: converted(t, photo, bimg.PNG), view: activities.View{Detect: true}, regions: true},
		"GIF":      {data: converted(t, photo, bimg.GIF), view: activities.View{Detect: true}, regions: true},
		"TIFF":     {data: converted(t, photo, bimg.TIFF), view: activities.View{Detect: true}, regions: true},
		// Its decoder makes room for all pixels before it decodes the first.
		"Largest": {data: largestWebP(t, photo), view: activities.View{Detect: true}, regions: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := func(imager activities.Imager) activities.Feature {
				picture, err := imager.Open(t.Context(), test.data)
				if err != nil {
					t.Fatal(err)
				}
				defer picture.Close()
				feature, err := picture.Featurize(t.Context(), test.view)
				if err != nil {
					t.Fatal(err)
				}
				return feature
			}
			want := run(own)
			if diff := cmp.Diff(want, run(p)); diff != "" {
				t.Errorf("(-in process +pool):\n%s", diff)
			}
			if len(want.Regions) > 0 != test.regions || len(want.Variants) > 0 != test.variants {
				t.Errorf("%d regions and %d variants", len(want.Regions), len(want.Variants))
			}
		})
	}
}

// TestSizesDoNotDependOnTheChild asks fresh children and used ones for the size of
// a picture that no decoder has room for.
func TestSizesDoNotDependOnTheChild(t *testing.T) {
	t.Parallel()
	p := realPool(t)
	huge := []byte("RIFF\x1e\x00\x00\x00WEBPVP8L\x11\x00\x00\x00\x2f\xfe\xbf\xff\x0f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	endless := make([]byte, 54+4) // a bitmap of the most negative height
	copy(endless, "BM")
	binary.LittleEndian.PutUint32(endless[10:], 54)
	for at, value := range map[int]uint32{14: 40, 18: 1, 22: 1 << 31, 26: 1 | 24<<16} {
		binary.LittleEndian.PutUint32(endless[at:], value)
	}
	if picture, err := p.Open(t.Context(), endless); err != nil || picture.Header().Height != math.MaxInt32 {
		t.Errorf("error %v, or a height that is not %d", err, math.MaxInt32)
	} else {
		picture.Close()
	}
	photo := drawn(t)
	for range 12 {
		for _, data := range [][]byte{huge, photo} {
			picture, err := p.Open(t.Context(), data)
			if err != nil {
				t.Fatal(err)
			}
			if header := picture.Header(); len(data) == len(huge) && (header.Width != 16383 || header.Height != 16383) {
				t.Errorf("%d × %d pixels, want 16383 × 16383", header.Width, header.Height)
			}
			picture.Close()
		}
	}
}

// converted is a picture in another format.
func converted(t *testing.T, picture []byte, to bimg.ImageType) []byte {
	t.Helper()
	out, err := bimg.Resize(picture, bimg.Options{Type: to})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// largestWebP is a picture as large as pictures may be.
func largestWebP(t *testing.T, picture []byte) []byte {
	t.Helper()
	out, err := bimg.Resize(picture, bimg.Options{Width: 4096, Height: 4096, Enlarge: true, Force: true, Type: bimg.WEBP, Speed: 8})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBrokenFeaturesAreErrors parses frames that were cut or changed: whatever a
// child sends, the parent lives and asks for no more memory than the frame has.
func TestBrokenFeaturesAreErrors(t *testing.T) {
	t.Parallel()
	whole := activities.Feature{
		Vector: []byte{1, 2, 3}, Region: &manifest.Region{X1: 1, X2: 2, Y1: 3, Y2: 4},
		Regions:  []manifest.Region{{X1: 5, X2: 6, Y1: 7, Y2: 8}, {X1: 9, X2: 10, Y1: 11, Y2: 12}},
		Variants: []activities.Variant{{Kind: "mirrored", Vector: []byte{4, 5}}, {Kind: "window 1", Vector: []byte{6}}},
	}
	frame := pool.AppendFeature(nil, whole)
	back, err := pool.ParseFeature(frame)
	if diff := cmp.Diff(whole, back); err != nil || diff != "" {
		t.Errorf("error %v, -sent +received\n%s", err, diff)
	}
	for cut := range frame {
		if _, err := pool.ParseFeature(frame[:cut:cut]); err == nil {
			t.Errorf("a feature cut to %d of %d bytes is none", cut, len(frame))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		broken := append([]byte(nil), frame...)
		broken[random.IntN(len(broken))] = byte(random.IntN(256))
		feature, err := pool.ParseFeature(broken)
		if size := len(fmt.Sprint(feature)); err == nil && size > 100*len(frame) {
			t.Fatalf("a feature of %d bytes became one of %d", len(frame), size)
		}
	}
}
