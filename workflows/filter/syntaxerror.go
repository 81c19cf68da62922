package filter

import (
	"fmt"
	"unicode/utf8"
)

// SyntaxError says where an expression went wrong. It is the only error of
// Parse.
type SyntaxError struct {
	Position int    // of the first character that does not fit, from 1; behind the last one when the end does not
	Expected string // what should stand there
	Found    string // what stands there; empty at the end
}

// Error names the character, what was expected there and what was found.
func (e *SyntaxError) Error() string {
	if e.Found == "" {
		return fmt.Sprintf("read filter at character %d: expected %s, found the end", e.Position, e.Expected)
	}
	return fmt.Sprintf("read filter at character %d: expected %s, found %q", e.Position, e.Expected, e.Found)
}

// problem is a syntax error at a byte of the source.
func problem(source string, at int, expected, found string) *SyntaxError {
	return &SyntaxError{Position: utf8.RuneCountInString(source[:min(at, len(source))]) + 1, Expected: expected, Found: found}
}
