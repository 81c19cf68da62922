package imaging

import (
	"math"

	"imagebatch/activities"
	"imagebatch/activities/imaging/container"
	"imagebatch/activities/imaging/jpegscan"
)

// pixels is a decoded picture: 8-bit sRGB, three bytes a pixel, no padding.
// It can be smaller than the picture that it was decoded from.
type pixels struct {
	rgb           []byte
	width, height int
}

// enough is how many pixels the shorter side of a picture keeps when it is
// decoded at a fraction of its size: twice what the descriptor looks at, so that
// a subject of half the picture's sides still has all that it looks at.
const enough = 2 * side

// shrinkFor is the fraction, 1/shrink, at which a picture is decoded for a view.
// Only JPEG can be decoded so, at no cost in quality: the view keeps more
// detail than the thumbnail takes. The fraction depends on nothing that is found
// in the pixels, which are decoded once.
func shrinkFor(format activities.Format, view rectangle) int {
	return shrinkKeeping(enough, format, min(view.right-view.left, view.bottom-view.top))
}

// shrinkKeeping is the smallest fraction, 1/shrink, of a length that has at least
// so many pixels and that the format can be decoded at.
func shrinkKeeping(least int, format activities.Format, length int) int {
	if format != activities.JPEG {
		return 1
	}
	shrink := 1
	for shrink < 8 && length/(2*shrink) >= least {
		shrink *= 2
	}
	return shrink
}

// opened is a picture whose file was read, without its pixels. One of bitmap,
// pixmap and file is set, by the format.
type opened struct {
	header activities.Header
	bitmap bmp
	pixmap ppm
	file   container.File
}

// open sniffs the format and reads what the file says of its picture.
func open(data []byte) (opened, error) {
	obey(data, headerStage)
	format, err := sniff(data)
	if err != nil {
		return opened{}, err
	}
	o := opened{header: activities.Header{Format: format}}
	switch format {
	case activities.BMP:
		o.bitmap, err = parseBMP(data)
		o.header.Width, o.header.Height = o.bitmap.width, o.bitmap.height
	case activities.PPM:
		o.pixmap, err = parsePPM(data)
		o.header.Width, o.header.Height = o.pixmap.width, o.pixmap.height
	default:
		o.file, err = container.Read(format, data)
		o.header.Width, o.header.Height, o.header.Orientation = o.file.Width, o.file.Height, o.file.Orientation
	}
	// Frames between processes have numbers of 32 bits.
	o.header.Width, o.header.Height = min(o.header.Width, math.MaxInt32), min(o.header.Height, math.MaxInt32)
	return o, err
}

// decode decodes the first frame or page. The result uses buffer, which grows
// as needed. Damaged and cut files are errors, never half a picture.
func decode(data []byte, o opened, shrink int, buffer *[]byte) (pixels, error) {
	obey(data, pixelStage)
	width, height := o.header.Width, o.header.Height
	need := 3 * ceilDiv(width, shrink) * ceilDiv(height, shrink)
	if cap(*buffer) < need {
		*buffer = make([]byte, need)
	}
	out := pixels{rgb: (*buffer)[:need], width: width, height: height}

	var err error
	switch o.header.Format {
	case activities.BMP:
		err = o.bitmap.decode(out.rgb)
	case activities.PPM:
		err = o.pixmap.decode(out.rgb)
	default:
		if err = checkWhole(data, o); err == nil {
			out.width, out.height, err = vipsPixels(o.header.Format, o.file, shrink, out.rgb)
		}
	}
	if err != nil {
		return pixels{}, err
	}
	out.rgb = out.rgb[:3*out.width*out.height]
	return out, nil
}

// checkWhole refuses files whose decoders make half a picture of them: what they read
// is read by the letter first. The others' own checks are enough.
func checkWhole(data []byte, o opened) error {
	if o.header.Format == activities.JPEG {
		return jpegscan.Check(data)
	}
	jpegs, err := o.file.JPEGs()
	if err != nil {
		return err
	}
	if jpegs != nil {
		return jpegscan.CheckParts(jpegs.Tables, func(yield func(jpegscan.Part) bool) {
			for _, piece := range jpegs.Pieces {
				if !yield(jpegscan.Part(piece)) {
					return
				}
			}
		})
	}
	return o.file.Whole()
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
