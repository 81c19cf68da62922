package container

import (
	"bytes"
	"encoding/binary"

	"imagebatch/activities"
)

// maxProfile is how large a color profile may be; one of a press has some MiB.
const maxProfile = 4 << 20

// readJPEG walks the segments before the first scan. libjpeg passes by those that
// are not pixels, so that the file itself is what is decoded.
func readJPEG(data []byte) (File, error) {
	f := File{parts: [][]byte{data}}
	var profile [][]byte // pieces of APP2 segments
	for at := 2; ; {
		for at < len(data) && data[at] != 0xff {
			at++
		}
		for at < len(data) && data[at] == 0xff {
			at++
		}
		if at >= len(data) || data[at] == 0xd9 {
			return File{}, cutOff(activities.JPEG)
		}
		marker := data[at]
		at++
		if marker <= 1 || marker >= 0xd0 && marker < 0xd9 {
			continue // without a segment
		}
		if at+2 > len(data) {
			return File{}, cutOff(activities.JPEG)
		}
		length := int(binary.BigEndian.Uint16(data[at:]))
		if length < 2 || at+length > len(data) {
			return File{}, cutOff(activities.JPEG)
		}
		segment := data[at+2 : at+length]
		at += length
		switch {
		case marker == 0xda:
			if f.Width == 0 {
				return File{}, damaged(activities.JPEG, "it has no size")
			}
			if len(profile) > 0 {
				f.profile = func() []byte { return joined(profile) }
			}
			return f, nil
		case marker == 0xe1 && f.Orientation == 0 && bytes.HasPrefix(segment, exifHead):
			f.Orientation = orientation(segment)
		case marker == 0xe2 && bytes.HasPrefix(segment, []byte("ICC_PROFILE\x00")) && len(segment) > 14 && len(profile) < 255:
			profile = append(profile, segment[12:])
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			if len(segment) < 6 {
				return File{}, damaged(activities.JPEG, "its frame header is too short")
			}
			f.Height, f.Width = int(binary.BigEndian.Uint16(segment[1:])), int(binary.BigEndian.Uint16(segment[3:]))
			if f.Width == 0 || f.Height == 0 {
				return File{}, damaged(activities.JPEG, "it has no size")
			}
			f.Space = map[byte]Space{1: Gray, 4: CMYK}[segment[5]]
		}
	}
}

// joined puts a profile together from its pieces, each with its number and how
// many there are; nil when one is missing.
// Source: https://www.color.org/technotes/ICC-Technote-ProfileEmbedding.pdf
func joined(pieces [][]byte) []byte {
	count := int(pieces[0][1])
	var out []byte
	for number := 1; number <= count; number++ {
		found := false
		for _, piece := range pieces {
			if int(piece[0]) == number {
				out, found = append(out, piece[2:]...), true
				break
			}
		}
		if !found || len(out) > maxProfile {
			return nil
		}
	}
	return out
}
