package catalogue

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strconv"

	"github.com/HugoSmits86/nativewebp"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// encode writes a picture in the format of a file name extension.
func encode(picture *image.RGBA, extension string) ([]byte, error) {
	var out bytes.Buffer
	var err error
	switch extension {
	case "jpg", "jpeg":
		err = jpeg.Encode(&out, picture, &jpeg.Options{Quality: 85})
	case "png":
		err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, picture)
	case "bmp":
		err = bmp.Encode(&out, picture)
	case "gif":
		err = gif.Encode(&out, paletted(picture), nil)
	case "webp":
		err = nativewebp.Encode(&out, picture, nil)
	case "tiff":
		err = tiff.Encode(&out, picture, &tiff.Options{Compression: tiff.Deflate})
	case "ppm":
		return ppm(picture, picture.Rect.Dx() <= 205), nil
	default:
		return nil, fmt.Errorf("encode picture: no encoder for %q", extension)
	}
	if err != nil {
		return nil, fmt.Errorf("encode picture as %s: %w", extension, err)
	}
	return out.Bytes(), nil
}

// ppm writes a portable pixmap: as numbers (P3) or as bytes (P6).
func ppm(picture *image.RGBA, asText bool) []byte {
	kind := "P6"
	if asText {
		kind = "P3"
	}
	size := picture.Rect.Size()
	out := fmt.Appendf(nil, "%s\n# drawn\n%d %d\n255\n", kind, size.X, size.Y)
	for at := 0; at < len(picture.Pix); at += 4 {
		rgb := picture.Pix[at : at+3]
		if !asText {
			out = append(out, rgb...)
			continue
		}
		for _, c := range rgb {
			out = append(strconv.AppendUint(out, uint64(c), 10), ' ')
		}
		out[len(out)-1] = '\n'
	}
	return out
}

// palette is 216 colours with 6 steps of each part, then 40 greys.
var palette = func() color.Palette {
	var colours color.Palette
	for i := range 216 {
		colours = append(colours, color.RGBA{uint8(i / 36 * 51), uint8(i / 6 % 6 * 51), uint8(i % 6 * 51), 255})
	}
	for i := range 40 {
		grey := uint8(i * 255 / 39)
		colours = append(colours, color.RGBA{grey, grey, grey, 255})
	}
	return colours
}()

// paletted brings a picture to the colours of the palette: the place of a colour
// in it is computed, where the standard library would search.
func paletted(picture *image.RGBA) *image.Paletted {
	out := image.NewPaletted(picture.Rect, palette)
	step := func(c uint8) uint8 { return uint8((int(c) + 25) / 51) }
	for i := range out.Pix {
		r, g, b := picture.Pix[i*4], picture.Pix[i*4+1], picture.Pix[i*4+2]
		if max(r, g, b)-min(r, g, b) < 20 {
			out.Pix[i] = 216 + uint8((int(g)*39+127)/255)
			continue
		}
		out.Pix[i] = step(r)*36 + step(g)*6 + step(b)
	}
	return out
}

// rotated puts an EXIF segment into a JPEG file that says how to turn it.
func rotated(file []byte, orientation byte) []byte {
	segment := []byte("\xff\xe1\x00\x22Exif\x00\x00" + // APP1, 34 bytes long
		"MM\x00\x2a\x00\x00\x00\x08" + // big-endian TIFF, first directory at 8
		"\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00" + // one entry: orientation, a short
		"\x00\x00\x00\x00") // no further directory
	segment[4+6+8+2+9] = orientation
	out := append([]byte(nil), file[:2]...)
	return append(append(out, segment...), file[2:]...)
}
