package imaging

import (
	"bytes"
	"fmt"

	"imagebatch/activities"
)

// sniff tells the format by the first bytes. File names and content types are
// not asked: they are often wrong, and what is not one of the seven formats by
// content must not reach a decoder that might know what to do with it.
func sniff(data []byte) (activities.Format, error) {
	for _, s := range signatures {
		if s.format != "" && s.matches(data) {
			return s.format, nil
		}
	}
	return "", fmt.Errorf("%w: %s; send PNG, JPEG, BMP, GIF, WEBP, TIFF or PPM (P3, P6)", activities.ErrUnsupportedFormat, resemblance(data))
}

// resemblance says what content looks like that is none of the seven.
func resemblance(data []byte) string {
	if len(data) == 0 {
		return "the file is empty"
	}
	for _, s := range signatures {
		if s.matches(data) {
			return "content starts like " + s.name
		}
	}
	// A few bytes are enough to tell a wrong upload, and too few to leak one.
	return fmt.Sprintf("content starts with the bytes % x", data[:min(len(data), 4)])
}

// signature is how a kind of file begins: prefix at the start and, if not
// empty, more at an offset. A format is set for those that are accepted.
type signature struct {
	format activities.Format
	name   string
	prefix string
	offset int
	more   string
}

func (s signature) matches(data []byte) bool {
	if !bytes.HasPrefix(data, []byte(s.prefix)) {
		return false
	}
	return s.more == "" || len(data) > s.offset && bytes.HasPrefix(data[s.offset:], []byte(s.more))
}

var signatures = []signature{
	{format: activities.JPEG, prefix: "\xff\xd8\xff"},
	{format: activities.PNG, prefix: "\x89PNG\r\n\x1a\n"},
	{format: activities.GIF, prefix: "GIF87a"},
	{format: activities.GIF, prefix: "GIF89a"},
	{format: activities.WEBP, prefix: "RIFF", offset: 8, more: "WEBP"},
	{format: activities.TIFF, prefix: "II*\x00"},
	{format: activities.TIFF, prefix: "MM\x00*"},
	{format: activities.TIFF, prefix: "II+\x00\x08\x00\x00\x00"}, // BigTIFF: 64-bit offsets
	{format: activities.TIFF, prefix: "MM\x00+\x00\x08\x00\x00"},
	{format: activities.BMP, prefix: "BM", offset: 15, more: "\x00\x00\x00"}, // of the second header's size
	{format: activities.PPM, prefix: "P3"},
	{format: activities.PPM, prefix: "P6"},

	{name: "a PBM bitmap (P1, P4)", prefix: "P1"},
	{name: "a PBM bitmap (P1, P4)", prefix: "P4"},
	{name: "a PGM grey map (P2, P5)", prefix: "P2"},
	{name: "a PGM grey map (P2, P5)", prefix: "P5"},
	{name: "a PAM picture (P7)", prefix: "P7"},
	{name: "AVIF", offset: 4, more: "ftypavif"},
	{name: "AVIF", offset: 4, more: "ftypavis"},
	{name: "HEIC", offset: 4, more: "ftyphe"},
	{name: "HEIC", offset: 4, more: "ftypmif1"},
	{name: "HEIC", offset: 4, more: "ftypmsf1"},
	{name: "a video (MP4, MOV)", offset: 4, more: "ftyp"},
	{name: "JPEG 2000", prefix: "\x00\x00\x00\x0cjP  "},
	{name: "JPEG 2000", prefix: "\xff\x4f\xff\x51"},
	{name: "JPEG XL", prefix: "\x00\x00\x00\x0cJXL "},
	{name: "JPEG XL", prefix: "\xff\x0a"},
	{name: "an icon (ICO)", prefix: "\x00\x00\x01\x00"},
	{name: "a Photoshop document", prefix: "8BPS"},
	{name: "PDF", prefix: "%PDF"},
	{name: "PostScript", prefix: "%!PS"},
	{name: "SVG", prefix: "<svg"},
	{name: "XML or SVG", prefix: "<?xml"},
	{name: "HTML", prefix: "<!DOCTYPE"},
	{name: "HTML", prefix: "<!doctype"},
	{name: "HTML", prefix: "<html"},
	{name: "HTML", prefix: "<HTML"},
	{name: "JSON", prefix: "{"},
	{name: "a ZIP archive", prefix: "PK\x03\x04"},
	{name: "gzip", prefix: "\x1f\x8b"},
	{name: "a Git LFS pointer", prefix: "version https://git-lfs"},
	{name: "zeros", prefix: "\x00\x00\x00\x00\x00\x00\x00\x00"},
}
