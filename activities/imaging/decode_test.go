package imaging_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/h2non/bimg"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

func TestCutFilesNeverGiveHalfAPicture(t *testing.T) {
	t.Parallel()
	files := everyFormat(t, drawScene(200, 150, 3))
	files["PNGInterlaced"] = convert(t, files["PNG"], bimg.Options{Type: bimg.PNG, Interlace: true})
	files["JPEGProgressive"] = convert(t, files["PNG"], bimg.Options{Type: bimg.JPEG, Interlace: true})
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, _, _, err := imaging.Decode(data, 1)
			if err != nil {
				t.Fatal(err)
			}
			var cuts []int
			for n := range 60 {
				cuts = append(cuts, len(data)*n/60, len(data)-1-n)
			}
			for _, cut := range cuts {
				rgb, _, _, err := imaging.Decode(data[:cut:cut], 1)
				switch { // a number at the end of P3 may be cut short unnoticed
				case err == nil && !bytes.Equal(rgb[:len(rgb)-3], whole[:len(rgb)-3]):
					t.Errorf("cut to %d of %d bytes: pixels are missing", cut, len(data))
				case err != nil && !errors.Is(err, activities.ErrUndecodable) && !errors.Is(err, activities.ErrUnsupportedFormat):
					t.Errorf("cut to %d of %d bytes: %v", cut, len(data), err)
				}
			}
		})
	}
}

// convert has bimg encode a picture.
func convert(tb testing.TB, data []byte, options bimg.Options) []byte {
	tb.Helper()
	out, err := bimg.NewImage(data).Process(options)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// TestEveryFormatDecodesToTheSamePixels allows for what lossy formats lose.
func TestEveryFormatDecodesToTheSamePixels(t *testing.T) {
	t.Parallel()
	picture := drawScene(160, 120, 5)
	want := flat(picture)
	for name, data := range everyFormat(t, picture) {
		most := map[string]float64{"JPEG": 4, "WEBP": 4, "GIF": 20}[name]
		compare(t, name, data, 160, 120, want, most)
	}
}

// TestUnusualPixels decodes forms that must be brought to 8-bit sRGB on white.
func TestUnusualPixels(t *testing.T) {
	t.Parallel()
	scene := drawScene(100, 80, 6)
	bounds := scene.Bounds()

	deep := image.NewNRGBA64(bounds)
	draw.Draw(deep, bounds, scene, image.Point{}, draw.Src)
	grey := image.NewGray(bounds)
	draw.Draw(grey, bounds, scene, image.Point{}, draw.Src)
	deepGrey := image.NewGray16(bounds)
	draw.Draw(deepGrey, bounds, scene, image.Point{}, draw.Src)
	glass, onWhite := image.NewNRGBA(bounds), image.NewNRGBA(bounds)
	for y := range 80 {
		for x := range 100 {
			c := scene.NRGBAAt(x, y)
			c.A = byte(x * 255 / 99)
			glass.SetNRGBA(x, y, c)
			on := func(v byte) byte { return byte((int(v)*int(c.A) + 255*(255-int(c.A)) + 127) / 255) }
			onWhite.SetNRGBA(x, y, color.NRGBA{on(c.R), on(c.G), on(c.B), 255})
		}
	}
	deepGlass := image.NewNRGBA64(bounds)
	draw.Draw(deepGlass, bounds, glass, image.Point{}, draw.Src)
	exchanged := image.NewNRGBA(bounds)
	for n, v := range scene.Pix {
		exchanged.Pix[n+[]int{2, 0, -2, 0}[n%4]] = v
	}
	palette := image.NewPaletted(bounds, color.Palette{
		color.NRGBA{200, 30, 30, 255}, color.NRGBA{20, 220, 40, 255}, color.NRGBA{10, 10, 10, 255}, color.NRGBA{250, 250, 0, 255},
	})
	draw.Draw(palette, bounds, scene, image.Point{}, draw.Src)
	clear := image.NewPaletted(bounds, color.Palette{color.NRGBA{0, 0, 0, 0}, color.NRGBA{20, 220, 40, 255}})
	white := image.NewNRGBA(bounds)
	draw.Draw(white, bounds, image.White, image.Point{}, draw.Src)

	for name, test := range map[string]struct {
		data []byte
		want image.Image
		most float64
	}{
		"PNG16Bit":          {encodePNG(t, deep), scene, 0},
		"PNGGrey":           {encodePNG(t, grey), grey, 0},
		"PNGGrey16":         {encodePNG(t, deepGrey), grey, 0},
		"PNGAlpha":          {encodePNG(t, glass), onWhite, 1},
		"PNGAlpha16":        {encodePNG(t, deepGlass), onWhite, 1},
		"PNGPalette":        {encodePNG(t, palette), palette, 0},
		"PNGClearPalette":   {encodePNG(t, clear), white, 0},
		"GIFClearPalette":   {encodeGIF(t, clear), white, 0},
		"JPEGGrey":          {encodeJPEG(t, grey, 95), grey, 2},
		"JPEGCMYK":          {convert(t, encodePNG(t, scene), bimg.Options{Type: bimg.JPEG, Quality: 95, Interpretation: bimg.InterpretationCMYK}), scene, 24},
		"JPEGProgressive":   {convert(t, encodePNG(t, scene), bimg.Options{Type: bimg.JPEG, Quality: 95, Interlace: true}), scene, 4},
		"JPEGOtherProfile":  {profiledJPEG(encodeJPEG(t, scene, 97)), exchanged, 8},
		"TIFFAlpha":         {encodeTIFF(t, glass), onWhite, 1},
		"TIFFGrey":          {encodeTIFF(t, grey), grey, 0},
		"TIFF16Bit":         {encodeTIFF(t, deep), scene, 0},
		"TIFFPalette":       {encodeTIFF(t, palette), palette, 0},
		"WEBPAlpha":         {convert(t, encodePNG(t, glass), bimg.Options{Type: bimg.WEBP, Lossless: true}), onWhite, 2},
		"BMPPalette":        {encodeBMP(t, palette), palette, 0},
		"BMPGrey":           {encodeBMP(t, grey), grey, 0},
		"GIFFirstFrame":     {encodeGIF(t, palette, scene, grey), palette, 0},
		"PPMOfAHundred":     {encodePPM(scene, "P6", 100), scene, 2},
		"PPMTextOfAHundred": {encodePPM(scene, "P3", 100), scene, 2},
		"PPM10Bit":          {encodePPM(scene, "P6", 1023), scene, 1},
		"PPM16Bit":          {encodePPM(scene, "P6", 65535), scene, 0},
		"PPMText16Bit":      {encodePPM(scene, "P3", 65535), scene, 0},
		"PPMOfOne":          {encodePPM(white, "P6", 1), white, 0},
	} {
		compare(t, name, test.data, 100, 80, flat(test.want), test.most)
	}
}

func TestShrinkOnLoad(t *testing.T) {
	t.Parallel()
	data := encodeJPEG(t, drawScene(530, 401, 7), 90)
	for _, shrink := range []int{1, 2, 4, 8} {
		_, width, height, err := imaging.Decode(data, shrink)
		if err != nil {
			t.Fatal(err)
		}
		if width < 530/shrink || width > 530/shrink+1 || height < 401/shrink || height > 401/shrink+1 {
			t.Errorf("530×401 at 1/%d is %d×%d", shrink, width, height)
		}
	}
	for _, test := range []struct {
		format              activities.Format
		width, height, want int
	}{
		{activities.JPEG, 100, 100, 1},
		{activities.JPEG, 255, 4000, 1},
		{activities.JPEG, 256, 4000, 2},
		{activities.JPEG, 400, 534, 2},
		{activities.JPEG, 512, 512, 4},
		{activities.JPEG, 4096, 4096, 8},
		{activities.PNG, 4096, 4096, 1},
	} {
		if got := imaging.ShrinkFor(test.format, test.width, test.height); got != test.want {
			t.Errorf("%s of %d×%d is decoded at 1/%d, want 1/%d", test.format, test.width, test.height, got, test.want)
		}
	}
}

// compare decodes and wants a mean difference of most per sample, at most.
func compare(t *testing.T, name string, data []byte, width, height int, want []byte, most float64) {
	t.Helper()
	rgb, w, h, err := imaging.Decode(data, 1)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if w != width || h != height || len(rgb) != len(want) {
		t.Errorf("%s: %d×%d, %d bytes", name, w, h, len(rgb))
		return
	}
	sum := 0
	for n := range rgb {
		sum += max(int(rgb[n])-int(want[n]), int(want[n])-int(rgb[n]))
	}
	if mean := float64(sum) / float64(len(want)); mean > most {
		t.Errorf("%s: samples differ by %.2f in the mean, want %v at most", name, mean, most)
	}
}

// flat is a picture's samples, three bytes a pixel.
func flat(picture image.Image) []byte {
	bounds := picture.Bounds()
	out := make([]byte, 0, 3*bounds.Dx()*bounds.Dy())
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			r, g, b, _ := picture.At(x, y).RGBA()
			out = append(out, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return out
}
