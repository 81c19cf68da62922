package imaging_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/workflows/contract"
)

func header(tb testing.TB, data []byte) activities.Header {
	tb.Helper()
	picture, err := newImager(tb).Open(tb.Context(), data)
	if err != nil {
		tb.Fatal(err)
	}
	defer picture.Close()
	return picture.Header()
}

func TestHeaderOfEveryFormat(t *testing.T) {
	t.Parallel()
	for name, data := range everyFormat(t, drawScene(123, 77, 2)) {
		format := activities.Format(strings.TrimRight(name, "0123456789"))
		if strings.HasPrefix(name, "PPM") {
			format = activities.PPM
		}
		want := activities.Header{Format: format, Width: 123, Height: 77}
		got := header(t, data)
		if format == activities.TIFF || format == activities.WEBP {
			got.Orientation = 0 // upright is as good as none
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestHeaderOrientation(t *testing.T) {
	t.Parallel()
	picture := drawScene(120, 110, 4)
	files := everyFormat(t, picture)
	for orientation := 1; orientation <= 8; orientation++ {
		for name, data := range map[string][]byte{
			"JPEG": orientedJPEG(files["JPEG"], orientation),
			"PNG":  orientedPNG(files["PNG"], orientation),
			"TIFF": orientedTIFF(files["TIFF"], orientation),
			"WEBP": orientedWEBP(files["WEBP"], 120, 110, orientation),
		} {
			t.Run(fmt.Sprint(name, orientation), func(t *testing.T) {
				t.Parallel()
				want := activities.Header{Format: activities.Format(name), Width: 120, Height: 110, Orientation: orientation}
				if diff := cmp.Diff(want, header(t, data)); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			})
		}
	}
}

func TestHeaderIsOfTheFirstFrame(t *testing.T) {
	t.Parallel()
	got := header(t, encodeGIF(t, drawScene(130, 100, 1), drawScene(130, 100, 2), drawScene(130, 100, 3)))
	if got.Width != 130 || got.Height != 100 {
		t.Errorf("an animation of 130×100 has a header of %d×%d", got.Width, got.Height)
	}
}

// TestHostileHeaders opens files that announce more pixels than any machine has.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	jpeg := encodeJPEG(t, drawScene(64, 64, 1), 80)
	frame := strings.Index(string(jpeg), "\xff\xc0")
	binary.BigEndian.PutUint16(jpeg[frame+5:], 65000)
	binary.BigEndian.PutUint16(jpeg[frame+7:], 65000)

	gif := encodeGIF(t, drawScene(64, 64, 1))
	copy(gif[6:], "\xff\xff\xff\xff")
	frame = strings.Index(string(gif), ",\x00\x00\x00\x00\x40\x00\x40\x00")
	copy(gif[frame+5:], "\xff\xff\xff\xff")

	bmp := encodeBMP(t, drawScene(64, 64, 1))
	binary.LittleEndian.PutUint32(bmp[18:], 1<<31-1)
	binary.LittleEndian.PutUint32(bmp[22:], 1<<31) // the most negative height

	ihdr := []byte("\x00\x00\xea\x60\x00\x00\xea\x60\x10\x06\x00\x00\x00") // 60000×60000, 16 bits, alpha
	png := append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", ihdr)...)
	png = append(append(png, pngChunk("IDAT", []byte("x\x9cc\x00\x00\x00\x01\x00\x01"))...), pngChunk("IEND", nil)...)

	imager := newImager(t)
	for name, data := range map[string][]byte{
		"JPEG": jpeg, "GIF": gif, "BMP": bmp, "PNG": png,
		"PPM": []byte("P6 16777216 16777216 65535 \x00\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := featurize(t, imager, data, activities.View{})
			if !tooLarge(err) {
				t.Errorf("got %v, want a picture of too many pixels", err)
			}
		})
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newImager(t).Open(ctx, encodePNG(t, drawScene(8, 8, 1))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config imaging.Config
		want   string // part of the error
	}{
		"Default":       {},
		"OneAtATime":    {config: imaging.Config{MaxPixels: 100, MaxPixelsInFlight: 100}},
		"Negative":      {config: imaging.Config{MaxPixels: -1, MaxPixelsInFlight: 5}, want: "MaxPixels is -1"},
		"LargeDoNotFit": {config: imaging.Config{MaxPixels: 100, MaxPixelsInFlight: 99}, want: "at least MaxPixels, 100"},
	} {
		_, err := imaging.New(test.config)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// tooLarge reports whether a picture was refused for its size.
func tooLarge(err error) bool {
	refusal := (*contract.Error)(nil)
	return errors.As(err, &refusal) && refusal.Code == contract.CodeUnsupportedPicPixels
}
