package main

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/testsuite/catalogue"
	"imagebatch/workflows/contract"
)

// What comes late changes a closed task in one of these ways.
func TestChanged(t *testing.T) {
	t.Parallel()
	ended := func() closed {
		c := closed{
			contract.Task{State: contract.StateStop, ReportKey: "a"},
			outcome{failures: map[int64]contract.Code{2: contract.CodePictureError}, ranges: []activities.LineRange{{First: 5, Last: 9}}},
		}
		c.task.Tally.Counts = contract.Counts{Succeeded: 3, Failed: 1, Canceled: 5}
		return c
	}
	cases := map[string]struct {
		late func(*closed)
		want string // a part of the one violation; empty for none
	}{
		"Same":             {late: func(*closed) {}},
		"CallbackArrived":  {late: func(c *closed) { c.task.CallbackState = "delivered" }},
		"OtherState":       {func(c *closed) { c.task.State = contract.StateSuccess }, "it became"},
		"CountedOn":        {func(c *closed) { c.task.Tally.Succeeded++ }, "its totals changed"},
		"LineFailedLate":   {func(c *closed) { c.failures[6] = contract.CodePictureError }, "from 1 to 2"},
		"LinesAppliedLate": {func(c *closed) { c.ranges[0].First = 8 }, "it went on"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := ended()
			tc.late(&after)
			var violations []string
			ended().changed(after, func(format string, args ...any) {
				violations = append(violations, fmt.Sprintf(format, args...))
			})
			wantViolation(t, violations, tc.want)
		})
	}
}

// Only a replaced picture may fail a line that nobody planted a fault in, and
// only with what replaces it.
func TestBlame(t *testing.T) {
	t.Parallel()
	now := &tried{batch: catalogue.Batch{
		Manifest: []byte(`{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg"}
{"OperationType":"ADD","ProductId":"1","PicName":"steady.jpg"}
{"OperationType":"DELETE","ProductId":"1","PicName":"a.jpg"}
{"OperationType":"ADD","ProductId":"2","PicName":"a.jpg"}
`),
		Failures: map[int64]contract.Code{},
	}}
	fickle{"a.jpg": nil}.blame(now, outcome{failures: map[int64]contract.Code{
		1: spoiledCode, 2: spoiledCode, 3: spoiledCode, 4: contract.CodePictureError, 9: spoiledCode,
	}})
	if diff := cmp.Diff(map[int64]contract.Code{1: spoiledCode}, now.batch.Failures); diff != "" {
		t.Errorf("lines that may fail (-want +got):\n%s", diff)
	}
}

// A slice is in other hands once another process has begun it, not while it waits
// for one after the first went silent.
func TestBegunBeside(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		slice activity
		want  bool
	}{
		"Asleep":       {activity{started: true, pid: 7}, false},
		"WaitsForNext": {activity{pid: 7}, false},
		"WithAnother":  {activity{started: true, pid: 8}, true},
	} {
		if got := tc.slice.begunBeside(7); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
	}
}

// A line that is counted again shows while the task is under way.
func TestMiscounted(t *testing.T) {
	t.Parallel()
	lines := []byte("a\nb\n \nc\nd\n")
	all := func(n int) activities.Bitmap {
		done := activities.NewBitmap(n)
		for line := range n {
			done.Set(line)
		}
		return done
	}
	for name, tc := range map[string]struct {
		rows []sliceRow
		want string
	}{
		"BlankLinesCountForNothing": {[]sliceRow{{0, all(3), 2}, {1, all(2), 2}}, ""},
		"NothingDone":               {[]sliceRow{{0, activities.NewBitmap(3), 0}}, ""},
		"CountedAgain":              {[]sliceRow{{0, all(3), 2}, {1, all(2), 3}}, "slice 1 counts 3 lines, 2 are done"},
		"NotCounted":                {[]sliceRow{{0, all(3), 1}}, "slice 0 counts 1 lines, 2 are done"},
	} {
		if got := miscounted(tc.rows, lines, 3); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
