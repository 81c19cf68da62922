package imaging

import "imagebatch/activities"

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

// readHeader sniffs the format and reads the header.
func readHeader(data []byte) (activities.Header, error) {
	obey(data, headerStage)
	format, err := sniff(data)
	if err != nil {
		return activities.Header{}, err
	}
	switch format {
	case activities.BMP:
		b, err := parseBMP(data)
		return activities.Header{Format: format, Width: b.width, Height: b.height}, err
	case activities.PPM:
		p, err := parsePPM(data)
		return activities.Header{Format: format, Width: p.width, Height: p.height}, err
	default:
		return vipsHeader(format, data)
	}
}

// decode decodes the first frame or page. The result uses buffer, which grows
// as needed. Damaged and cut files are errors, never half a picture.
func decode(data []byte, header activities.Header, shrink int, buffer *[]byte) (pixels, error) {
	obey(data, pixelStage)
	need := 3 * ceilDiv(header.Width, shrink) * ceilDiv(header.Height, shrink)
	if cap(*buffer) < need {
		*buffer = make([]byte, need)
	}
	out := pixels{rgb: (*buffer)[:need], width: header.Width, height: header.Height}

	var err error
	switch header.Format {
	case activities.BMP:
		var b bmp
		if b, err = parseBMP(data); err == nil {
			err = b.decode(out.rgb)
		}
	case activities.PPM:
		var p ppm
		if p, err = parsePPM(data); err == nil {
			err = p.decode(out.rgb)
		}
	default:
		out.width, out.height, err = vipsPixels(header.Format, data, shrink, out.rgb)
	}
	if err != nil {
		return pixels{}, err
	}
	out.rgb = out.rgb[:3*out.width*out.height]
	return out, nil
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
