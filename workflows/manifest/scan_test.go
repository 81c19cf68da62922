package manifest_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"imagebatch/workflows/manifest"
)

// scan collects all lines, with texts of their own.
func scan(t require, r io.Reader, first manifest.Position) []manifest.Line {
	t.Helper()
	var lines []manifest.Line
	s := manifest.NewScanner(r, first)
	for s.Next() {
		line := s.Line()
		line.Text = bytes.Clone(line.Text)
		lines = append(lines, line)
	}
	if err := s.Err(); err != nil {
		t.Fatalf("scan: %v", err)
	}
	return lines
}

// require is what testing.T and rapid.T have in common.
type require interface {
	Helper()
	Fatalf(format string, args ...any)
}

func TestScannerCutsLines(t *testing.T) {
	t.Parallel()
	line := func(number, offset int64, text string) manifest.Line {
		return manifest.Line{Number: number, Offset: offset, Length: len(text), Text: []byte(text), Blank: strings.TrimSpace(text) == ""}
	}
	for name, test := range map[string]struct {
		input string
		want  []manifest.Line
	}{
		"Empty":                {"", nil},
		"NoBreakAtEnd":         {"a\nbc", []manifest.Line{line(1, 0, "a"), line(2, 2, "bc")}},
		"BreakAtEnd":           {"a\nbc\n", []manifest.Line{line(1, 0, "a"), line(2, 2, "bc")}},
		"LoneBreak":            {"\n", []manifest.Line{line(1, 0, "")}},
		"CRLF":                 {"a\r\nbc\r\n", []manifest.Line{line(1, 0, "a"), line(2, 3, "bc")}},
		"MixedBreaks":          {"a\nb\r\nc", []manifest.Line{line(1, 0, "a"), line(2, 2, "b"), line(3, 5, "c")}},
		"CarriageReturnInside": {"a\rb\n", []manifest.Line{line(1, 0, "a\rb")}},
		"CarriageReturnAtEnd":  {"a\r", []manifest.Line{line(1, 0, "a\r")}},
		"BlankLines":           {"\r\n \t\na", []manifest.Line{line(1, 0, ""), line(2, 2, " \t"), line(3, 5, "a")}},
		"OrderMark": {"\xef\xbb\xbfa\n\xef\xbb\xbfb", []manifest.Line{
			{Number: 1, Length: 4, Text: []byte("a")}, line(2, 5, "\xef\xbb\xbfb")}},
		"OnlyOrderMark": {"\xef\xbb\xbf", []manifest.Line{{Number: 1, Length: 3, Text: []byte{}, Blank: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, scan(t, strings.NewReader(test.input), manifest.Position{})); diff != "" {
				t.Errorf("whole (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, scan(t, iotest.OneByteReader(strings.NewReader(test.input)), manifest.Position{})); diff != "" {
				t.Errorf("byte by byte (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, scan(t, iotest.DataErrReader(strings.NewReader(test.input)), manifest.Position{})); diff != "" {
				t.Errorf("end with the data (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScannerLongestLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		length  int
		ending  string
		tooLong bool
	}{
		"Limit":            {manifest.MaxLine, "\n", false},
		"LimitCRLF":        {manifest.MaxLine, "\r\n", false},
		"LimitAtEnd":       {manifest.MaxLine, "", false},
		"OneOver":          {manifest.MaxLine + 1, "\n", true},
		"OneOverCRLF":      {manifest.MaxLine + 1, "\r\n", true},
		"OneOverAtEnd":     {manifest.MaxLine + 1, "", true},
		"TwoOverCRLF":      {manifest.MaxLine + 2, "\r\n", true},
		"MuchOver":         {9*manifest.MaxLine + 7, "\n", true},
		"MuchOverCRLF":     {9*manifest.MaxLine + 7, "\r\n", true},
		"MuchOverAtEnd":    {9*manifest.MaxLine + 7, "", true},
		"BlankButMuchOver": {2 * manifest.MaxLine, "\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fill := "x"
			if name == "BlankButMuchOver" {
				fill = " "
			}
			input := "first\n" + strings.Repeat(fill, test.length) + test.ending
			lines := scan(t, strings.NewReader(input+"last"), manifest.Position{})
			if test.ending == "" {
				test.length += len("last")
				test.tooLong = test.length > manifest.MaxLine
			} else if last := lines[len(lines)-1]; string(last.Text) != "last" || last.Number != 3 || last.Offset != int64(len(input)) {
				t.Errorf("line after it = %d at %d %q; want 3 at %d %q", last.Number, last.Offset, last.Text, len(input), "last")
			}
			long := lines[1]
			if long.Length != test.length || long.TooLong != test.tooLong || long.Blank || long.Offset != 6 {
				t.Errorf("line = length %d, too long %t, blank %t, at %d; want length %d, too long %t, not blank, at 6",
					long.Length, long.TooLong, long.Blank, long.Offset, test.length, test.tooLong)
			}
			if long.TooLong && (len(long.Text) == 0 || len(long.Text) > 1000) || !long.TooLong && len(long.Text) != test.length {
				t.Errorf("text has %d bytes of %d", len(long.Text), long.Length)
			}
		})
	}
}

func TestScannerContinuesInTheMiddle(t *testing.T) {
	t.Parallel()
	const input = "\xef\xbb\xbffirst\r\n\nthird\nfourth"
	whole := scan(t, strings.NewReader(input), manifest.Position{})
	for i, line := range whole {
		from := manifest.Position{Line: line.Number, Offset: line.Offset}
		got := scan(t, strings.NewReader(input[line.Offset:]), from)
		if diff := cmp.Diff(whole[i:], got); diff != "" {
			t.Errorf("from line %d (-want +got):\n%s", line.Number, diff)
		}
	}
}

func TestScannerDropsALineCutShortByAnError(t *testing.T) {
	t.Parallel()
	trouble := errors.New("connection reset")
	for _, input := range []string{"whole\n{\"OperationType\":\"DELETE\"", "whole\n" + strings.Repeat("x", 3*manifest.MaxLine)} {
		s := manifest.NewScanner(io.MultiReader(strings.NewReader(input), iotest.ErrReader(trouble)), manifest.Position{})
		if !s.Next() || string(s.Line().Text) != "whole" {
			t.Fatalf("first line = %q; want %q", s.Line().Text, "whole")
		}
		for range 2 { // asking again must not bring it out either
			if s.Next() {
				t.Errorf("handed out half a line of %d bytes", s.Line().Length)
			}
		}
		if !errors.Is(s.Err(), trouble) {
			t.Errorf("error = %v; want %v", s.Err(), trouble)
		}
		if want := (manifest.Position{Line: 2, Offset: 6}); s.Position() != want {
			t.Errorf("position = %+v; want %+v", s.Position(), want)
		}
	}
}

func TestScannerGivesUpOnASilentReader(t *testing.T) {
	t.Parallel()
	for _, input := range []string{"a\nb", strings.Repeat("x", 2*manifest.MaxLine)} {
		s := manifest.NewScanner(io.MultiReader(strings.NewReader(input), silent{}), manifest.Position{})
		for s.Next() {
		}
		if !errors.Is(s.Err(), io.ErrNoProgress) {
			t.Errorf("error = %v; want %v", s.Err(), io.ErrNoProgress)
		}
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

func TestScannerMemoryIsBounded(t *testing.T) {
	const lineLength = 64 << 20
	allocated := testing.AllocsPerRun(1, func() {
		s := manifest.NewScanner(io.LimitReader(letters{}, lineLength), manifest.Position{})
		if !s.Next() || s.Line().Length != lineLength || !s.Line().TooLong {
			t.Errorf("line = %d bytes; want %d", s.Line().Length, lineLength)
		}
	})
	if allocated > 20 {
		t.Errorf("%v allocations for one line; want a few", allocated)
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestScannerAgreesWithASplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOf(rapid.SampledFrom([]string{"\n", "\r\n", "\r", " ", "a", "{}", "é", strings.Repeat("y", 40_000), strings.Repeat("z", manifest.MaxLine)})).Draw(t, "pieces")
		input := strings.Join(pieces, "")
		checkTiles(t, []byte(input), scan(t, strings.NewReader(input), manifest.Position{}))
		checkTiles(t, []byte(input), scan(t, iotest.HalfReader(strings.NewReader(input)), manifest.Position{}))
	})
}

// checkTiles checks that lines and their breaks cover the input without a gap,
// against what splitting it at the line feeds gives.
func checkTiles(t require, input []byte, lines []manifest.Line) {
	t.Helper()
	want := bytes.SplitAfter(input, []byte("\n"))
	if len(want[len(want)-1]) == 0 {
		want = want[:len(want)-1]
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines; want %d", len(lines), len(want))
	}
	var offset int64
	for i, line := range lines {
		text, broken := bytes.CutSuffix(want[i], []byte("\n"))
		if broken {
			text = bytes.TrimSuffix(text, []byte("\r"))
		}
		if line.Number != int64(i+1) || line.Offset != offset || line.Length != len(text) {
			t.Fatalf("line %d at %d, %d bytes; want %d at %d, %d bytes", line.Number, line.Offset, line.Length, i+1, offset, len(text))
		}
		offset += int64(len(want[i]))
		if line.TooLong != (len(text) > manifest.MaxLine) {
			t.Fatalf("line %d of %d bytes: too long = %t", line.Number, line.Length, line.TooLong)
		}
		if i == 0 {
			text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
		}
		if !line.TooLong && !bytes.Equal(line.Text, text) || line.TooLong && !bytes.HasPrefix(want[i], line.Text) {
			t.Fatalf("line %d does not hold the bytes of the input", line.Number)
		}
		if line.Blank != (!line.TooLong && len(bytes.Trim(text, " \t\r\v\f")) == 0) {
			t.Fatalf("line %d: blank = %t for %q", line.Number, line.Blank, line.Text)
		}
	}
}

func FuzzScanner(f *testing.F) {
	for _, seed := range []string{"", "\n", "a\r\nb", "\xef\xbb\xbf\n\n{}", "\r\r\n"} {
		f.Add([]byte(seed), 3, false)
	}
	f.Add([]byte("a\nb\r\n"), manifest.MaxLine, true)
	f.Fuzz(func(t *testing.T, input []byte, at int, long bool) {
		if long { // stretch the input over the limit at some place
			at = max(0, min(at, len(input)))
			stretch := bytes.Repeat([]byte{'s'}, manifest.MaxLine-2)
			input = append(append(bytes.Clone(input[:at]), stretch...), input[at:]...)
		}
		checkTiles(t, input, scan(t, bytes.NewReader(input), manifest.Position{}))
		checkTiles(t, input, scan(t, iotest.DataErrReader(bytes.NewReader(input)), manifest.Position{}))
	})
}

func BenchmarkScanner(b *testing.B) {
	line := []byte(sampleAdd + "\n")
	input := bytes.Repeat(line, 20_000)
	reader := bytes.NewReader(input)
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(input)
		s := manifest.NewScanner(reader, manifest.Position{})
		n := 0
		for s.Next() {
			n++
		}
		if n != 20_000 {
			b.Fatalf("%d lines", n)
		}
	}
}
