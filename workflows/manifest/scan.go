package manifest

import (
	"bytes"
	"io"
)

// MaxLine is the longest line that is read, in bytes without its line break. The
// longest legal line, with every character escaped, is about 70 KiB.
const MaxLine = 256 << 10

const (
	readSize  = 64 << 10
	keptShort = 128 // bytes of a too long line that are shown
	// idleReads is how many reads without a byte or an error are put up with.
	idleReads = 100
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// Position is where a line starts.
type Position struct {
	Line   int64 // number of the line, 1 for the first of the file
	Offset int64 // of its first byte in the file
}

// Line is one physical line.
type Line struct {
	Number int64 // 1 for the first of the file
	Offset int64 // of the line's first byte in the file
	// Length is in bytes, without the line break \n or \r\n, and with the byte
	// order mark that the first line may have. A \r that no \n follows is no
	// line break.
	Length int
	// Text is the line without break and byte order mark. It is valid until the
	// next call of Next. Of a line that is TooLong it holds the beginning only.
	Text    []byte
	TooLong bool // over MaxLine
	Blank   bool // nothing but white space; a line that is TooLong never is
}

// Scanner reads lines one after the other. It holds one line at a time, and of a
// line longer than MaxLine only the beginning. It allocates nothing per line.
type Scanner struct {
	source io.Reader
	buf    []byte
	start  int   // of the bytes in buf not yet handed out
	end    int   // of the bytes in buf
	ended  error // what the source said last: nil, io.EOF or its trouble
	next   Position
	line   Line
}

// NewScanner reads from r, whose first byte is at the given position of the
// file. The zero Position is the beginning of the file.
func NewScanner(r io.Reader, first Position) *Scanner {
	first.Line = max(first.Line, 1)
	return &Scanner{source: r, next: first}
}

// Line is the line that Next has found.
func (s *Scanner) Line() Line { return s.line }

// Position is where the line after the current one starts, or would start.
func (s *Scanner) Position() Position { return s.next }

// Err is what stopped the scanner, nil at the end of the source. A line that is
// cut short by an error is never handed out: half a line can mean something else.
func (s *Scanner) Err() error {
	if s.ended == io.EOF {
		return nil
	}
	return s.ended
}

// Next moves on to the next line and reports whether there is one. A line break
// at the very end does not start another line.
func (s *Scanner) Next() bool {
	searched := s.start
	for {
		if at := bytes.IndexByte(s.buf[searched:s.end], '\n'); at >= 0 {
			at += searched
			s.take(at, at+1)
			return true
		}
		searched = s.end
		switch held := s.end - s.start; {
		case s.ended == io.EOF && held > 0:
			s.take(s.end, s.end)
			return true
		case s.ended != nil:
			return false
		case held >= MaxLine+2: // one byte may be the \r of a break that comes next
			return s.skipLong()
		}
		searched -= s.fill()
	}
}

// take makes the line of what is in the buffer up to end, with its break up to after.
func (s *Scanner) take(end, after int) {
	text := s.buf[s.start:end]
	if after > end && len(text) > 0 && text[len(text)-1] == '\r' {
		text = text[:len(text)-1]
	}
	s.line = Line{Number: s.next.Line, Offset: s.next.Offset, Length: len(text), Text: text, TooLong: len(text) > MaxLine}
	switch {
	case s.line.TooLong:
		s.line.Text = text[:keptShort]
	case s.next.Offset == 0:
		s.line.Text = bytes.TrimPrefix(text, byteOrderMark)
		s.line.Blank = blank(s.line.Text)
	default:
		s.line.Blank = blank(text)
	}
	s.next.Line++
	s.next.Offset += int64(after - s.start)
	s.start = after
}

// skipLong reads to the end of a line that does not fit into the buffer. What it
// passes over is overwritten, all but the beginning.
func (s *Scanner) skipLong() bool {
	copy(s.buf, s.buf[s.start:s.start+keptShort])
	length := s.end - s.start
	last := s.buf[s.end-1]
	s.start, s.end = 0, 0
	for idle := 0; ; {
		n, err := s.source.Read(s.buf[keptShort:])
		chunk := s.buf[keptShort : keptShort+n]
		if at := bytes.IndexByte(chunk, '\n'); at >= 0 {
			if at > 0 {
				last = chunk[at-1]
			}
			s.ended = err
			s.start, s.end = keptShort+at+1, keptShort+n
			return s.takeLong(length+at, 1, last)
		}
		length += n
		if n > 0 {
			last, idle = chunk[n-1], 0
		} else if idle++; err == nil && idle >= idleReads {
			err = io.ErrNoProgress
		}
		if err != nil {
			s.ended = err
			return err == io.EOF && s.takeLong(length, 0, last)
		}
	}
}

func (s *Scanner) takeLong(length, lineFeed int, last byte) bool {
	s.line = Line{Number: s.next.Line, Offset: s.next.Offset, Length: length, Text: s.buf[:keptShort], TooLong: true}
	if lineFeed == 1 && last == '\r' {
		s.line.Length--
	}
	s.next.Line++
	s.next.Offset += int64(length + lineFeed)
	return true
}

// fill reads more into the buffer, after moving what it holds to the front. It
// returns by how much that moved.
func (s *Scanner) fill() (moved int) {
	if room := len(s.buf) - s.end; room < readSize/2 {
		moved = s.start
		target := s.buf
		if held := s.end - s.start; held+readSize > len(s.buf) {
			target = make([]byte, min(2*(held+readSize), MaxLine+2+readSize))
		}
		s.end = copy(target, s.buf[s.start:s.end])
		s.buf, s.start = target, 0
	}
	for range idleReads {
		n, err := s.source.Read(s.buf[s.end:])
		s.end += n
		s.ended = err
		if n > 0 || err != nil {
			return moved
		}
	}
	s.ended = io.ErrNoProgress
	return moved
}

func blank(text []byte) bool {
	for _, c := range text {
		switch c {
		case ' ', '\t', '\r', '\v', '\f':
		default:
			return false
		}
	}
	return true
}
