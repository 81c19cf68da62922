package imaging

import (
	"fmt"
	"strings"
	"unicode"

	"imagebatch/activities"
)

// causes maps texts of libvips to what a user can do something with. The first
// that occurs in the text counts.
var causes = []struct{ text, cause string }{
	{"operation is blocked", "its format is not enabled in this worker"},
	{"premature end of", "the file is cut off"},
	{"read error", "the file is cut off or damaged"},
	{"unexpected end", "the file is cut off"},
	{"end of file", "the file is cut off"},
	{"bad seek", "the file is cut off or damaged"},
	{"truncated", "the file is cut off"},
	{"out of order read", "the file is cut off or damaged"},
	{"invalid jpeg", "its JPEG data is damaged"},
	{"corrupt jpeg", "its JPEG data is damaged"},
	{"huffman", "its JPEG data is damaged"},
	{"libspng", "its PNG data is damaged"},
	{"libpng", "its PNG data is damaged"},
	{"crc", "its checksum is wrong"},
	{"webp", "its WEBP data is damaged"},
	{"gif", "its GIF data is damaged"},
	{"tiff", "its TIFF data is damaged"},
	{"decod", "its compressed data is damaged"},
	{"not enough memory", "it needs more memory than the worker has"},
	{"out of memory", "it needs more memory than the worker has"},
	{"dimensions", "its dimensions are impossible"},
	{"unexpected form", "its pixels have a form that is not supported"},
	{"no known route", "its colour space is not supported"},
}

// vipsError is an ErrUndecodable with a cause. A text decides no more than the
// wording: whatever libvips says, another try would end the same.
func vipsError(text string) error {
	text = firstLine(text)
	if text == "" {
		return undecodable("the file is cut off or damaged")
	}
	lower := strings.ToLower(text)
	for _, c := range causes {
		if strings.Contains(lower, c.text) {
			return fmt.Errorf("%w: %s (%s)", activities.ErrUndecodable, c.cause, text)
		}
	}
	return fmt.Errorf("%w: %s", activities.ErrUndecodable, text)
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
