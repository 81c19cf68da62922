package manifest

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// syntaxProblem is what the JSON decoder has against a line, with the character
// that it has it against: the decoder itself names a byte, which of “ is â.
func syntaxProblem(text []byte, problem *json.SyntaxError) string {
	says := strings.TrimPrefix(problem.Error(), "json: ")
	quoted, isCharacter := strings.CutPrefix(says, "invalid character '")
	at := int(problem.Offset) - 1
	if !isCharacter || len(quoted) < 2 || at < 0 || at >= len(text) {
		return says
	}
	_, where, found := strings.Cut(quoted[1:], "' ") // the first may be the quote itself
	if !found {
		return says
	}
	r, _ := utf8.DecodeRune(text[at:])
	return nameOf(r) + " " + where
}

// oddCharacter names the first character of a text where it cannot be told by
// looking at it: anything but ASCII that prints. Otherwise it returns "".
func oddCharacter(text []byte) string {
	if r, _ := utf8.DecodeRune(text); r <= ' ' || r >= unicode.MaxASCII {
		return nameOf(r)
	}
	return ""
}

// nameOf is a character with its number, its name where it is one that text
// programs put in, and what JSON has in its place.
func nameOf(r rune) string {
	name := fmt.Sprintf("%U", r)
	switch shown := string(r); {
	case r > ' ' && r < unicode.MaxASCII:
		return fmt.Sprintf("%q", r)
	case unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Mn, r):
		name = shown + " " + name
	}
	for _, known := range typographic {
		if strings.ContainsRune(known.characters, r) {
			return name + " (" + known.are + ")"
		}
	}
	return name
}

// typographic are characters that stand in a manifest because a text program put
// them in the place of others, or beside them.
var typographic = []struct{ characters, are string }{
	{"“”„‟«»″＂", `a typographic quotation mark; JSON has " alone`},
	{"‘’‚‛‹›′＇", `a typographic apostrophe; JSON has " alone`},
	{"\u00a0\u202f\u2007\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u205f\u3000", "a space of another width; JSON has the plain one"},
	{"\u200b\u200c\u200d\u2060\u00ad\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "a character that is not seen; remove it"},
	{"\u2028\u2029\u0085", "a line separator; JSON has none"},
	{"：", "a wide colon; JSON has :"},
	{"，、", "a wide comma; JSON has ,"},
	{"｛｝", "a wide brace; JSON has { and }"},
	{"\t", "a tab; write \\t inside of a string"},
	{"\x00", "zero"},
}
