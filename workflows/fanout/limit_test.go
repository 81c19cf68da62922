package fanout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/fanout"
)

// failing is a chunk of which every slice has one failed line. It takes a second
// a slice, obeys recalls, and gives up when it may fail no more.
func failing(ctx workflow.Context, in contract.ChunkInput) (contract.ChunkResult, error) {
	recalls := workflow.GetSignalChannel(ctx, contract.RecallChunk.Name)
	var sum contract.Tally
	for at := range in.Slices {
		if ok, _ := recalls.ReceiveWithTimeout(ctx, time.Second, nil); ok || in.FailuresLeft != nil && sum.Failed > *in.FailuresLeft {
			return contract.ChunkResult{Whole: sum, Unfinished: in.Slices[at:]}, nil
		}
		sum.Add(contract.Tally{Counts: contract.Counts{Succeeded: 15, Failed: 1}})
	}
	return contract.ChunkResult{Whole: sum}, nil
}

func TestFailureLimit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason  string
		chunk   func(workflow.Context, contract.ChunkInput) (contract.ChunkResult, error) // failing by default
		limit   contract.Threshold
		state   fanout.State
		gate    contract.State
		sizes   contract.Sizes
		verdict fanout.Verdict
		failed  int64
		left    []int64 // what each chunk was told, -1 for nothing
	}{
		"NoLimit": {
			sizes: contract.Sizes{ChunkSlices: 8, Window: 1}, verdict: fanout.Done, failed: 24, left: []int64{-1, -1, -1},
		},
		"NotPassed": {
			reason: "each chunk is told what those before it have left of the limit",
			limit:  "24", sizes: contract.Sizes{ChunkSlices: 8, Window: 1}, verdict: fanout.Done, failed: 24, left: []int64{24, 16, 8},
		},
		"Passed": {
			reason: "the last chunk gives up on its own; nobody takes it for lost",
			limit:  "18", sizes: contract.Sizes{ChunkSlices: 8, Window: 1}, verdict: fanout.Failed, failed: 19, left: []int64{18, 10, 2},
		},
		"AtTheVeryEnd": {
			limit: "23", sizes: contract.Sizes{ChunkSlices: 8, Window: 1}, verdict: fanout.Failed, failed: 24, left: []int64{23, 15, 7},
		},
		"OthersAreRecalled": {
			reason: "a small chunk's result is the one too many; those beside it stop at once",
			limit:  "3", sizes: contract.Sizes{ChunkSlices: 2, Window: 2}, verdict: fanout.Failed, failed: 4, left: []int64{3, 3, 1},
		},
		"Carried": {
			reason: "a run that begins beyond the limit starts nothing",
			limit:  "3", state: fanout.State{NextChunk: 1, Whole: contract.Tally{Counts: contract.Counts{Failed: 4}}},
			sizes: contract.Sizes{ChunkSlices: 8, Window: 1}, verdict: fanout.Failed, failed: 4,
		},
		"CarriedPartial": {
			reason: "what an interrupted chunk has counted is its own to count again",
			limit:  "30", state: fanout.State{NextChunk: 3, Unfinished: []contract.UnfinishedChunk{{
				Chunk: 2, Run: 1, Slices: []int{20, 21}, Partial: contract.Tally{Counts: contract.Counts{Failed: 2}},
			}}, Whole: contract.Tally{Counts: contract.Counts{Failed: 22}}},
			sizes: contract.Sizes{ChunkSlices: 8, Window: 1}, verdict: fanout.Done, failed: 24, left: []int64{8},
		},
		"LedgerKnowsMore": {
			reason: "a chunk was told by the ledger, which has counted lines that nobody has told of yet",
			chunk: func(_ workflow.Context, in contract.ChunkInput) (contract.ChunkResult, error) {
				return contract.ChunkResult{Unfinished: in.Slices, Exceeded: true, Partial: contract.Tally{Counts: contract.Counts{Failed: 2}}}, nil
			},
			limit: "18", sizes: contract.Sizes{ChunkSlices: 8, Window: 1}, verdict: fanout.Failed, failed: 2, left: []int64{18},
		},
		"WhileSuspended": {
			reason: "what a suspend brought to light fails the task without a resume",
			limit:  "2", gate: contract.StateSuspended, state: fanout.State{Whole: contract.Tally{Counts: contract.Counts{Failed: 3}}},
			sizes: contract.Sizes{ChunkSlices: 8, Window: 1}, verdict: fanout.Failed, failed: 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.chunk == nil {
				test.chunk = failing
			}
			b := &bench{t: t, chunk: test.chunk, job: jobOf(24, test.sizes)}
			b.job.MaxFailures = test.limit
			end := b.once(1, hosted{Job: b.job, State: test.state, Gate: test.gate})
			if end.Verdict != test.verdict || end.Tally.Failed != test.failed {
				t.Errorf("verdict %d with %d failed lines; want %d with %d. %s", end.Verdict, end.Tally.Failed, test.verdict, test.failed, test.reason)
			}
			if failed := strings.HasPrefix(end.Failure, string(contract.CodeTooManyFailures)); failed != (test.verdict == fanout.Failed) {
				t.Errorf("failure %q", end.Failure)
			}
			var left []int64
			for _, in := range b.inputs {
				told := int64(-1)
				if in.FailuresLeft != nil {
					told = *in.FailuresLeft
				}
				if allowed, limited := test.limit.Of(b.job.List.Lines); limited != (in.MaxFailures != nil) || limited && *in.MaxFailures != allowed {
					t.Errorf("chunk %d was told of the whole task's limit: %v", in.Chunk, in.MaxFailures)
				}
				left = append(left, told)
			}
			if diff := cmp.Diff(test.left, left); diff != "" {
				t.Errorf("chunks were told (-want +got):\n%s%s", diff, test.reason)
			}
		})
	}
}
