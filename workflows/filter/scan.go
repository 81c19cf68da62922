package filter

import (
	"strings"
	"unicode/utf8"
)

// kind is what a token is.
type kind uint8

const (
	end kind = iota
	word
	number
	text
	operator // one of > >= < <= = !=
	opening
	closing
	comma
)

// token is a piece of the expression. Its position is its first byte.
type token struct {
	kind  kind
	at    int
	value string // as written; of a text, what it stands for
}

// scanner cuts an expression into tokens.
type scanner struct {
	source string
	next   int // byte that has not been read
}

// token reads the next token.
func (s *scanner) token() (token, *SyntaxError) {
	for s.next < len(s.source) && strings.IndexByte(" \t\r\n", s.source[s.next]) >= 0 {
		s.next++
	}
	from := s.next
	if from == len(s.source) {
		return token{kind: end, at: from}, nil
	}
	switch c := s.source[from]; {
	case c == '(':
		return s.take(opening, from+1), nil
	case c == ')':
		return s.take(closing, from+1), nil
	case c == ',':
		return s.take(comma, from+1), nil
	case c == '=':
		return s.take(operator, from+1), nil
	case c == '>' || c == '<':
		if strings.HasPrefix(s.source[from+1:], "=") {
			return s.take(operator, from+2), nil
		}
		return s.take(operator, from+1), nil
	case strings.HasPrefix(s.source[from:], "!="):
		return s.take(operator, from+2), nil
	case c == '"':
		return s.text()
	case isDigit(c), c == '-' && from+1 < len(s.source) && isDigit(s.source[from+1]):
		to := from + 1
		for to < len(s.source) && isDigit(s.source[to]) {
			to++
		}
		if to < len(s.source) && (isLetter(s.source[to]) || s.source[to] == '.') {
			return token{}, problem(s.source, to, "the end of the number; write whole numbers in digits", found(s.source[to:]))
		}
		return s.take(number, to), nil
	case isLetter(c):
		to := from + 1
		for to < len(s.source) && (isLetter(s.source[to]) || isDigit(s.source[to])) {
			to++
		}
		return s.take(word, to), nil
	}
	return token{}, problem(s.source, from, "a field, an operator, a value or a parenthesis", found(s.source[from:]))
}

// take makes a token of what is unread up to a byte.
func (s *scanner) take(k kind, to int) token {
	taken := token{kind: k, at: s.next, value: s.source[s.next:to]}
	s.next = to
	return taken
}

// text reads a text in quotes.
func (s *scanner) text() (token, *SyntaxError) {
	from := s.next
	var value strings.Builder
	for at := from + 1; at < len(s.source); at++ {
		switch c := s.source[at]; c {
		case '"':
			s.next = at + 1
			return token{kind: text, at: from, value: value.String()}, nil
		case '\\':
			at++
			if at == len(s.source) || s.source[at] != '"' && s.source[at] != '\\' {
				return token{}, problem(s.source, at, `\" or \\ after a backslash`, found(s.source[at:]))
			}
			value.WriteByte(s.source[at])
		default:
			value.WriteByte(c)
		}
	}
	return token{}, problem(s.source, len(s.source), `a closing " for the text that begins here or earlier`, found(""))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }

// found is what a message shows of the rest of an expression.
func found(rest string) string {
	if rest == "" {
		return ""
	}
	_, size := utf8.DecodeRuneInString(rest)
	return rest[:size]
}
