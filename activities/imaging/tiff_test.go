package imaging_test

import (
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

// rawTIFF writes an uncompressed little-endian TIFF by hand.
type rawTIFF struct {
	width, height, photometric, samples, bits int
	format                                    int // of samples; 0 for none
	extra                                     []int
	tags                                      [][2]int // further, in order
	pixels                                    []byte
}

func (r rawTIFF) bytes() []byte {
	little := binary.LittleEndian
	out := append([]byte("II*\x00\x00\x00\x00\x00"), r.pixels...)
	if len(out)%2 == 1 {
		out = append(out, 0)
	}
	var entries []byte
	entry := func(tag int, values ...int) {
		entries = little.AppendUint16(little.AppendUint16(entries, uint16(tag)), 3)
		entries = little.AppendUint32(entries, uint32(len(values)))
		if len(values) <= 2 {
			field := make([]byte, 4)
			for n, v := range values {
				little.PutUint16(field[2*n:], uint16(v))
			}
			entries = append(entries, field...)
			return
		}
		entries = little.AppendUint32(entries, uint32(len(out)))
		for _, v := range values {
			out = little.AppendUint16(out, uint16(v))
		}
	}
	repeated := func(v int) []int {
		all := make([]int, r.samples)
		for n := range all {
			all[n] = v
		}
		return all
	}
	entry(256, r.width)
	entry(257, r.height)
	entry(258, repeated(r.bits)...)
	entry(259, 1)
	entry(262, r.photometric)
	entry(273, 8)
	entry(277, r.samples)
	entry(278, r.height)
	entries = little.AppendUint32(append(entries, 0x17, 0x01, 4, 0, 1, 0, 0, 0), uint32(len(r.pixels)))
	for _, t := range r.tags {
		entry(t[0], t[1])
	}
	if len(r.extra) > 0 {
		entry(338, r.extra...)
	}
	if r.format > 0 {
		entry(339, repeated(r.format)...)
	}
	little.PutUint32(out[4:], uint32(len(out)))
	out = little.AppendUint16(out, uint16(len(entries)/12))
	return little.AppendUint32(append(out, entries...), 0)
}

// samples are the picture's, with further ones of each pixel by a function.
func samplesOf(picture image.Image, further func(x, y int) []byte) (out []byte) {
	rgb, size := flat(picture), picture.Bounds().Size()
	for n := range size.X * size.Y {
		out = append(append(out, rgb[3*n:3*n+3]...), further(n%size.X, n/size.X)...)
	}
	return out
}

// TestSamplesOfTIFF has samples besides colors, which only some are alpha.
func TestSamplesOfTIFF(t *testing.T) {
	t.Parallel()
	scene := drawScene(60, 50, 6)
	of := func(values ...byte) func(int, int) []byte { return func(int, int) []byte { return values } }
	glass := func(x, _ int) []byte { return []byte{byte(x * 4)} }
	onWhite := image.NewNRGBA(scene.Bounds())
	for y := range 50 {
		for x := range 60 {
			c, a := scene.NRGBAAt(x, y), x*4
			on := func(v byte) byte { return byte((int(v)*a + 255*(255-a) + 127) / 255) }
			onWhite.SetNRGBA(x, y, color.NRGBA{on(c.R), on(c.G), on(c.B), 255})
		}
	}
	blank := image.NewNRGBA(scene.Bounds())
	for n := range blank.Pix {
		blank.Pix[n] = 255
	}
	for name, test := range map[string]struct {
		extra   []int
		further func(x, y int) []byte
		want    image.Image
	}{
		"UnspecifiedZero":            {[]int{0}, of(0), scene},
		"UnspecifiedAndNotZero":      {[]int{0}, glass, onWhite},
		"NotAnnouncedZero":           {nil, of(0), scene},
		"AlphaThatIsZero":            {[]int{2}, of(0), blank},
		"Alpha":                      {[]int{2}, glass, onWhite},
		"AlphaAndOneMore":            {[]int{2, 0}, func(x, y int) []byte { return append(glass(x, y), 77) }, onWhite},
		"OneMoreAndAlpha":            {[]int{0, 2}, func(x, y int) []byte { return append([]byte{77}, glass(x, y)...) }, onWhite},
		"OpaqueAlphaAndThreeMore":    {[]int{2, 0, 0, 0}, of(255, 1, 2, 3), scene},
		"TwoUnspecifiedFirstZero":    {[]int{0, 0}, of(0, 9), scene},
		"TwoUnspecifiedFirstFull":    {[]int{0, 0}, of(255, 9), scene},
		"AlphaByAnnouncementTooMany": {[]int{2, 2}, of(255, 0), scene},
	} {
		data := rawTIFF{width: 60, height: 50, photometric: 2, samples: 3 + len(test.further(0, 0)), bits: 8, extra: test.extra, pixels: samplesOf(scene, test.further)}.bytes()
		compare(t, name, data, 60, 50, flat(test.want), 1)
	}
	grey, ink := image.NewGray(scene.Bounds()), []byte(nil)
	var greyPixels, deep []byte
	for y := range 50 {
		for x := range 60 {
			grey.Set(x, y, scene.At(x, y))
			v := grey.GrayAt(x, y).Y
			greyPixels = append(greyPixels, v, 0, 5)
			ink = append(ink, 0, 0, 0, 255-v, 200)
			for _, sample := range []byte{v, v, v, 0} {
				deep = append(deep, sample, sample)
			}
		}
	}
	compare(t, "grey and two more", rawTIFF{width: 60, height: 50, photometric: 1, samples: 3, bits: 8, extra: []int{0, 0}, pixels: greyPixels}.bytes(), 60, 50, flat(grey), 1)
	compare(t, "16 bits and one more", rawTIFF{width: 60, height: 50, photometric: 2, samples: 4, bits: 16, extra: []int{0}, pixels: deep}.bytes(), 60, 50, flat(grey), 1)
	if _, _, _, err := imaging.Decode(rawTIFF{width: 60, height: 50, photometric: 5, samples: 5, bits: 8, extra: []int{0}, pixels: ink}.bytes(), 1); err != nil {
		t.Errorf("CMYK and one more: %v", err)
	}
}

// TestLabTIFF writes colors in CIELAB, for the white of D50 as TIFF 6.0 has it.
func TestLabTIFF(t *testing.T) {
	t.Parallel()
	scene := drawScene(60, 50, 6)
	var narrow, wide, glass []byte
	for y := range 50 {
		for x := range 60 {
			l, a, b := lab(scene.NRGBAAt(x, y))
			narrow = append(narrow, byte(math.Round(l*2.55)), byte(int8(math.Round(a))), byte(int8(math.Round(b))))
			glass = append(glass, byte(math.Round(l*2.55)), byte(int8(math.Round(a))), byte(int8(math.Round(b))), 255)
			for _, v := range []float64{l / 100 * 65535, a * 256, b * 256} {
				wide = binary.LittleEndian.AppendUint16(wide, uint16(int32(math.Round(v))))
			}
		}
	}
	r := rawTIFF{width: 60, height: 50, photometric: 8, samples: 3, bits: 8, pixels: narrow}
	compare(t, "8 bits", r.bytes(), 60, 50, flat(scene), 4)
	r.bits, r.pixels = 16, wide
	compare(t, "16 bits", r.bytes(), 60, 50, flat(scene), 4)
	compare(t, "8 bits and alpha", rawTIFF{width: 60, height: 50, photometric: 8, samples: 4, bits: 8, extra: []int{2}, pixels: glass}.bytes(), 60, 50, flat(scene), 4)
}

// lab is a color of sRGB in CIELAB for the white of D50.
func lab(c color.NRGBA) (l, a, b float64) {
	linear := func(v byte) float64 {
		x := float64(v) / 255
		if x > 0.04045 {
			return math.Pow((x+0.055)/1.055, 2.4)
		}
		return x / 12.92
	}
	light := [3]float64{linear(c.R), linear(c.G), linear(c.B)}
	var at [3]float64
	for n, white := range [3]float64{0.9642, 1, 0.8249} {
		for k, v := range light {
			at[n] += srgbPrimaries[k][n] * v
		}
		if at[n] /= white; at[n] > 216.0/24389 {
			at[n] = math.Cbrt(at[n])
		} else {
			at[n] = (24389.0/27*at[n] + 16) / 116
		}
	}
	return 116*at[1] - 16, 500 * (at[0] - at[1]), 200 * (at[1] - at[2])
}

// TestUnsupportedTIFF has whole files, which to upload again would not help.
func TestUnsupportedTIFF(t *testing.T) {
	t.Parallel()
	pixels := make([]byte, 20*10*8*8)
	for name, r := range map[string]rawTIFF{
		"Float":            {photometric: 2, samples: 3, bits: 32, format: 3},
		"Double":           {photometric: 1, samples: 1, bits: 64, format: 3},
		"HalfFloat":        {photometric: 2, samples: 3, bits: 16, format: 3},
		"ThirtyTwoBits":    {photometric: 2, samples: 3, bits: 32, format: 1},
		"ThirtyTwoBitGrey": {photometric: 1, samples: 1, bits: 32},
		"Signed":           {photometric: 1, samples: 1, bits: 16, format: 2},
		"Complex":          {photometric: 1, samples: 1, bits: 64, format: 6},
		"TwelveBits":       {photometric: 1, samples: 1, bits: 12},
		"LogLuv":           {photometric: 32845, samples: 3, bits: 16},
		"ICCLab":           {photometric: 9, samples: 3, bits: 8},
		"Mask":             {photometric: 4, samples: 1, bits: 1},
		"FilterArray":      {photometric: 32803, samples: 1, bits: 16},
		"OtherInks":        {photometric: 5, samples: 6, bits: 8, tags: [][2]int{{332, 2}}},
		"HugeTiles":        {photometric: 1, samples: 1, bits: 8, tags: [][2]int{{322, 65520}, {323, 65520}}},
	} {
		r.width, r.height, r.pixels = 20, 10, pixels
		_, err := featurize(t, newImager(t), r.bytes(), activities.View{})
		if !errors.Is(err, activities.ErrUnsupportedFormat) || strings.Contains(err.Error(), "damaged") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want an unsupported format", name, err)
		}
	}
	unknown := rawTIFF{width: 20, height: 10, photometric: 1, samples: 1, bits: 8, pixels: pixels}.bytes()
	at := strings.Index(string(unknown), "\x03\x01\x03\x00\x01\x00\x00\x00\x01\x00")
	for _, compression := range []uint16{34712, 12345} {
		binary.LittleEndian.PutUint16(unknown[at+8:], compression)
		_, err := featurize(t, newImager(t), unknown, activities.View{})
		if !errors.Is(err, activities.ErrUnsupportedFormat) {
			t.Errorf("compression %d: got %v", compression, err)
		}
	}
}
