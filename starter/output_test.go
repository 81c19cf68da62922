package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"
)

func TestNumbersAsPeopleReadThem(t *testing.T) {
	t.Parallel()
	if got := plural(1, "line") + " " + plural(2, "line") + " " + plural(0, "line") + " " + plural(1234, "line"); got != "1 line 2 lines 0 lines 1,234 lines" {
		t.Errorf("plural: %q", got)
	}
	for d, want := range map[time.Duration]string{
		-1: "", 0: "0s", 1234 * time.Millisecond: "1.2s", 61*time.Second + 400*time.Millisecond: "1m1s", 3 * time.Hour: "3h0m0s",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestTablesAlignAndStayOnTheirLines(t *testing.T) {
	t.Parallel()
	table := newTable("A", "B", "C")
	table.add("裙子", "x\ny", "")
	table.add("long word", "\x1b[31mred\u202e", "end")
	var b strings.Builder
	if err := table.writeTo(&b); err != nil {
		t.Fatal(err)
	}
	want := rows("A          B          C", "裙子       x y", "long word  ·[31mred·  end")
	if b.String() != want {
		t.Errorf("table:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestLongCellsAreCutByWhatTheyTakeOnTheScreen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"Fits":      {strings.Repeat("a", 40), strings.Repeat("a", 40)},
		"Latin":     {strings.Repeat("a", 30) + strings.Repeat("b", 30), strings.Repeat("a", 26) + "…" + strings.Repeat("b", 13)},
		"Wide":      {strings.Repeat("裙", 30), strings.Repeat("裙", 13) + "…" + strings.Repeat("裙", 6)},
		"WideFits":  {strings.Repeat("裙", 20), strings.Repeat("裙", 20)},
		"Combining": {strings.Repeat("e\u0301", 50), strings.Repeat("e\u0301", 26) + "…" + strings.Repeat("e\u0301", 13)},
		"Flags":     {strings.Repeat("🇨🇳", 30), strings.Repeat("🇨🇳", 13) + "…" + strings.Repeat("🇨🇳", 6)},
		"Empty":     {"", ""},
	} {
		table := newTable("A", "B")
		table.add(test.text, strings.Repeat("last", 30))
		var b strings.Builder
		if err := table.writeTo(&b); err != nil {
			t.Fatal(err)
		}
		row := strings.Split(b.String(), "\n")[1]
		cell, found := strings.CutSuffix(row, strings.Repeat("last", 30))
		if !found || strings.TrimRight(cell, " ") != test.want || uniseg.StringWidth(cell) > 42 {
			t.Errorf("%s: row %q; want the cell %q, and the last one whole", name, row, test.want)
		}
	}
}

func TestOutputThatIsGoneIsAnError(t *testing.T) {
	t.Parallel()
	a := &app{process: process{stdout: closedPipe{}}}
	table := newTable("A")
	for name, err := range map[string]error{"printf": a.printf("x"), "printJSON": a.printJSON(1), "table": table.writeTo(a.stdout)} {
		if !errors.Is(err, errClosed) {
			t.Errorf("%s: error = %v, want %v", name, err, errClosed)
		}
	}
}

var errClosed = errors.New("closed")

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, errClosed }
