package workflows_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows"
	"imagebatch/workflows/contract"
)

func TestTooManyFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason  string
		lines   int64
		bad     int64
		limit   contract.Threshold
		sizes   contract.Sizes
		state   contract.State
		message string // how it begins
		most    int64  // lines that may have been run when it stops
		atLeast int    // runs of the workflow
	}{
		"NoLimit":     {lines: 320, bad: 320, sizes: small, state: contract.StateSuccess, most: 320},
		"NotPassed":   {reason: "as many as allowed is not too many", lines: 320, bad: 32, limit: "10%", sizes: small, state: contract.StateSuccess, most: 320},
		"ByOne":       {lines: 3200, bad: 33, limit: "1%", sizes: small, state: contract.StateFail, message: "33 of 3,200 lines failed, more than the limit of 32; all of them PictureError (33)", most: 1600},
		"Number":      {lines: 6400, bad: 6400, limit: "20", sizes: small, state: contract.StateFail, most: 1600},
		"None":        {reason: "zero allows nothing", lines: 6400, bad: 1, limit: "0", sizes: small, state: contract.StateFail, message: "1 of 6,400 lines failed, more than the limit of 0;", most: 1600},
		"OneSlice":    {reason: "a task that sends no progress is judged by its result", lines: 16, bad: 2, limit: "1", state: contract.StateFail, message: "2 of 16 lines failed", most: 16},
		"LastLine":    {reason: "what passes the limit at the very end has passed it", lines: 64, bad: 64, limit: "63", sizes: contract.Sizes{SliceLines: 16, ChunkSlices: 1, Window: 1}, state: contract.StateFail, message: "64 of 64 lines failed, more than the limit of 63", most: 64},
		"AcrossRuns":  {reason: "what earlier runs counted is carried", lines: 640, bad: 640, limit: "600", sizes: contract.Sizes{SliceLines: 16, ChunkSlices: 2, Window: 1, ContinueAfterChunks: 3}, state: contract.StateFail, message: "608 of 640 lines failed", most: 640, atLeast: 5},
		"WithinChunk": {reason: "a chunk of its own accord starts no more slices", lines: 640, bad: 640, limit: "40", sizes: contract.Sizes{SliceLines: 16, ChunkSlices: 40, Window: 1, SlicesInFlight: 1}, state: contract.StateFail, message: "48 of 640 lines failed", most: 48},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.lines)
			w.bad = test.bad
			in := input()
			in.Sizes, in.MaxFailures, in.Callback = test.sizes, test.limit, "https://shop.example/hook"
			end := w.runTask(in)
			wantCode := contract.Code("")
			if test.state == contract.StateFail {
				wantCode = contract.CodeTooManyFailures
			}
			checkCode(t, end.err, wantCode)
			if end.State != test.state || end.Code != wantCode || !strings.HasPrefix(end.Message, test.message) {
				t.Errorf("ended as %s %s %q; want %s %q…. %s", end.State, end.Code, end.Message, test.state, test.message, test.reason)
			}
			if run := end.Tally.Succeeded + end.Tally.Failed; run > test.most {
				t.Errorf("%d lines were run; want at most %d. %s", run, test.most, test.reason)
			}
			if end.Tally.Done() != test.lines {
				t.Errorf("outcomes of %d lines: %+v", test.lines, end.Tally.Counts)
			}
			if end.runs < test.atLeast {
				t.Errorf("%d runs; want %d", end.runs, test.atLeast)
			}
			if w.count("report 12") != 1 || w.started[contract.Callback.Name] != 1 {
				t.Errorf("report %d times, callback %d times; want both once, however the task ended", w.count("report 12"), w.started[contract.Callback.Name])
			}
		})
	}
}

func TestTooManyFailuresMessage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		codes map[contract.Code]int64
		want  string
	}{
		"Dominated": {
			map[contract.Code]int64{contract.CodeNoPermission: 1190, contract.CodePictureError: 14},
			"1,204 of 20,000 lines failed, more than the limit of 1,000; most of them NoPermission (1,190); what was done is kept",
		},
		"Spread": {
			map[contract.Code]int64{contract.CodeNoPermission: 500, contract.CodePictureError: 400, contract.CodeInvalidCrop: 304},
			"1,204 of 20,000 lines failed, more than the limit of 1,000; most often NoPermission (500); what was done is kept",
		},
		"OnlyOne": {
			map[contract.Code]int64{contract.CodeNoPermission: 1204},
			"1,204 of 20,000 lines failed, more than the limit of 1,000; all of them NoPermission (1,204); what was done is kept",
		},
		"Unknown": {nil, "1,204 of 20,000 lines failed, more than the limit of 1,000; what was done is kept"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tally := contract.Tally{Counts: contract.Counts{Failed: 1204}, Codes: test.codes}
			if diff := cmp.Diff(test.want, workflows.TooManyFailures(tally, 20_000, 1000)); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanIsToldTheDeleteLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 32)
	w.plan = func() (contract.WorkList, error) {
		return contract.WorkList{}, refused(contract.CodeTooManyDeletes, "the manifest would delete too many pictures")
	}
	in := input()
	in.MaxDeletes, in.Callback = "5%", "https://shop.example/hook"
	end := w.runTask(in)
	checkCode(t, end.err, contract.CodeTooManyDeletes)
	if w.planned.MaxDeletes != "5%" {
		t.Errorf("plan was told %q", w.planned.MaxDeletes)
	}
	if w.count("slice 0") != 0 || w.count("report 12") != 1 || w.started[contract.Callback.Name] != 1 {
		t.Errorf("steps %v, child workflows %v; want no slice, a report and a callback", w.steps, w.started)
	}
}
