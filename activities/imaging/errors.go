package imaging

import (
	"fmt"
	"strings"
	"unicode"

	"imagebatch/activities"
)

// causes maps texts of libvips, and of the libraries that it calls, to what a user
// can do something with. The first that occurs in the text counts. What is not
// the file's damage is not decoded here: to upload it again would not help.
var causes = []struct {
	text  string
	kind  error
	cause string
}{
	{"operation is blocked", activities.ErrUnsupportedFormat, "its format is not enabled in this worker"},
	{"not enough memory", activities.ErrUnsupportedFormat, "it needs more memory than pictures of its size do; save it anew"},
	{"out of memory", activities.ErrUnsupportedFormat, "it needs more memory than pictures of its size do; save it anew"},
	{"insufficient memory", activities.ErrUnsupportedFormat, "it needs more memory than pictures of its size do; save it anew"},
	{"no known route", activities.ErrUnsupportedFormat, "its color space is not decoded; save it as RGB"},
	{"unexpected form", activities.ErrUnsupportedFormat, "its pixels have a form that is not decoded; save it as RGB of 8 bits"},
	{"not configured", activities.ErrUnsupportedFormat, "its compression is not decoded; save it with LZW, Deflate or none"},
	{"not implemented", activities.ErrUnsupportedFormat, "its compression is not decoded; save it with LZW, Deflate or none"},
	{"not supported", activities.ErrUnsupportedFormat, "such a file is not decoded; save it as RGB of 8 bits"},
	{"unsupported", activities.ErrUnsupportedFormat, "such a file is not decoded; save it as RGB of 8 bits"},
	{"cannot handle", activities.ErrUnsupportedFormat, "such a file is not decoded; save it as RGB of 8 bits"},
	{"premature end of", activities.ErrUndecodable, "the file is cut off"},
	{"read error", activities.ErrUndecodable, "the file is cut off or damaged"},
	{"unexpected end", activities.ErrUndecodable, "the file is cut off"},
	{"end of file", activities.ErrUndecodable, "the file is cut off"},
	{"bad seek", activities.ErrUndecodable, "the file is cut off or damaged"},
	{"truncated", activities.ErrUndecodable, "the file is cut off"},
	{"out of order read", activities.ErrUndecodable, "the file is cut off or damaged"},
	{"invalid jpeg", activities.ErrUndecodable, "its JPEG data is damaged"},
	{"corrupt jpeg", activities.ErrUndecodable, "its JPEG data is damaged"},
	{"vipsjpeg", activities.ErrUndecodable, "its JPEG data is damaged"},
	{"huffman", activities.ErrUndecodable, "its JPEG data is damaged"},
	{"libspng", activities.ErrUndecodable, "its PNG data is damaged"},
	{"libpng", activities.ErrUndecodable, "its PNG data is damaged"},
	{"crc", activities.ErrUndecodable, "its checksum is wrong"},
	{"webp", activities.ErrUndecodable, "its WEBP data is damaged"},
	{"gif", activities.ErrUndecodable, "its GIF data is damaged"},
	{"tiff", activities.ErrUndecodable, "its TIFF data is damaged"},
	{"decod", activities.ErrUndecodable, "its compressed data is damaged"},
	{"dimensions", activities.ErrUndecodable, "its dimensions are impossible"},
}

// vipsError is an error about the picture, with a cause: whatever libvips says,
// another try would end the same.
func vipsError(text string) error {
	text = firstLine(text)
	if text == "" {
		return undecodable("the file is cut off or damaged")
	}
	lower := strings.ToLower(text)
	for _, c := range causes {
		if strings.Contains(lower, c.text) {
			return fmt.Errorf("%w: %s (%s)", c.kind, c.cause, text)
		}
	}
	return fmt.Errorf("%w: %s", activities.ErrUndecodable, text)
}

// unsupported is an ErrUnsupportedFormat of the project's own decoders.
func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", activities.ErrUnsupportedFormat, fmt.Sprintf(format, args...))
}

// undecodable is an ErrUndecodable of the project's own decoders.
func undecodable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", activities.ErrUndecodable, fmt.Sprintf(format, args...))
}

// firstLine makes a text of a library fit for a report: one line, no control
// characters, not longer than a sentence. Texts can quote bytes of the file.
func firstLine(text string) string {
	const longest = 160
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}
