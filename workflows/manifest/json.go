package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"imagebatch/workflows/contract"
)

// span is where a JSON value stands in a line. The zero span is no value.
type span struct{ from, to int }

func (s span) absent() bool { return s.to == 0 }

// walker goes through the members of an object. The text must be valid JSON,
// which saves it every check. It never descends: depth costs no stack.
type walker struct {
	text []byte
	at   int
}

// next is the next key, quotes included, and where its value stands.
func (w *walker) next() (key []byte, value span, ok bool) {
	w.skipSpace()
	w.at++ // { or ,
	w.skipSpace()
	if w.at >= len(w.text) || w.text[w.at] != '"' {
		return nil, span{}, false
	}
	from := w.at
	w.skipString()
	key = w.text[from:w.at]
	w.skipSpace()
	w.at++ // :
	w.skipSpace()
	value.from = w.at
	w.skipValue()
	value.to = w.at
	return key, value, true
}

func (w *walker) skipSpace() {
	for w.at < len(w.text) {
		switch w.text[w.at] {
		case ' ', '\t', '\r', '\n':
			w.at++
		default:
			return
		}
	}
}

func (w *walker) skipString() {
	w.at++
	for {
		switch w.text[w.at] {
		case '"':
			w.at++
			return
		case '\\':
			w.at++
		}
		w.at++
	}
}

func (w *walker) skipValue() {
	for depth := 0; ; {
		switch w.text[w.at] {
		case '"':
			w.skipString()
		case '{', '[':
			depth++
			w.at++
		case '}', ']':
			depth--
			w.at++
		case ',', ':', ' ', '\t', '\r', '\n':
			w.at++
		default:
			w.skipLiteral()
		}
		if depth == 0 {
			return
		}
	}
}

func (w *walker) skipLiteral() {
	for ; w.at < len(w.text); w.at++ {
		switch w.text[w.at] {
		case ',', '}', ']', ' ', '\t', '\r', '\n':
			return
		}
	}
}

// unescape is the text of the inside of a valid JSON string. It is not ok when
// the string holds half of a surrogate pair, which stands for no character.
func unescape(body []byte) (text []byte, ok bool) {
	text = make([]byte, 0, len(body))
	for {
		at := bytes.IndexByte(body, '\\')
		if at < 0 {
			return append(text, body...), true
		}
		text = append(text, body[:at]...)
		escape := body[at+1]
		body = body[at+2:]
		switch escape {
		case 'b':
			text = append(text, '\b')
		case 'f':
			text = append(text, '\f')
		case 'n':
			text = append(text, '\n')
		case 'r':
			text = append(text, '\r')
		case 't':
			text = append(text, '\t')
		case 'u':
			r := hexadecimal(body)
			body = body[4:]
			if utf16.IsSurrogate(r) {
				if len(body) < 6 || body[0] != '\\' || body[1] != 'u' {
					return nil, false
				}
				if r = utf16.DecodeRune(r, hexadecimal(body[2:])); r == utf8.RuneError {
					return nil, false
				}
				body = body[6:]
			}
			text = utf8.AppendRune(text, r)
		default: // " \ /
			text = append(text, escape)
		}
	}
}

func hexadecimal(digits []byte) (r rune) {
	for _, c := range digits[:4] {
		r <<= 4
		switch {
		case c <= '9':
			r |= rune(c - '0')
		default:
			r |= rune(c|0x20-'a') + 10
		}
	}
	return r
}

// notOneObject says why a text is not the JSON of one object. It returns "" when
// it is.
func notOneObject(text []byte) string {
	const form = `write one object a line, such as {"OperationType":"ADD","ProductId":"1000","PicName":"a.jpg"}`
	first := bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(first) == 0:
		return "the line is empty; " + form
	case !utf8.Valid(text):
		return fmt.Sprintf("the line is not UTF-8 from byte %d on; save the manifest as UTF-8", validPrefix(text)+1)
	case first[0] == '[':
		return "the line starts with a bracket; the manifest is no JSON array: " + form
	case first[0] != '{':
		if odd := oddCharacter(first); odd != "" {
			return fmt.Sprintf("the line starts with %s and not with an object; %s", odd, form)
		}
		return fmt.Sprintf("the line starts with %s and not with an object; %s", contract.Quote(string(clip(first, 20))), form)
	case json.Valid(text):
		return ""
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	var object json.RawMessage
	var syntax *json.SyntaxError
	switch err := decoder.Decode(&object); {
	case err == nil:
		rest := bytes.TrimLeft(text[decoder.InputOffset():], " \t\r\n")
		if rest[0] == '{' {
			return "the line holds more than one object; write each on a line of its own"
		}
		if odd := oddCharacter(rest); odd != "" {
			return fmt.Sprintf("after the object there is %s; remove it", odd)
		}
		return fmt.Sprintf("after the object there is %s; remove it", contract.Quote(string(clip(rest, 20))))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the line ends in the middle of the object; " + form
	case errors.As(err, &syntax):
		return fmt.Sprintf("the line is not JSON, at byte %d: %s; %s", syntax.Offset, syntaxProblem(text, syntax), form)
	}
	return "the line is not JSON; " + form
}

func validPrefix(text []byte) int {
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}
