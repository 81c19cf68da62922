package fanout_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"
	sdktest "go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"pgregory.net/rapid"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/fanout"
)

// ledger is what made-up chunks write to: how many lines of each slice are done.
// Chunks that are ended from outside leave their lines in it, unreported.
type ledger struct {
	done    []int64
	luck    *rand.Rand
	running map[int]bool // slices in the hands of an open chunk
	lost    map[int]int  // by chunk: the engine gives up after three
}

// tallyOf is what a slice with so many lines done has to show. Some lines of
// every third slice fail.
func tallyOf(slice int, lines int64) contract.Tally {
	var tally contract.Tally
	if slice%3 == 0 && lines > 0 {
		tally.Failed = min(lines, 2)
		tally.Codes = map[contract.Code]int64{contract.CodePictureError: tally.Failed}
	}
	tally.Succeeded = lines - tally.Failed
	return tally
}

// chunk goes through its slices, a second each, while recalls and accidents
// interrupt it.
func (l *ledger) chunk(t tester) func(workflow.Context, contract.ChunkInput) (contract.ChunkResult, error) {
	return func(ctx workflow.Context, in contract.ChunkInput) (contract.ChunkResult, error) {
		for _, slice := range in.Slices {
			if l.running[slice] {
				t.Fatalf("slice %d is in the hands of two chunks at once", slice)
			}
			l.running[slice] = true
			defer delete(l.running, slice)
		}
		recalls := workflow.GetSignalChannel(ctx, contract.RecallChunk.Name)
		result := contract.ChunkResult{}
		for at, slice := range in.Slices {
			var recall contract.Recall
			recalled, _ := recalls.ReceiveWithTimeout(ctx, time.Second, &recall)
			if recalled && recall.Now {
				l.done[slice] = min(16, l.done[slice]+l.luck.Int64N(17))
			} else {
				l.done[slice] = 16
			}
			rest := in.Slices[at:]
			if l.done[slice] == 16 {
				result.Whole.Add(tallyOf(slice, 16))
				rest = in.Slices[at+1:]
			}
			gaveUp := !recalled && len(rest) > 0 && l.lost[in.Chunk] < 3 && l.luck.IntN(20) == 0
			if gaveUp {
				l.lost[in.Chunk]++
				if l.luck.IntN(2) == 0 {
					return contract.ChunkResult{}, temporal.NewCanceledError()
				}
			}
			if recalled || gaveUp {
				result.Unfinished = rest
				for _, slice := range rest[:max(0, len(rest)-len(in.Slices)+at+1)] { // it has not come to the others
					result.Partial.Add(tallyOf(slice, l.done[slice]))
				}
				return result, nil
			}
		}
		return result, nil
	}
}

// Whatever interrupts the chunks of a task, in whatever order, every slice is
// counted once in the end, and nothing is ever counted that does not exist.
func TestRunCountsEverySliceOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		job := jobOf(rapid.IntRange(0, 40).Draw(t, "slices"), contract.Sizes{
			ChunkSlices:         rapid.IntRange(1, 6).Draw(t, "chunkSlices"),
			Window:              rapid.IntRange(1, 4).Draw(t, "window"),
			ContinueAfterChunks: rapid.IntRange(0, 4).Draw(t, "continueAfter"),
		})
		seconds := rapid.SliceOfN(rapid.IntRange(0, 30), 0, 8).Draw(t, "gate moves at")
		suggestAt := rapid.IntRange(0, 20).Draw(t, "suggested at")
		l := &ledger{
			done: make([]int64, job.List.Slices), running: map[int]bool{}, lost: map[int]int{},
			luck: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "luck"), 1)),
		}
		b := &bench{t: t, job: job, chunk: l.chunk(t)}
		b.script = func(run int, env *sdktest.TestWorkflowEnvironment) {
			slices.Sort(seconds)
			for i, second := range seconds {
				at(env, time.Duration(second)*1100*time.Millisecond, []contract.State{contract.StateSuspended, contract.StateProcessing}[(i+run)%2])
			}
			at(env, time.Hour, contract.StateProcessing)
			if suggestAt > 0 && run < 5 {
				env.RegisterDelayedCallback(func() { env.SetContinueAsNewSuggested(true) }, time.Duration(suggestAt)*900*time.Millisecond)
			}
		}
		var last int64
		b.seen = func(engine *fanout.Engine) {
			done := engine.Tally().Done()
			if done > job.List.Lines || done < last {
				t.Fatalf("%d lines are done of %d, after %d", done, job.List.Lines, last)
			}
			last = done
		}
		end, _ := b.toTheEnd()

		var want contract.Tally
		for slice := range job.List.Slices {
			want.Add(tallyOf(slice, 16))
		}
		if end.Verdict != fanout.Done {
			t.Fatalf("verdict %d, failure %q", end.Verdict, end.Failure)
		}
		if diff := cmp.Diff(want, end.Tally); diff != "" {
			t.Fatalf("tally (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(fanout.State{NextChunk: job.Chunks(), Whole: want}, end.State, cmp.Comparer(func(a, b []contract.UnfinishedChunk) bool { return len(a) == len(b) })); diff != "" {
			t.Fatalf("state (-want +got):\n%s", diff)
		}
		if window := job.Sizes.Window; b.mostOpen > window {
			t.Fatalf("%d chunks were open at a time, the window is %d", b.mostOpen, window)
		}
	})
}
