package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/testsuite/catalogue"
	"imagebatch/workflows/contract"
)

// The judge itself: what a broken promise leaves behind must be a violation.
func TestJudgeLines(t *testing.T) {
	t.Parallel()
	clean := func() (tried, contract.Task, outcome) {
		now := tried{batch: catalogue.Batch{
			Manifest: []byte("a\nb\n  \nc\nd\n"), Lines: 4,
			Failures: map[int64]contract.Code{2: contract.CodeInvalidRegion},
		}}
		task := contract.Task{State: contract.StateStop, Planned: true, List: contract.WorkList{Lines: 4}}
		task.Tally.Counts = contract.Counts{Succeeded: 2, Failed: 1, Canceled: 1}
		now.stopping = true
		return now, task, outcome{
			planned: true, failures: map[int64]contract.Code{2: contract.CodeInvalidRegion}, ranges: []activities.LineRange{{First: 5, Last: 5}},
		}
	}
	cases := map[string]struct {
		spoil func(*tried, *contract.Task, *outcome)
		want  string // a part of the one violation; empty for none
	}{
		"Kept":         {spoil: func(*tried, *contract.Task, *outcome) {}},
		"CountedTwice": {func(_ *tried, task *contract.Task, _ *outcome) { task.Tally.Succeeded++ }, "differ from those of its lines"},
		"LineLost":     {func(_ *tried, task *contract.Task, _ *outcome) { task.List.Lines-- }, "the total is 3"},
		"GoodLineIsolated": {func(_ *tried, task *contract.Task, o *outcome) {
			o.failures[4], task.Tally.Failed, task.Tally.Succeeded = contract.CodePictureError, 2, 1
		}, "is good"},
		"OtherCode": {func(_ *tried, _ *contract.Task, o *outcome) { o.failures[2] = contract.CodePictureError }, "instead of"},
		"BadLinePassed": {func(_ *tried, task *contract.Task, o *outcome) {
			delete(o.failures, 2)
			task.Tally.Failed, task.Tally.Succeeded = 0, 3
		}, "did not fail"},
		"FailedAndNotRun": {func(_ *tried, _ *contract.Task, o *outcome) { o.failures[5] = contract.CodePictureError }, "was not run"},
		"FailedTwice":     {func(_ *tried, _ *contract.Task, o *outcome) { o.twice = []int64{2} }, "failed twice"},
		"Failed":          {func(_ *tried, task *contract.Task, _ *outcome) { task.State = contract.StateFail }, "it failed"},
		"StoppedByItself": {func(now *tried, _ *contract.Task, _ *outcome) { now.stopping = false }, "nobody asked"},
		"SuccessWithRest": {func(_ *tried, task *contract.Task, _ *outcome) { task.State = contract.StateSuccess }, "were not run"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, task, o := clean()
			tc.spoil(&now, &task, &o)
			var violations []string
			new(lane).judgeLines(&now, task, o, func(format string, args ...any) {
				violations = append(violations, fmt.Sprintf(format, args...))
			})
			wantViolation(t, violations, tc.want)
		})
	}
}

func TestUndone(t *testing.T) {
	t.Parallel()
	o := outcome{planned: true, ranges: []activities.LineRange{{First: 2, Last: 4}, {First: 8, Last: 8}}}
	var got []int64
	for line := range int64(11) {
		if o.undone(line) {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff([]int64{2, 3, 4, 8}, got); diff != "" {
		t.Errorf("lines not run (-want +got):\n%s", diff)
	}
	if !(outcome{}).undone(1) {
		t.Error("a line of a task that was never planned counts as run")
	}
}

// wantViolation holds what was judged against the one violation that is wanted,
// by a part of its text, or against none.
func wantViolation(t *testing.T, violations []string, want string) {
	t.Helper()
	switch {
	case want == "" && len(violations) > 0:
		t.Errorf("violations %q, want none", violations)
	case want != "" && (len(violations) != 1 || !strings.Contains(violations[0], want)):
		t.Errorf("violations %q, want one that says %q", violations, want)
	}
}

func TestBlankLinesOfRanges(t *testing.T) {
	t.Parallel()
	o := outcome{planned: true, ranges: []activities.LineRange{{First: 2, Last: 3}, {First: 5, Last: 7}}}
	if got := blankLines([]byte("\na\n \n\nb\n\r\n\n\nc"), o); got != 3 {
		t.Errorf("%d blank lines, want 3, those of number 3, 6 and 7", got)
	}
}
