package manifest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// headSize is how much of a file decides what it is.
const headSize = 32 << 10

// Recognize looks at the beginning of a file that should be a manifest. If it is
// something else altogether, packed, in another encoding, a table, a picture, it
// says so, as the end of a sentence with the file's name before it: one answer
// is worth more than a bad line for each line feed in it. The content is read
// again from what is returned.
//
// A file that has an object on a line of its own is a manifest, whatever stands
// in its other lines: each of those is one bad line.
func Recognize(r io.Reader) (content io.Reader, foreign string) {
	buffered := bufio.NewReaderSize(r, headSize)
	head, err := buffered.Peek(headSize)
	if err != nil && err != io.EOF {
		return buffered, "" // the reader of the lines meets the trouble too
	}
	return buffered, foreignTo(head, err == io.EOF)
}

// foreignTo says what a file is that begins so, and what to do with it, or
// returns "" for what may be a manifest.
func foreignTo(head []byte, whole bool) string {
	for _, kind := range signatures {
		if kind.begins(head) {
			return "is " + kind.name(head) + " and no text; " + kind.remedy
		}
	}
	if encoding := wideEncoding(head); encoding != "" {
		return "is text in " + encoding + "; save it as UTF-8"
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, byteOrderMark), " \t\r\n\v\f")
	if len(text) == 0 {
		return ""
	}
	lines := linesOf(text, whole)
	switch {
	case text[0] == '{':
		if spreadObject(text, lines, whole) {
			return "is JSON that spreads an object over several lines; write each object on one line (jq -c . does it)"
		}
		if hasCommas(lines) {
			return "is a list of objects with commas between them; leave the comma at the end of each line out (sed 's/,$//' does it)"
		}
		return ""
	case text[0] == '[':
		if isArray(text, lines, whole) {
			return "is a JSON array; write its objects one a line, without brackets around and commas between them (jq -c '.[]' does it)"
		}
		return ""
	case hasObject(lines):
		return ""
	case isSequence(text):
		return "is a JSON text sequence; leave the record separators out (tr -d '\\036' does it)"
	case isMarkup(text):
		if isWebPage(text) {
			return "is a web page (HTML); upload the manifest itself: what was saved may be the answer of a login or an error page"
		}
		return "is XML; write one JSON object a line"
	case isTable(lines):
		return "is a table of separated values (CSV); write one JSON object a line, with its column names as fields"
	case isBinary(head):
		return "is binary data of an unknown kind and no text; upload the manifest itself, one JSON object a line in UTF-8"
	}
	return ""
}

// wideEncoding is the encoding of a text of 16 or 32 bits a character, with a
// byte order mark or without: JSON begins with ASCII, half of which is zeros then.
// Source: https://www.ietf.org/rfc/rfc4627.txt, section 3
func wideEncoding(head []byte) string {
	for _, mark := range []struct{ bytes, encoding string }{
		{"\xff\xfe\x00\x00", "UTF-32 LE"}, {"\x00\x00\xfe\xff", "UTF-32 BE"}, {"\xff\xfe", "UTF-16 LE"}, {"\xfe\xff", "UTF-16 BE"},
	} {
		if bytes.HasPrefix(head, []byte(mark.bytes)) {
			return mark.encoding
		}
	}
	if len(head) < 4 {
		return ""
	}
	zeros := ""
	for _, b := range head[:4] {
		switch {
		case b == 0:
			zeros += "0"
		case b < utf8.RuneSelf:
			zeros += "x"
		default:
			zeros += "-"
		}
	}
	return map[string]string{"x0x0": "UTF-16 LE", "0x0x": "UTF-16 BE", "x000": "UTF-32 LE", "000x": "UTF-32 BE"}[zeros]
}

// linesOf are the lines of the beginning of a text that are there to the end.
func linesOf(text []byte, whole bool) (lines [][]byte) {
	for len(text) > 0 {
		line, rest, broken := bytes.Cut(text, []byte("\n"))
		if line = bytes.TrimSpace(line); len(line) > 0 && (broken || whole || len(lines) == 0) {
			lines = append(lines, line)
		}
		text = rest
	}
	return lines
}

func isObject(line []byte) bool { return line[0] == '{' && json.Valid(line) }

func hasObject(lines [][]byte) bool {
	for _, line := range lines {
		if isObject(line) {
			return true
		}
	}
	return false
}

// spreadObject reports whether a text is JSON with line breaks inside its objects.
func spreadObject(text []byte, lines [][]byte, whole bool) bool {
	if len(lines) < 2 || string(lines[0]) != "{" || lines[1][0] != '"' {
		return false
	}
	return whole && json.Valid(text) || !hasObject(lines)
}

// isArray reports whether a text is a JSON array, on one line or on many. A
// bracket before a good line is a bad line and no more.
func isArray(text []byte, lines [][]byte, whole bool) bool {
	if whole && json.Valid(text) {
		return true
	}
	next := bytes.TrimLeft(text[1:], " \t\r\n")
	if len(next) == 0 || !strings.ContainsRune(`{["]`, rune(next[0])) {
		return false // a line such as [2030-01-31] a note
	}
	if len(lines) < 2 || !isObject(lines[1]) {
		return true
	}
	return len(lines) > 2 && !json.Valid(lines[0]) && (lines[2][0] == ',' || lines[2][0] == ']')
}

// isMarkup reports whether a text begins with a tag.
func isMarkup(text []byte) bool {
	if text[0] != '<' || len(text) < 2 {
		return false
	}
	c := text[1] | 0x20
	return text[1] == '!' || text[1] == '?' || 'a' <= c && c <= 'z'
}

// isSequence reports whether a text is objects with a record separator before each.
// Source: https://www.rfc-editor.org/rfc/rfc7464
func isSequence(text []byte) bool {
	rest, separator := bytes.CutPrefix(text, []byte{0x1e})
	rest = bytes.TrimLeft(rest, "\x1e \t\r\n")
	return separator && len(rest) > 0 && rest[0] == '{'
}

// webTags are what a web page may begin with.
// Source: https://mimesniff.spec.whatwg.org, identifying an unknown MIME type
var webTags = regexp.MustCompile(`(?i)^<(!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta)[ \t\r\n>]`)

func isWebPage(text []byte) bool {
	head := text[:min(len(text), 1024)]
	return webTags.Match(head) || bytes.Contains(bytes.ToLower(head), []byte("<html"))
}

// hasCommas reports whether objects stand one a line with commas between them, as
// in an array that has lost its brackets.
func hasCommas(lines [][]byte) bool {
	first, comma := bytes.CutSuffix(lines[0], []byte(","))
	return comma && len(lines) > 1 && len(first) > 0 && isObject(first) && !hasObject(lines[:len(lines)-1])
}

// isTable reports whether the first line names our fields as the heads of columns,
// or the first two begin with an operation.
func isTable(lines [][]byte) bool {
	heads := cells(lines[0])
	known := 0
	for _, head := range heads {
		if _, similar := alike(head); similar {
			known++
		}
	}
	if known > 1 {
		return true
	}
	for _, line := range lines[:min(len(lines), 2)] {
		row := cells(line)
		if operation := Operation(strings.ToUpper(row[0])); len(row) < 2 || operation != Add && operation != Delete {
			return false
		}
	}
	return len(lines) > 1
}

// cells are the fields of a line of a table, as far as no field holds a separator.
func cells(line []byte) []string {
	fields := strings.FieldsFunc(string(line), func(r rune) bool { return strings.ContainsRune(",;\t|", r) })
	for at := range fields {
		fields[at] = strings.Trim(fields[at], ` "'`)
	}
	return append(fields, "")[:max(len(fields), 1)]
}

// isBinary reports whether a file is no text in any encoding of 8 bits.
func isBinary(head []byte) bool {
	head = head[:min(len(head), 1024)]
	if bytes.IndexByte(head, 0) >= 0 {
		return true
	}
	control := bytes.ContainsFunc(head, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1b", r) })
	return control && !utf8.Valid(head)
}
