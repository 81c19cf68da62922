package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"imagebatch/workflows/contract"
)

func processing(done int64) contract.Status {
	return contract.Status{Task: 12, State: contract.StateProcessing, Planned: true, Total: 1000, Tally: contract.Tally{Counts: contract.Counts{Succeeded: done}}}
}

func TestPlainLinesAreSparse(t *testing.T) {
	t.Parallel()
	var l lines
	for i, step := range []struct {
		after time.Duration
		text  string
		state contract.State
		shown bool
	}{
		{0, "a", contract.StateProcessing, true},
		{time.Second, "b", contract.StateProcessing, false},
		{2 * time.Second, "c", contract.StateProcessing, true},
		{9 * time.Second, "c", contract.StateProcessing, false},
		{9100 * time.Millisecond, "d", contract.StateProcessing, true},
		{9200 * time.Millisecond, "e", contract.StateSuspended, true},
		{9300 * time.Millisecond, "f", contract.StateSuspended, false},
	} {
		if _, shown := l.next(step.text, step.state, began.Add(step.after)); shown != step.shown {
			t.Errorf("step %d, %q: shown = %v, want %v", i, step.text, shown, step.shown)
		}
	}
	if l.pending != "f" {
		t.Errorf("pending = %q, want the last line", l.pending)
	}
}

func TestBarOnATerminal(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	s := &screen{w: &b, terminal: true}
	s.show(contract.Status{Task: 12, State: contract.StateProcessing})
	s.show(processing(250))
	s.trouble(errors.New("no answer"))
	s.trouble(errors.New("no answer"))
	s.recovered()
	s.show(processing(1000))
	s.close()
	s.close()
	out := b.String()
	for _, want := range []string{"reading the work list", "250/1,000 (25%), 0 failed", " 24% ", "no answer; still watching\n", "connected again\n", "1,000/1,000"} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%q", want, out)
		}
	}
	if strings.Count(out, "still watching") != 1 {
		t.Errorf("the same trouble is told again:\n%q", out)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	with := func(edit func(*contract.Status)) contract.Status {
		s := processing(500)
		edit(&s)
		return s
	}
	for want, s := range map[string]contract.Status{
		"task 12 PROCESSING: 500/1,000 (50%), 0 failed":                    processing(500),
		"task 12 PROCESSING: 500/1,000 (50%), 0 failed, 9.5/s":             with(func(s *contract.Status) { s.Rate, s.ETA = 9.5, -1 }),
		"task 12 PROCESSING: 500/1,000 (50%), 0 failed, 250/s, 1m30s left": with(func(s *contract.Status) { s.Rate, s.ETA = 250, 90.2 }),
		"task 12 SUSPENDED: 500/1,000 (50%), 0 failed":                     with(func(s *contract.Status) { s.State, s.Rate = contract.StateSuspended, 250 }),
		"task 12 STOP: 500/1,000 (50%), 0 failed":                          with(func(s *contract.Status) { s.State, s.Canceled = contract.StateStop, 500 }),
		"task 12 SUCCESS: 500/500 (100%), 0 failed":                        with(func(s *contract.Status) { s.State, s.Total = contract.StateSuccess, 500 }),
		"task 12 PROCESSING: reading the work list":                        {Task: 12, State: contract.StateProcessing},
		"task 12 FAIL": {Task: 12, State: contract.StateFail},
	} {
		if got := describe(s); got != want {
			t.Errorf("describe = %q, want %q", got, want)
		}
	}
}
