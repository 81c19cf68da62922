package imaging_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"math/rand/v2"
	"testing"

	"github.com/h2non/bimg"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

// everyJPEG is a picture in the forms of JPEG that encoders at hand write.
// Restart markers and scans by component are tested in package jpegscan.
func everyJPEG(t *testing.T) map[string][]byte {
	t.Helper()
	scene := drawScene(300, 220, 11)
	grey := image.NewGray(scene.Bounds())
	draw.Draw(grey, grey.Bounds(), scene, image.Point{}, draw.Src)
	png, greyPNG := encodePNG(t, scene), encodePNG(t, grey)
	all := map[string][]byte{
		"Sequential":      encodeJPEG(t, scene, 90),
		"Rough":           encodeJPEG(t, scene, 40),
		"Grey":            encodeJPEG(t, grey, 90),
		"Optimized":       convert(t, png, bimg.Options{Type: bimg.JPEG, Quality: 85}),
		"Progressive":     convert(t, png, bimg.Options{Type: bimg.JPEG, Quality: 85, Interlace: true}),
		"GreyProgressive": convert(t, greyPNG, bimg.Options{Type: bimg.JPEG, Quality: 85, Interlace: true, Interpretation: bimg.InterpretationBW}),
		"CMYK":            convert(t, png, bimg.Options{Type: bimg.JPEG, Quality: 90, Interpretation: bimg.InterpretationCMYK}),
		"CMYKProgressive": convert(t, png, bimg.Options{Type: bimg.JPEG, Quality: 90, Interpretation: bimg.InterpretationCMYK, Interlace: true}),
	}
	for name, file := range all {
		all[name] = withoutProfile(file)
	}
	return all
}

// TestDamagedJPEGsAreRefused has the kinds of damage that libjpeg shows as grey or
// shifted bands, most of them without a warning.
func TestDamagedJPEGsAreRefused(t *testing.T) {
	t.Parallel()
	for name, file := range everyJPEG(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, _, _, err := imaging.Decode(file, 1)
			if err != nil {
				t.Fatal(err)
			}
			scan := bytes.Index(file, []byte{0xff, 0xda})
			scan += 2 + int(file[scan+2])<<8 + int(file[scan+3])
			length := len(file) - 2 - scan
			damage := map[string][]byte{
				"HalfAndEnd":   append(bytes.Clone(file[:scan+length/2]), 0xff, 0xd9),
				"Half":         file[:scan+length/2],
				"LargerHeader": largerJPEG(file),
			}
			for part := range 3 {
				from, to := scan+part*length/3, scan+(part+1)*length/3
				zeroed := bytes.Clone(file)
				clear(zeroed[from:to])
				damage[fmt.Sprint("ZeroedThird", part)] = zeroed
				damage[fmt.Sprint("CutOutThird", part)] = append(bytes.Clone(file[:from]), file[to:]...)
			}
			random := rand.New(rand.NewPCG(7, 7))
			for round := range 20 {
				flipped := bytes.Clone(file)
				for range 40 {
					flipped[scan+random.IntN(length)] ^= byte(1 + random.IntN(255))
				}
				damage[fmt.Sprint("FlippedBytes", round)] = flipped
			}
			for kind, data := range damage {
				for _, shrink := range []int{1, 4} {
					if _, _, _, err := imaging.Decode(data, shrink); !errors.Is(err, activities.ErrUndecodable) {
						t.Errorf("%s at 1/%d: got %v, want an undecodable picture", kind, shrink, err)
					}
				}
			}
			for kind, data := range map[string][]byte{
				"NoEndMarker":   file[:len(file)-2],
				"HalfAnEnd":     file[:len(file)-1],
				"ZerosAfterEnd": append(bytes.Clone(file), make([]byte, 1000)...),
				"AdobeUnknown":  withSegment(file, 0xec, []byte("Ducky\x00\x01")),
			} {
				rgb, _, _, err := imaging.Decode(data, 1)
				if err != nil || !bytes.Equal(rgb, whole) {
					t.Errorf("%s: other pixels, error %v", kind, err)
				}
			}
		})
	}
}

// largerJPEG announces twice the size in both directions.
func largerJPEG(file []byte) []byte {
	out := bytes.Clone(file)
	at := bytes.Index(out, []byte{0xff, 0xc0})
	if at < 0 {
		at = bytes.Index(out, []byte{0xff, 0xc2})
	}
	for _, n := range []int{at + 5, at + 7} {
		size := 2 * (int(out[n])<<8 | int(out[n+1]))
		out[n], out[n+1] = byte(size>>8), byte(size)
	}
	return out
}
