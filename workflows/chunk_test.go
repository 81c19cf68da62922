package workflows_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"imagebatch/workflows/contract"
)

// chunkOf is a chunk of the first so many slices.
func chunkOf(w *world, n int) contract.ChunkInput {
	in := contract.ChunkInput{Task: taskNumber, Chunk: 0, Run: 1, List: w.list, Sizes: small, Instance: "shop"}
	for slice := range n {
		in.Slices = append(in.Slices, slice)
	}
	return in
}

// runChunk runs a chunk by itself.
func (w *world) runChunk(in contract.ChunkInput) (result contract.ChunkResult, err error) {
	w.t.Helper()
	env := w.newEnv()
	if w.script != nil {
		w.script(1)
	}
	env.ExecuteWorkflow(contract.Chunk.Name, in)
	if !env.IsWorkflowCompleted() {
		w.t.Fatal("the chunk did not complete")
	}
	if err := env.GetWorkflowError(); err != nil {
		return result, err
	}
	return result, env.GetWorkflowResult(&result)
}

func TestChunkRunsItsSlices(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 300)
	in := chunkOf(w, 18)
	in.Slices = slices.Delete(in.Slices, 3, 5) // what an earlier run left over has gaps
	flying, most := 0, 0
	w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
		w.mu.Lock()
		flying++
		most = max(most, flying)
		w.mu.Unlock()
		defer func() {
			w.mu.Lock()
			flying--
			w.mu.Unlock()
		}()
		return w.runSlice(in)
	}
	result, err := w.runChunk(in)
	if err != nil {
		t.Fatal(err)
	}
	var want contract.ChunkResult
	for _, slice := range in.Slices {
		want.Whole.Add(w.sliceTally(slice))
	}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if most > small.SlicesInFlight {
		t.Errorf("%d slices were in flight, want at most %d", most, small.SlicesInFlight)
	}
	if w.count("slice 3") != 0 || w.count("slice 17") != 1 {
		t.Errorf("slices ran that were not asked for, or did not: %v", w.steps)
	}
}

func TestChunkRecall(t *testing.T) {
	t.Parallel()
	hang := func(in contract.SliceInput) (contract.SliceResult, error) {
		return contract.SliceResult{}, activity.ErrResultPending
	}
	cases := map[string]struct {
		reason     string
		send       func(w *world)
		atSlice    func(w *world, in contract.SliceInput) (contract.SliceResult, error) // 2, after send
		unfinished []int
		partial    int64
	}{
		"LetFinish": {
			reason: "what is in flight is finished, nothing else is started",
			send:   func(w *world) { w.control(contract.RecallChunk.Name, contract.Recall{}) },
			atSlice: func(w *world, in contract.SliceInput) (contract.SliceResult, error) {
				return w.runSlice(in)
			},
			unfinished: []int{3, 4, 5, 6, 7},
		},
		"LetFinishPartly": {
			reason: "a slice that came back partly done counts as unfinished, with what it has",
			send:   func(w *world) { w.control(contract.RecallChunk.Name, contract.Recall{}) },
			atSlice: func(_ *world, in contract.SliceInput) (contract.SliceResult, error) {
				return contract.SliceResult{Slice: in.Slice, Tally: contract.Tally{Counts: contract.Counts{Succeeded: 5}}}, nil
			},
			unfinished: []int{2, 3, 4, 5, 6, 7}, partial: 5,
		},
		"Now": {
			reason:     "what is in flight is asked to stop too",
			send:       func(w *world) { w.control(contract.RecallChunk.Name, contract.Recall{Now: true}) },
			atSlice:    func(_ *world, in contract.SliceInput) (contract.SliceResult, error) { return hang(in) },
			unfinished: []int{2, 3, 4, 5, 6, 7},
		},
		"FirstLetThenNow": {
			reason: "a second recall can be more urgent",
			send: func(w *world) {
				w.control(contract.RecallChunk.Name, contract.Recall{})
				w.control(contract.RecallChunk.Name, contract.Recall{Now: true})
			},
			atSlice:    func(_ *world, in contract.SliceInput) (contract.SliceResult, error) { return hang(in) },
			unfinished: []int{2, 3, 4, 5, 6, 7},
		},
		"Canceled": {
			reason:     "a chunk whose task is gone returns what it has",
			send:       func(w *world) { w.env.CancelWorkflow() },
			atSlice:    func(_ *world, in contract.SliceInput) (contract.SliceResult, error) { return hang(in) },
			unfinished: []int{2, 3, 4, 5, 6, 7},
		},
		"CutOff": {
			reason: "an attempt that fails because it is not tried again any more is no failure of the chunk",
			send:   func(w *world) { w.control(contract.RecallChunk.Name, contract.Recall{}) },
			atSlice: func(*world, contract.SliceInput) (contract.SliceResult, error) {
				return contract.SliceResult{}, temporal.NewCanceledError()
			},
			unfinished: []int{2, 3, 4, 5, 6, 7},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 128)
			in := chunkOf(w, 8)
			in.Sizes.SlicesInFlight = 1
			w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
				if in.Slice != 2 {
					return w.runSlice(in)
				}
				tc.send(w)
				return tc.atSlice(w, in)
			}
			result, err := w.runChunk(in)
			if err != nil {
				t.Fatalf("%v: %s", err, tc.reason)
			}
			if diff := cmp.Diff(tc.unfinished, result.Unfinished); diff != "" {
				t.Errorf("unfinished (-want +got):\n%s%s", diff, tc.reason)
			}
			if result.Canceled != (name == "Canceled") || result.Exceeded {
				t.Errorf("result %+v; want it to tell Temporal's cancel from a recall", result)
			}
			if result.Partial.Done() != tc.partial {
				t.Errorf("%d lines of unfinished slices, want %d", result.Partial.Done(), tc.partial)
			}
			if whole := int64(8-len(result.Unfinished)) * 16; result.Whole.Done() != whole {
				t.Errorf("%d lines of whole slices, want %d", result.Whole.Done(), whole)
			}
		})
	}
}

func TestChunkFailsWithItsSlice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 128)
	w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
		if in.Slice == 1 {
			return contract.SliceResult{}, refused(contract.CodeManifestChanged, "increment.meta has changed")
		}
		return contract.SliceResult{}, activity.ErrResultPending // until it is canceled
	}
	_, err := w.runChunk(chunkOf(w, 8))
	var failed *temporal.ApplicationError
	if !errors.As(err, &failed) || failed.Type() != string(contract.CodeManifestChanged) || failed.Message() != "increment.meta has changed" {
		t.Errorf("the chunk failed with %v, want the slice's code and message", err)
	}
	if w.count("slice 2") != 0 {
		t.Error("slices were started after the failure")
	}
}

// A drained worker hands slices back though nobody stopped the chunk.
func TestChunkRepeatsWhatCameBack(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		times      int // slice 1 comes back partly done
		unfinished []int
	}{
		"Twice":   {times: 2},
		"Forever": {times: 1 << 20, unfinished: []int{1}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 64)
			back := 0
			w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
				if in.Slice == 1 && back < tc.times {
					back++
					return contract.SliceResult{Slice: 1, Tally: contract.Tally{Counts: contract.Counts{Succeeded: 3}}}, nil
				}
				return w.runSlice(in)
			}
			result, err := w.runChunk(chunkOf(w, 4))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.unfinished, result.Unfinished); diff != "" {
				t.Errorf("unfinished (-want +got):\n%s", diff)
			}
			if back > 100 {
				t.Errorf("the slice was repeated %d times", back)
			}
			if done := result.Whole.Done() + result.Partial.Done(); done != 64 && done != 3*16+3 {
				t.Errorf("%d lines are counted", done)
			}
		})
	}
}

func TestChunkStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 128)
	w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
		if in.Slice > 2 {
			return contract.SliceResult{}, activity.ErrResultPending
		}
		return w.runSlice(in)
	}
	var got contract.ChunkStatus
	w.script = func(int) {
		w.env.RegisterDelayedCallback(func() {
			answer, err := w.env.QueryWorkflow(contract.ChunkStatusQuery.Name)
			if err == nil {
				err = answer.Get(&got)
			}
			if err != nil {
				t.Error(err)
			}
			w.control(contract.RecallChunk.Name, contract.Recall{Now: true})
		}, time.Minute)
	}
	if _, err := w.runChunk(chunkOf(w, 8)); err != nil {
		t.Fatal(err)
	}
	if got.Slices != 8 || got.Whole != 3 || got.Tally.Succeeded != 48 || got.Run != 1 {
		t.Errorf("status %+v, want 3 of 8 slices with 48 lines", got)
	}
}

// A slice that was told by the ledger that the task has failed too often ends its
// chunk: nothing is started or tried again.
func TestChunkEndsWhenTooManyLinesHaveFailed(t *testing.T) {
	t.Parallel()
	for name, whole := range map[string]bool{"Broken off": false, "With its last line": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 128)
			in := chunkOf(w, 8)
			in.Sizes.SlicesInFlight = 2
			in.MaxFailures = new(int64(60))
			w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
				if in.MaxFailures == nil || *in.MaxFailures != 60 {
					t.Errorf("slice %d was told that %v lines may fail; want 60", in.Slice, in.MaxFailures)
				}
				switch in.Slice {
				case 0:
					return w.runSlice(in)
				case 1:
					return contract.SliceResult{}, activity.ErrResultPending // until it is canceled
				}
				result, err := w.runSlice(in)
				result.Whole, result.Exceeded = whole, true
				return result, err
			}
			result, err := w.runChunk(in)
			if err != nil {
				t.Fatal(err)
			}
			unfinished := []int{1, 2, 3, 4, 5, 6, 7}
			if whole {
				unfinished = []int{1, 3, 4, 5, 6, 7}
			}
			if diff := cmp.Diff(unfinished, result.Unfinished); diff != "" || !result.Exceeded || result.Canceled {
				t.Errorf("result %+v; want it to say why, with unfinished (-want +got):\n%s", result, diff)
			}
			if done := result.Whole.Done() + result.Partial.Done(); done != 32 || w.count("slice 2") != 1 || w.count("slice 3") != 0 {
				t.Errorf("%d lines are counted after %v", done, w.steps)
			}
		})
	}
}
