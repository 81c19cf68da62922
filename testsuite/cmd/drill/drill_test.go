package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/oracle"
	"imagebatch/testsuite/workload"
	"imagebatch/workflows/contract"
)

var work = workload.Workload{Folder: folder, Pictures: []string{"a.jpg", "b.png"}, Files: []string{"/a.jpg", "/b.png"}, Lines: 400}

// The judge itself: a task that did anything but isolate the planted lines is
// told of.
func TestOutcome(t *testing.T) {
	t.Parallel()
	planted := isolated{3: contract.CodeUnsupportedPicFormat, 7: contract.CodeExtractFeatureTimeout}
	cases := map[string]struct {
		spoil func(*contract.Task, isolated)
		says  string // empty: nothing is wrong
	}{
		"AsPlanted":    {spoil: func(*contract.Task, isolated) {}},
		"Stopped":      {func(task *contract.Task, _ isolated) { task.State = contract.StateStop }, "ended as STOP"},
		"CountedTwice": {func(task *contract.Task, _ isolated) { task.Tally.Succeeded++ }, "counts"},
		"OtherLine":    {func(_ *contract.Task, failures isolated) { delete(failures, 3); failures[4] = planted[3] }, "isolated line 4"},
		"OtherCode":    {func(_ *contract.Task, failures isolated) { failures[7] = contract.CodePictureError }, "isolated line 7"},
		"NotListed":    {func(_ *contract.Task, failures isolated) { delete(failures, 3) }, "lists 1 isolated"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := contract.Task{State: contract.StateSuccess, List: contract.WorkList{Lines: 10}}
			task.Tally.Counts = contract.Counts{Succeeded: 8, Failed: 2}
			failures := maps.Clone(planted)
			tc.spoil(&task, failures)
			err := outcome(task, failures, planted)
			if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error = %v; want one that says %q", err, tc.says)
			}
		})
	}
}

// What recalling chunks and warming up cost is the run's; only the rest is pause.
func TestPauseIsWhatTheOperatorWanted(t *testing.T) {
	t.Parallel()
	at := func(second int) time.Time { return time.Unix(int64(1000+second), 0) }
	task := contract.Task{StartedAt: at(0), EndedAt: at(100)}
	got := moments{asked: at(30), still: at(33), resumed: at(53), moving: at(57)}.figures(task)
	if diff := cmp.Diff(SuspensionFigures{Pause: 20, Net: 80, Recall: 3, WarmUp: 4}, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

func TestFiguresCompareWithinARound(t *testing.T) {
	t.Parallel()
	f := PoisonFigures{Hangs: 12, Deadline: 2, Rounds: []PoisonRound{{20, 25, 40}, {40, 60, 64}, {10, 14, 20}}}
	f.settle(4)
	if f.Ratio != 1.4 || f.HungMore != 20 || f.HungMost != 12 {
		t.Errorf("ratio %v, more %v of %v; want 1.4, 20 of 12", f.Ratio, f.HungMore, f.HungMost)
	}
	if m := median([]float64{4, 1, 3, 2}); m != 2.5 {
		t.Errorf("median %v, want 2.5", m)
	}
}

// Lines that undo or redo others show an index that was not made in their order.
func TestEntangledLinesDependOnTheirOrder(t *testing.T) {
	t.Parallel()
	const lines = 400
	manifest, err := workload.Manifest(lines, entangled(work, lines))
	if err != nil {
		t.Fatal(err)
	}
	apply := func(manifest []byte) oracle.Index {
		index, err := oracle.Index{}.Apply(1, manifest, nil)
		if err != nil {
			t.Fatal(err)
		}
		return index
	}
	index := apply(manifest)
	// Of the second half every eighth line replaces a picture, and every fortieth
	// deletes one.
	if want := lines - lines/2/8 - 2*lines/2/40; len(index) != want {
		t.Errorf("%d pictures, want %d", len(index), want)
	}
	text := slices.Collect(strings.Lines(string(manifest)))
	slices.Reverse(text)
	if cmp.Equal(index, apply([]byte(strings.Join(text, "")))) {
		t.Error("the lines give the same index in any order")
	}
}

func TestPoisonedLines(t *testing.T) {
	t.Parallel()
	planted := lot{names: map[int]string{1: "broken/00000.jpg"}}
	manifest, err := workload.Manifest(3, planted.line(work))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"OperationType":"ADD","PicName":"a.jpg","ProductId":"product-0000000"}
{"OperationType":"ADD","PicName":"broken/00000.jpg","ProductId":"product-0000001"}
{"OperationType":"ADD","PicName":"a.jpg","ProductId":"product-0000002"}
`
	if diff := cmp.Diff(want, string(manifest)); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	for order, code := range map[string]contract.Code{
		"pixels:hang": contract.CodeExtractFeatureTimeout, "header:memory": contract.CodeUnsupportedPicFormat,
	} {
		if got := codeOf(order); got != code {
			t.Errorf("code of %s: %s, want %s", order, got, code)
		}
	}
}
