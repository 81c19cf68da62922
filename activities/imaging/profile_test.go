package imaging_test

import (
	"encoding/binary"
	"image"
	"image/draw"
	"math"
	"testing"

	"imagebatch/activities/imaging"
)

// Primaries of RGB profiles, for the white of D50.
var (
	srgbPrimaries = [3][3]float64{{0.4361, 0.2225, 0.0139}, {0.3851, 0.7169, 0.0971}, {0.1431, 0.0606, 0.7141}}
	widePrimaries = [3][3]float64{{0.6097, 0.3111, 0.0195}, {0.2053, 0.6257, 0.0609}, {0.1492, 0.0632, 0.7446}} // Adobe RGB
)

func curveOf(gamma float64) []byte {
	return binary.BigEndian.AppendUint16([]byte("curv\x00\x00\x00\x00\x00\x00\x00\x01"), uint16(math.Round(gamma*256)))
}

// srgbTable is sRGB's curve as a table of 1,024 values.
func srgbTable() []byte {
	out := []byte("curv\x00\x00\x00\x00\x00\x00\x04\x00")
	for n := range 1024 {
		x := float64(n) / 1023
		y := x / 12.92
		if x > 0.04045 {
			y = math.Pow((x+0.055)/1.055, 2.4)
		}
		out = binary.BigEndian.AppendUint16(out, uint16(math.Round(y*65535)))
	}
	return out
}

// srgbFormula is sRGB's curve as a formula of kind 3.
func srgbFormula() []byte {
	out := []byte("para\x00\x00\x00\x00\x00\x03\x00\x00")
	for _, v := range []float64{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045} {
		out = binary.BigEndian.AppendUint32(out, uint32(int32(math.Round(v*65536))))
	}
	return out
}

// rgbProfile is a profile of a display, called sRGB whatever it is.
func rgbProfile(primaries [3][3]float64, curve []byte) []byte {
	tags := []tag{{"desc", []byte("desc\x00\x00\x00\x00\x00\x00\x00\x05sRGB\x00")}}
	for n, name := range []string{"rXYZ", "gXYZ", "bXYZ"} {
		tags = append(tags, tag{name, xyz(primaries[n])})
	}
	for _, name := range []string{"rTRC", "gTRC", "bTRC"} {
		tags = append(tags, tag{name, curve})
	}
	return iccProfile("mntr", "RGB ", tags)
}

func greyProfile(curve []byte) []byte {
	return iccProfile("mntr", "GRAY", []tag{{"desc", []byte("desc\x00\x00\x00\x00\x00\x00\x00\x05sRGB\x00")}, {"kTRC", curve}})
}

type tag struct {
	name    string
	content []byte
}

func xyz(values [3]float64) []byte {
	out := []byte("XYZ \x00\x00\x00\x00")
	for _, v := range values {
		out = binary.BigEndian.AppendUint32(out, uint32(int32(math.Round(v*65536))))
	}
	return out
}

func iccProfile(class, space string, tags []tag) []byte {
	tags = append(tags, tag{"wtpt", xyz([3]float64{0.9642, 1, 0.8249})})
	big := binary.BigEndian
	table, body := big.AppendUint32(nil, uint32(len(tags))), []byte(nil)
	for _, t := range tags {
		for len(t.content)%4 != 0 {
			t.content = append(t.content[:len(t.content):len(t.content)], 0)
		}
		table = append(table, t.name...)
		table = big.AppendUint32(table, uint32(128+4+12*len(tags)+len(body)))
		table = big.AppendUint32(table, uint32(len(t.content)))
		body = append(body, t.content...)
	}
	head := make([]byte, 128)
	big.PutUint32(head, uint32(len(head)+len(table)+len(body)))
	copy(head[8:], "\x02\x10\x00\x00"+class+space+"XYZ ")
	copy(head[36:], "acsp")
	copy(head[68:], xyz([3]float64{0.9642, 1, 0.8249})[8:])
	return append(append(head, table...), body...)
}

// withProfile puts a profile into a JPEG.
func withProfile(file, profile []byte) []byte {
	return withSegment(file, 0xe2, append([]byte("ICC_PROFILE\x00\x01\x01"), profile...))
}

// TestProfiles asks what a profile changes: nothing when it is sRGB's by its
// numbers or of another space than the picture.
func TestProfiles(t *testing.T) {
	t.Parallel()
	scene := drawScene(120, 100, 8)
	grey := image.NewGray(scene.Bounds())
	draw.Draw(grey, grey.Bounds(), scene, image.Point{}, draw.Src)
	color, mono := encodeJPEG(t, scene, 95), encodeJPEG(t, grey, 95)
	ink := everyJPEG(t)["CMYK"]
	for name, test := range map[string]struct {
		file, profile []byte
		changes       bool
	}{
		"SRGBByTable":           {color, rgbProfile(srgbPrimaries, srgbTable()), false},
		"SRGBByFormula":         {color, rgbProfile(srgbPrimaries, srgbFormula()), false},
		"LinearCalledSRGB":      {color, rgbProfile(srgbPrimaries, curveOf(1)), true},
		"IdentityCalledSRGB":    {color, rgbProfile(srgbPrimaries, []byte("curv\x00\x00\x00\x00\x00\x00\x00\x00")), true},
		"PlainGammaCalledSRGB":  {color, rgbProfile(srgbPrimaries, curveOf(2.2)), true},
		"OtherPrimaries":        {color, rgbProfile(widePrimaries, srgbTable()), true},
		"GreyOnColor":           {color, greyProfile(curveOf(1)), false},
		"CMYKOnColor":           {color, iccProfile("prtr", "CMYK", nil), false},
		"LabOnColor":            {color, iccProfile("spac", "Lab ", nil), false},
		"XYZOnColor":            {color, iccProfile("spac", "XYZ ", nil), false},
		"YCbrOnColor":           {color, iccProfile("spac", "YCbr", nil), false},
		"LinkOnColor":           {color, iccProfile("link", "RGB ", nil), false},
		"GreyOnGrey":            {mono, greyProfile(curveOf(1)), true},
		"SRGBCurveOnGrey":       {mono, greyProfile(srgbTable()), false},
		"ColorOnGrey":           {mono, rgbProfile(widePrimaries, curveOf(1)), false},
		"CMYKOnGrey":            {mono, iccProfile("prtr", "CMYK", nil), false},
		"ColorOnInk":            {ink, rgbProfile(widePrimaries, curveOf(1)), false},
		"GreyOnInk":             {ink, greyProfile(curveOf(1)), false},
		"BrokenOnColor":         {color, iccProfile("mntr", "RGB ", nil), false},
		"Nonsense":              {color, []byte("sRGB"), false},
		"CutInItsTags":          {color, rgbProfile(widePrimaries, curveOf(1))[:200], false},
		"TableBeyondTheContent": {color, rgbProfile(srgbPrimaries, []byte("curv\x00\x00\x00\x00\xff\xff\xff\xff")), false},
	} {
		want, _, _, err := imaging.Decode(test.file, 1)
		if err != nil {
			t.Fatal(err)
		}
		got, _, _, err := imaging.Decode(withProfile(test.file, test.profile), 1)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if changed := string(got) != string(want); changed != test.changes {
			t.Errorf("%s: it changes pixels: %v, want %v", name, changed, test.changes)
		}
	}
}

// TestBrokenProfileOfInks leaves the way in which inks without a profile are shown.
func TestBrokenProfileOfInks(t *testing.T) {
	t.Parallel()
	file := withProfile(everyJPEG(t)["CMYK"], iccProfile("prtr", "CMYK", nil))
	compare(t, "a broken profile", file, 300, 220, flat(drawScene(300, 220, 11)), 40)
}

// withoutProfile is a JPEG without its APP2 segments.
func withoutProfile(file []byte) []byte {
	out := append([]byte(nil), file[:2]...)
	for at := 2; at+4 < len(file) && file[at] == 0xff; {
		length := 2 + int(binary.BigEndian.Uint16(file[at+2:]))
		if file[at+1] == 0xda {
			return append(out, file[at:]...)
		}
		if file[at+1] != 0xe2 {
			out = append(out, file[at:at+length]...)
		}
		at += length
	}
	return out
}

// TestProfileGivesTheColorsOfItsPicture has a picture in linear light, whose
// profile says so under the name of sRGB.
func TestProfileGivesTheColorsOfItsPicture(t *testing.T) {
	t.Parallel()
	scene := drawScene(120, 100, 8)
	linear := image.NewNRGBA(scene.Bounds())
	for n, v := range scene.Pix {
		x := float64(v) / 255
		if x > 0.04045 {
			x = math.Pow((x+0.055)/1.055, 2.4)
		} else {
			x /= 12.92
		}
		linear.Pix[n] = byte(math.Round(x * 255))
	}
	file := encodePNG(t, linear)
	packed := append([]byte("sRGB\x00\x00"), deflated(t, rgbProfile(srgbPrimaries, curveOf(1)))...)
	compare(t, "linear light", insertChunk(file, 33, "iCCP", packed), 120, 100, flat(scene), 4)
}
