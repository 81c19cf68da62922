package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"imagebatch/workflows/contract"
)

// printf writes to standard output.
func (a *app) printf(format string, args ...any) error {
	if _, err := fmt.Fprintf(a.stdout, format, args...); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// notef writes a line that is no result to standard error.
func (a *app) notef(format string, args ...any) {
	// Standard error that is gone leaves nobody to tell.
	_, _ = fmt.Fprintf(a.stderr, format+"\n", args...)
}

// printJSON writes one object to standard output.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(newGuard(a.stdout, asJSON))
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// table is rows in columns. What goes into it is made safe to show, and cut where
// it would push what follows off the screen; JSON has it whole.
type table struct {
	rows [][]string
}

func newTable(head ...string) *table { return &table{rows: [][]string{head}} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) writeTo(w io.Writer) error {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			row[i] = printable(cell)
			if i < len(t.rows[0])-1 {
				row[i] = cut(row[i], mostColumns)
			}
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(row[i]))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		line := ""
		for i, cell := range row {
			line += pad(cell, widths[i]) + "  "
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// pad fills a cell to a width, in columns of the terminal: many characters of
// product names are two columns wide.
func pad(cell string, width int) string {
	return cell + strings.Repeat(" ", max(0, width-uniseg.StringWidth(cell)))
}

// mostColumns is how wide a cell may be that another follows, in columns of the
// terminal.
const mostColumns = 40

// cut shortens text to so many columns. Names differ at both ends: the middle
// goes.
func cut(text string, most int) string {
	if uniseg.StringWidth(text) <= most {
		return text
	}
	tail := most / 3
	return leading(text, most-tail-1) + "…" + trailing(text, tail)
}

// leading is as much of the beginning as fits so many columns, in whole characters
// as people see them.
func leading(text string, most int) string {
	left, at, state := most, 0, -1
	for at < len(text) {
		cluster, _, width, next := uniseg.FirstGraphemeClusterInString(text[at:], state)
		if width > left {
			break
		}
		at, left, state = at+len(cluster), left-width, next
	}
	return text[:at]
}

// trailing is as much of the end.
func trailing(text string, most int) string {
	width := uniseg.StringWidth(text)
	state := -1
	for width > most {
		var cluster string
		var columns int
		cluster, text, columns, state = uniseg.FirstGraphemeClusterInString(text, state)
		if cluster == "" {
			break
		}
		width -= columns
	}
	return text
}

// facts is a table of names and values; empty values are left out.
func facts(w io.Writer, pairs ...string) error {
	t := &table{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			t.add(pairs[i], pairs[i+1])
		}
	}
	return t.writeTo(w)
}

func oneLine(s string) string { return strings.TrimSpace(printable(s)) }

// plural is "1 line", "2 lines".
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return contract.Grouped(n) + " " + noun + "s"
}

// moment is a time as people read it.
func (a *app) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(a.zone).Format(time.DateTime)
}

// span is a duration without more digits than it deserves.
func span(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// source is a folder of a bucket.
func source(bucket, path string) string { return "oss://" + bucket + path }
