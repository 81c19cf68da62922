package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"imagebatch/workflows/contract"
)

// linePause is the least time between two plain progress lines.
const linePause = 2 * time.Second

// screen shows how a task goes on: a bar where a person watches, lines elsewhere.
// It is for one goroutine.
type screen struct {
	w        io.Writer
	terminal bool
	bar      *progressbar.ProgressBar
	silent   string // what does not answer at present
	held     bool   // something holds the task up
	lines    lines
}

// lines decides which states are worth a line of their own.
type lines struct {
	last    string // what was printed
	state   contract.State
	at      time.Time
	pending string // what was held back since
}

func newScreen(w io.Writer) *screen { return &screen{w: w, terminal: isTerminal(w)} }

// unguarded is where the bar draws, which moves the cursor itself.
func unguarded(w io.Writer) io.Writer {
	if g, ok := w.(*guard); ok {
		return g.to
	}
	return w
}

// show draws where the task stands.
func (s *screen) show(status contract.Status) {
	text := describe(status)
	if s.held && !s.terminal { // a note has said so, and lines would repeat it
		s.lines.pending = ""
		return
	}
	if s.held {
		text += ", held up"
	}
	if !s.terminal {
		if line, ok := s.lines.next(text, status.State, time.Now()); ok {
			_, _ = fmt.Fprintln(s.w, line)
		}
		return
	}
	if s.bar == nil {
		s.bar = progressbar.NewOptions64(-1,
			progressbar.OptionSetWriter(unguarded(s.w)), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetWidth(30), progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSpinnerType(14),
			progressbar.OptionUseANSICodes(true), progressbar.OptionClearOnFinish())
	}
	if status.Planned && status.Total > 0 {
		s.bar.ChangeMax64(status.Total + 1) // never full before the task itself has ended
		_ = s.bar.Set64(status.Done())
	}
	s.bar.Describe(printable(text))
	_ = s.bar.RenderBlank()
}

// trouble says once that something does not answer.
func (s *screen) trouble(err error) {
	what := err.Error()
	if silent := (silentError{}); errors.As(err, &silent) {
		what = silent.who
	}
	if s.silent == what {
		return
	}
	s.silent = what
	s.note(oneLine(err.Error()) + "; still watching")
}

// recovered says that what did not answer does so again.
func (s *screen) recovered() {
	if s.silent != "" {
		s.silent = ""
		s.note("connected again")
	}
}

func (s *screen) note(text string) {
	if s.bar != nil {
		_ = s.bar.Clear()
	}
	_, _ = fmt.Fprintln(s.w, text)
}

// close leaves the screen clean, the last line printed. It may be repeated.
func (s *screen) close() {
	if s.bar != nil {
		_ = s.bar.Clear()
		s.bar = nil
	}
	if s.lines.pending != "" {
		_, _ = fmt.Fprintln(s.w, s.lines.pending)
		s.lines.pending = ""
	}
}

// next returns the line to print, if any: the first, one for each new state, and
// otherwise a changed one every linePause. The last one stays pending.
func (l *lines) next(text string, state contract.State, now time.Time) (string, bool) {
	if text == l.last {
		l.pending = ""
		return "", false
	}
	if state == l.state && now.Sub(l.at) < linePause {
		l.pending = text
		return "", false
	}
	l.last, l.state, l.at, l.pending = text, state, now, ""
	return text, true
}

// describe is a task's progress in one line.
func describe(s contract.Status) string {
	head := fmt.Sprintf("task %d %s", s.Task, s.State)
	if !s.Planned && s.State.Final() {
		return head
	}
	if !s.Planned {
		return head + ": reading the work list"
	}
	text := fmt.Sprintf("%s: %s/%s (%d%%), %s failed", head, contract.Grouped(s.Done()-s.Canceled), contract.Grouped(s.Total), share(s.State, s.Counts, s.Total), contract.Grouped(s.Failed))
	if s.Rate > 0 && s.State == contract.StateProcessing {
		text += ", " + pace(s.Rate, s.ETA)
	}
	return text
}

// pace is a rate and what is left at it.
func pace(rate, eta float64) string {
	text := fmt.Sprintf("%.0f/s", rate)
	if rate < 10 {
		text = fmt.Sprintf("%.1f/s", rate)
	}
	if eta > 0 {
		text += ", " + span(time.Duration(eta*float64(time.Second)).Round(time.Second)) + " left"
	}
	return text
}
