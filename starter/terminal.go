package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/term"
)

// Names and messages come from strangers, and whatever is printed may reach a
// terminal, which obeys some characters instead of showing them. So none of them
// is printed: not by tables and messages, and not by JSON and CSV either, whether
// or not standard output is a terminal at the moment, because a pipe often ends at
// one. JSON loses nothing by it. Files that are saved hold the bytes as they are.

// harmless reports whether a terminal shows a character, in its place, and does
// nothing else. Control characters are not, nor are those that change the
// direction of text, have no width or are never seen.
func harmless(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// escape writes what stands for a character that is not harmless. For a byte that
// is no UTF-8 the character is utf8.RuneError.
type escape func(dst []byte, r rune, raw byte) []byte

// dotted is for what people read: one dot each.
func dotted(dst []byte, _ rune, _ byte) []byte { return append(dst, "·"...) }

// asJSON is lossless where it stands in a string, and nowhere else can it stand.
func asJSON(dst []byte, r rune, _ byte) []byte {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

// spelled names the character, in formats that have no escapes of their own.
func spelled(dst []byte, r rune, raw byte) []byte {
	switch {
	case r == utf8.RuneError:
		return fmt.Appendf(dst, `\x%02x`, raw)
	case r > 0xffff:
		return fmt.Appendf(dst, `\U%08x`, r)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

// guard writes text through to another writer with everything escaped that is not
// harmless. Line breaks and tabs pass: whoever formats a line keeps them out of
// it. It is for one goroutine.
type guard struct {
	to     io.Writer
	escape escape
	held   []byte // the beginning of a character whose end has not been written yet
}

func newGuard(to io.Writer, escape escape) *guard { return &guard{to: to, escape: escape} }

// Write escapes and writes. Half a character at the end waits for its other half.
func (g *guard) Write(text []byte) (int, error) {
	all := append(g.held, text...)
	g.held = nil
	out := make([]byte, 0, len(all)+len(all)/8)
	for len(all) > 0 {
		if !utf8.FullRune(all) {
			g.held = append(g.held, all...)
			break
		}
		r, size := utf8.DecodeRune(all)
		if r == utf8.RuneError && size == 1 || r != '\n' && r != '\t' && !harmless(r) {
			out = g.escape(out, r, all[0])
		} else {
			out = append(out, all[:size]...)
		}
		all = all[size:]
	}
	if _, err := g.to.Write(out); err != nil {
		return 0, err
	}
	return len(text), nil
}

// finish writes what waits for an end that does not come.
func (g *guard) finish() error {
	var out []byte
	for _, raw := range g.held {
		out = g.escape(out, utf8.RuneError, raw)
	}
	g.held = nil
	if len(out) == 0 {
		return nil
	}
	_, err := g.to.Write(out)
	return err
}

// pour copies a stream to standard output, escaped.
func (a *app) pour(what string, from io.Reader, escape escape) error {
	out := newGuard(a.stdout, escape)
	_, err := io.Copy(out, from)
	if err := errors.Join(err, out.finish()); err != nil {
		return fmt.Errorf("download %s: %w", what, err)
	}
	return nil
}

// printable is text on one line, with everything escaped that is not harmless.
func printable(s string) string {
	out := make([]byte, 0, len(s))
	for at, r := range s {
		switch {
		case r == '\n' || r == '\t':
			out = append(out, ' ')
		case harmless(r):
			out = utf8.AppendRune(out, r)
		default:
			out = dotted(out, r, s[at])
		}
	}
	return string(out)
}

// isTerminal reports whether a stream is one that a person sits at.
func isTerminal(stream any) bool {
	if g, ok := stream.(*guard); ok {
		stream = g.to
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
