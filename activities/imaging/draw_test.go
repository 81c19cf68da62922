package imaging_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"github.com/h2non/bimg"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

// drawScene draws a picture: a few coloured shapes on a graded background. The same
// seed draws the same scene at every size.
func drawScene(width, height int, seed uint32) *image.NRGBA {
	state := seed*2654435761 + 12345
	next := func(below int) int {
		state = state*1664525 + 1013904223
		return int(state>>8) % below
	}
	type disc struct {
		x, y, r float64
		c       color.NRGBA
	}
	base, tilt := [3]int{next(160), next(160), next(160)}, [3]int{next(90), next(90), next(90)}
	var discs []disc
	for range 6 {
		discs = append(discs, disc{
			float64(next(1000)) / 1000, float64(next(1000)) / 1000, 0.05 + float64(next(200))/1000,
			color.NRGBA{byte(next(256)), byte(next(256)), byte(next(256)), 255},
		})
	}
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			u, v := float64(x)/float64(width), float64(y)/float64(height)
			c := color.NRGBA{byte(base[0] + int(u*float64(tilt[0]))), byte(base[1] + int(v*float64(tilt[1]))), byte(base[2] + int((1-u)*float64(tilt[2]))), 255}
			for _, d := range discs {
				if (u-d.x)*(u-d.x)+(v-d.y)*(v-d.y) < d.r*d.r {
					c = d.c
				}
			}
			out.SetNRGBA(x, y, c)
		}
	}
	return out
}

func encode(tb testing.TB, write func(*bytes.Buffer) error) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func encodeJPEG(tb testing.TB, picture image.Image, quality int) []byte {
	tb.Helper()
	return encode(tb, func(w *bytes.Buffer) error { return jpeg.Encode(w, picture, &jpeg.Options{Quality: quality}) })
}

func encodePNG(tb testing.TB, picture image.Image) []byte {
	tb.Helper()
	return encode(tb, func(w *bytes.Buffer) error { return png.Encode(w, picture) })
}

func encodeBMP(tb testing.TB, picture image.Image) []byte {
	tb.Helper()
	return encode(tb, func(w *bytes.Buffer) error { return bmp.Encode(w, picture) })
}

func encodeTIFF(tb testing.TB, picture image.Image) []byte {
	tb.Helper()
	return encode(tb, func(w *bytes.Buffer) error {
		return tiff.Encode(w, picture, &tiff.Options{Compression: tiff.Deflate})
	})
}

// encodeGIF puts every picture into a frame of an animation.
func encodeGIF(tb testing.TB, frames ...image.Image) []byte {
	tb.Helper()
	return encode(tb, func(w *bytes.Buffer) error {
		var all gif.GIF
		for _, frame := range frames {
			var single bytes.Buffer
			if err := gif.Encode(&single, frame, nil); err != nil {
				return err
			}
			decoded, err := gif.Decode(&single)
			if err != nil {
				return err
			}
			all.Image = append(all.Image, decoded.(*image.Paletted))
			all.Delay = append(all.Delay, 10)
		}
		return gif.EncodeAll(w, &all)
	})
}

func encodeWEBP(tb testing.TB, picture image.Image) []byte {
	tb.Helper()
	out, err := bimg.NewImage(encodePNG(tb, picture)).Process(bimg.Options{Type: bimg.WEBP, Quality: 90})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func encodePPM(picture image.Image, magic string, maximum int) []byte {
	size := picture.Bounds().Size()
	out := fmt.Appendf(nil, "%s\n# drawn\n%d %d\n%d\n", magic, size.X, size.Y, maximum)
	for y := range size.Y {
		for x := range size.X {
			r, g, b, _ := picture.At(x, y).RGBA()
			for _, v := range []uint32{r, g, b} {
				sample := int(v) * maximum / 65535
				switch {
				case magic == "P3":
					out = fmt.Appendf(out, "%d\n", sample)
				case maximum > 255:
					out = binary.BigEndian.AppendUint16(out, uint16(sample))
				default:
					out = append(out, byte(sample))
				}
			}
		}
	}
	return out
}

// everyFormat is one picture in each of the formats; JPG and JPEG are one, and
// PPM counts twice.
func everyFormat(tb testing.TB, picture image.Image) map[string][]byte {
	tb.Helper()
	return map[string][]byte{
		"JPEG":  encodeJPEG(tb, picture, 90),
		"PNG":   encodePNG(tb, picture),
		"BMP":   encodeBMP(tb, picture),
		"GIF":   encodeGIF(tb, picture),
		"WEBP":  encodeWEBP(tb, picture),
		"TIFF":  encodeTIFF(tb, picture),
		"PPMP3": encodePPM(picture, "P3", 255),
		"PPMP6": encodePPM(picture, "P6", 255),
	}
}

func newImager(tb testing.TB) *imaging.Imager {
	tb.Helper()
	imager, err := imaging.New(imaging.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	return imager
}

// featurize goes the whole way of a picture.
func featurize(tb testing.TB, imager *imaging.Imager, data []byte, view activities.View) (activities.Feature, error) {
	tb.Helper()
	return featurizeIn(tb.Context(), imager, data, view)
}

func featurizeIn(ctx context.Context, imager *imaging.Imager, data []byte, view activities.View) (activities.Feature, error) {
	picture, err := imager.Open(ctx, data)
	if err != nil {
		return activities.Feature{}, err
	}
	defer picture.Close()
	return picture.Featurize(ctx, view)
}

// cosine compares two vectors of int8.
func cosine(a, b []byte) float64 {
	var ab, aa, bb float64
	for n := range a {
		x, y := float64(int8(a[n])), float64(int8(b[n]))
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
