package workflows_test

import (
	"encoding/json"
	"testing"

	"imagebatch/workflows/contract"
)

// Worst case: every event finds the workflow idle and costs a workflow task,
// which is three events more.
const (
	workflowTask  = 3
	sliceEvents   = 3 + workflowTask                        // scheduled, started, completed
	chunkEvents   = 1 + workflowTask + 1                    // its own start and close
	childEvents   = 3 + 2*workflowTask                      // initiated, started, completed, in the task
	signalEvents  = (1 + workflowTask) + (2 + workflowTask) // received by the task, sent by the chunk
	upsertEvents  = 1
	eventsPer1000 = 8 // the promise
)

// events is what a task of so many full slices costs in history events.
func events(t *testing.T, slices int) int {
	t.Helper()
	w := newWorld(t, 0)
	w.list.SliceLines, w.list.Slices = 1000, slices
	w.list.Lines, w.list.RawLines = int64(slices)*1000, int64(slices)*1000
	end := w.runTask(contract.BatchTaskInput{Instance: "shop", Bucket: "photos", Path: "/"})
	if end.State != contract.StateSuccess || end.Tally.Succeeded != w.list.Lines {
		t.Fatalf("ended %s with %d lines", end.State, end.Tally.Succeeded)
	}
	c := w.commands
	if c["activity Slice"] != slices || c["timer"] != 0 || c["side effect"] != 0 {
		t.Errorf("%v: want %d slices and nothing else for each", c, slices)
	}
	chunks := c["child Chunk"]
	return slices*sliceEvents + chunks*(chunkEvents+childEvents) + c["signal"]*signalEvents + c["upsert"]*upsertEvents
}

// History grows by a bounded number of events for every thousand lines.
func TestHistorySlope(t *testing.T) {
	t.Parallel()
	few := events(t, 1000)
	many := events(t, 1400)
	slope := float64(many-few) / 400
	t.Logf("%.2f events for every 1,000 lines; %d for 1,400,000", slope, many)
	if slope > eventsPer1000 {
		t.Errorf("%.2f events for every 1,000 lines, want at most %d", slope, eventsPer1000)
	}
}

func TestChunksReportSparingly(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		slices int // of the chunk
		of     int // of the task
		want   int
	}{
		"Short":     {reason: "a chunk that is done before its tenth slice says so by its result", slices: 9, of: 9, want: 0},
		"Ten":       {reason: "the first slice shows soon that things move", slices: 10, of: 10, want: 1},
		"Every10th": {slices: 95, of: 400, want: 9},
		"HugeTask":  {reason: "a task has 2,000 reports in all", slices: 100, of: 80_000, want: 2},
		"Beyond":    {slices: 100, of: 1_000_000, want: 0},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, int64(tc.of)*16)
			in := chunkOf(w, tc.slices)
			w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
				return contract.SliceResult{Slice: in.Slice, Whole: true, Tally: w.sliceTally(in.Slice)}, nil
			}
			w.runAsChild(contract.Chunk.Name, in)
			if reports := w.commands["signal"]; reports != tc.want {
				t.Errorf("%d reports, want %d: %s", reports, tc.want, tc.reason)
			}
		})
	}
}

// What crosses continue-as-new stays far below what a payload may hold, with
// every chunk of the window interrupted at its first slice.
func TestCarriedTaskIsSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1_000_000_000)
	w.list.SliceLines, w.list.Slices = 1000, 1_000_000
	carried := contract.CarriedTask{Task: 1_000_000, List: w.list, NextChunk: 9999, Tally: w.sliceTally(0), State: contract.StateSuspended}
	for chunk := range 4 {
		unfinished := contract.UnfinishedChunk{Chunk: 9995 + chunk, Run: 12, Partial: w.sliceTally(0)}
		for slice := range 100 {
			unfinished.Slices = append(unfinished.Slices, unfinished.Chunk*100+slice)
		}
		carried.Unfinished = append(carried.Unfinished, unfinished)
	}
	encoded, err := json.Marshal(carried)
	if err != nil {
		t.Fatal(err)
	}
	if len(encoded) >= 4<<10 {
		t.Errorf("%d bytes, want less than 4 KiB", len(encoded))
	}
}
