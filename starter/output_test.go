package main

import (
	"errors"
	"strings"
	"testing"
	"time"
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
