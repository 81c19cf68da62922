package fanout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"
	sdktest "go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/fanout"
)

func TestRunVerdicts(t *testing.T) {
	t.Parallel()
	small := contract.Sizes{ChunkSlices: 4, Window: 3}
	cases := map[string]struct {
		reason  string
		slices  int
		sizes   contract.Sizes
		script  func(run int, env *sdktest.TestWorkflowEnvironment)
		verdict fanout.Verdict
		slicesW int // whole at the end
		runs    int
	}{
		"Plain": {
			reason: "The last chunk is smaller, and nothing is left out.",
			slices: 22, sizes: small, verdict: fanout.Done, slicesW: 22, runs: 1,
		},
		"Empty": {
			reason: "A list without lines is done before it starts.",
			sizes:  small, verdict: fanout.Done, runs: 1,
		},
		"Stopped": {
			reason: "What was completed before the stop counts, and no chunk starts after it.",
			slices: 24, sizes: small, verdict: fanout.Stopped, slicesW: 6, runs: 1,
			script: func(_ int, env *sdktest.TestWorkflowEnvironment) {
				at(env, 2500*time.Millisecond, contract.StateStopping)
			},
		},
		"SuspendedAndResumed": {
			reason: "What a suspend interrupted goes on after the resume, to the same total.",
			slices: 24, sizes: small, verdict: fanout.Done, slicesW: 24, runs: 1,
			script: func(_ int, env *sdktest.TestWorkflowEnvironment) {
				at(env, 2500*time.Millisecond, contract.StateSuspended)
				at(env, time.Hour, contract.StateProcessing)
			},
		},
		"SuspendedAndStopped": {
			reason: "A suspended task can be stopped without being resumed.",
			slices: 24, sizes: small, verdict: fanout.Stopped, slicesW: 6, runs: 1,
			script: func(_ int, env *sdktest.TestWorkflowEnvironment) {
				at(env, 2500*time.Millisecond, contract.StateSuspended)
				at(env, time.Hour, contract.StateStopping)
			},
		},
		"ContinuesAsNew": {
			reason: "However many runs it takes, the total is that of one.",
			slices: 60, sizes: contract.Sizes{ChunkSlices: 4, Window: 3, ContinueAfterChunks: 3},
			verdict: fanout.Done, slicesW: 60, runs: 5,
		},
		"ContinuesAsNewOnSuggestion": {
			reason: "The server's word counts where no size is set; the work of the last run needs no other.",
			slices: 24, sizes: small, verdict: fanout.Done, slicesW: 24, runs: 2,
			script: func(run int, env *sdktest.TestWorkflowEnvironment) {
				env.SetContinueAsNewSuggested(false)
				if run == 1 {
					env.RegisterDelayedCallback(func() { env.SetContinueAsNewSuggested(true) }, 2500*time.Millisecond)
				}
			},
		},
		"SuspendedContinuesAsNew": {
			reason: "A task may be suspended for months: it, too, must keep its history short.",
			slices: 24, sizes: small, verdict: fanout.Done, slicesW: 24, runs: 2,
			script: func(run int, env *sdktest.TestWorkflowEnvironment) {
				if run == 2 {
					at(env, time.Hour, contract.StateProcessing)
					return
				}
				at(env, 1500*time.Millisecond, contract.StateSuspended)
				env.RegisterDelayedCallback(func() { env.SetContinueAsNewSuggested(true) }, time.Hour)
				at(env, 2*time.Hour, contract.StateSuspended) // any event will do
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{t: t, job: jobOf(tc.slices, tc.sizes), chunk: steady, script: tc.script}
			end, runs := b.toTheEnd()
			if end.Verdict != tc.verdict || runs != tc.runs {
				t.Errorf("verdict %d after %d runs, want %d after %d: %s", end.Verdict, runs, tc.verdict, tc.runs, tc.reason)
			}
			if diff := cmp.Diff(whole(tc.slicesW), end.Tally); diff != "" {
				t.Errorf("tally (-want +got):\n%s%s", diff, tc.reason)
			}
			if b.mostOpen > 3 {
				t.Errorf("%d chunks were open at a time, the window is 3", b.mostOpen)
			}
		})
	}
}

func TestRunGoesOnWithTheInterruptedFirst(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, job: jobOf(24, contract.Sizes{ChunkSlices: 4, Window: 3}), chunk: steady}
	b.script = func(_ int, env *sdktest.TestWorkflowEnvironment) {
		at(env, 2500*time.Millisecond, contract.StateSuspended)
		at(env, time.Minute, contract.StateProcessing)
	}
	b.toTheEnd()
	var got []string
	for _, in := range b.inputs {
		got = append(got, fmt.Sprintf("c%d-r%d %v", in.Chunk, in.Run, in.Slices))
	}
	slices.Sort(got[:3])
	slices.Sort(got[3:6])
	slices.Sort(got[6:])
	want := []string{
		"c0-r1 [0 1 2 3]", "c1-r1 [4 5 6 7]", "c2-r1 [8 9 10 11]",
		"c0-r2 [2 3]", "c1-r2 [6 7]", "c2-r2 [10 11]",
		"c3-r1 [12 13 14 15]", "c4-r1 [16 17 18 19]", "c5-r1 [20 21 22 23]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chunks in the order they ran (-want +got):\n%s", diff)
	}
}

func TestRunTakesUpWhatWasEndedFromOutside(t *testing.T) {
	t.Parallel()
	partial := func(in contract.ChunkInput) (contract.ChunkResult, error) {
		return contract.ChunkResult{Whole: whole(1), Unfinished: in.Slices[1:]}, nil
	}
	drained := func(in contract.ChunkInput) (contract.ChunkResult, error) {
		return contract.ChunkResult{Unfinished: in.Slices}, nil
	}
	canceled := func(in contract.ChunkInput) (contract.ChunkResult, error) {
		return contract.ChunkResult{Unfinished: in.Slices, Canceled: true}, nil
	}
	cases := map[string]struct {
		end  func(contract.ChunkInput) (contract.ChunkResult, error)
		upTo int // run until which chunk 1 is ended so
		fail bool
	}{
		"Canceled":             {upTo: 3, end: func(contract.ChunkInput) (r contract.ChunkResult, err error) { return r, temporal.NewCanceledError() }},
		"TooOften":             {upTo: 4, fail: true, end: func(contract.ChunkInput) (r contract.ChunkResult, err error) { return r, temporal.NewCanceledError() }},
		"Drained":              {upTo: 3, end: partial},
		"DrainedOften":         {upTo: 9, end: drained},
		"CanceledLate":         {upTo: 3, end: canceled},
		"CanceledLateTooOften": {upTo: 4, fail: true, end: canceled},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{t: t, job: jobOf(24, contract.Sizes{ChunkSlices: 4, Window: 2})}
			b.chunk = func(ctx workflow.Context, in contract.ChunkInput) (contract.ChunkResult, error) {
				if in.Chunk == 1 && in.Run <= tc.upTo {
					return tc.end(in)
				}
				return steady(ctx, in)
			}
			end, _ := b.toTheEnd()
			if !tc.fail {
				if diff := cmp.Diff(whole(24), end.Tally); diff != "" || end.Verdict != fanout.Done {
					t.Errorf("verdict %d, tally (-want +got):\n%s", end.Verdict, diff)
				}
				return
			}
			if end.Verdict != fanout.Failed || !strings.Contains(end.Failure, "ended from outside 4 times") {
				t.Errorf("verdict %d, failure %q, want one that says how often the chunk was ended", end.Verdict, end.Failure)
			}
		})
	}
}

func TestRunFailsWithTheChunk(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, job: jobOf(40, contract.Sizes{ChunkSlices: 4, Window: 3})}
	b.chunk = func(ctx workflow.Context, in contract.ChunkInput) (contract.ChunkResult, error) {
		if in.Chunk == 1 {
			_ = workflow.Sleep(ctx, 2500*time.Millisecond)
			return contract.ChunkResult{}, temporal.NewNonRetryableApplicationError("the list is another one", string(contract.CodeManifestChanged), nil)
		}
		return steady(ctx, in)
	}
	end, _ := b.toTheEnd()
	if end.Verdict != fanout.Failed || !strings.Contains(end.Failure, "the list is another one") {
		t.Errorf("verdict %d, failure %q", end.Verdict, end.Failure)
	}
	if diff := cmp.Diff(whole(4), end.Tally); diff != "" {
		t.Errorf("what the recalled chunks 0 and 2 had done (-want +got):\n%s", diff)
	}
	if len(b.inputs) != 3 {
		t.Errorf("%d chunks were started, want none after the failure", len(b.inputs))
	}
}

func TestRunPassesOverTakenWorkflowIDs(t *testing.T) {
	t.Parallel()
	b := &bench{t: t, chunk: func(ctx workflow.Context, in contract.ChunkInput) (contract.ChunkResult, error) {
		if in.Chunk == squatter {
			return contract.ChunkResult{}, workflow.Sleep(ctx, time.Hour)
		}
		return steady(ctx, in)
	}}
	end := b.once(1, hosted{Job: jobOf(4, contract.Sizes{ChunkSlices: 4}), Taken: 2})
	if diff := cmp.Diff(whole(4), end.Tally); diff != "" || end.Verdict != fanout.Done {
		t.Errorf("verdict %d, tally (-want +got):\n%s", end.Verdict, diff)
	}
	if last := b.inputs[len(b.inputs)-1]; last.Run != 3 {
		t.Errorf("the chunk ran as run %d, want 3, the first that was free", last.Run)
	}
}

func TestRunHearsOpenChunksOnly(t *testing.T) {
	t.Parallel()
	report := func(env *sdktest.TestWorkflowEnvironment, when time.Duration, chunk, run, slices int) {
		env.RegisterDelayedCallback(func() {
			env.SignalWorkflow(contract.ReportedChunk.Name, contract.ChunkProgress{Chunk: chunk, Run: run, Tally: whole(slices)})
		}, when)
	}
	b := &bench{t: t, job: jobOf(8, contract.Sizes{ChunkSlices: 4, Window: 2}), chunk: steady}
	b.script = func(_ int, env *sdktest.TestWorkflowEnvironment) {
		report(env, 1100*time.Millisecond, 0, 1, 1) // counts
		report(env, 1200*time.Millisecond, 0, 1, 0) // overtaken by the one before
		report(env, 1300*time.Millisecond, 1, 9, 3) // a run that does not exist
		report(env, 1400*time.Millisecond, 5, 1, 3) // a chunk that does not exist
		env.RegisterDelayedCallback(func() {        // of the task before
			env.SignalWorkflow(contract.ReportedChunk.Name, contract.ChunkProgress{Task: b.job.Task + 1, Chunk: 0, Run: 1, Tally: whole(3)})
		}, 1450*time.Millisecond)
		at(env, 1500*time.Millisecond, contract.StateSuspended)
		report(env, 1600*time.Millisecond, 0, 1, 3) // closed: its result is in
		at(env, 10*time.Second, contract.StateProcessing)
		report(env, 11*time.Second, 0, 1, 4) // the run before
		report(env, 12100*time.Millisecond, 0, 2, 3)
	}
	var done []int64
	b.seen = func(engine *fanout.Engine) {
		if now := engine.Tally().Done() / 16; len(done) == 0 || now != done[len(done)-1] {
			done = append(done, now)
		}
	}
	b.toTheEnd()
	if diff := cmp.Diff([]int64{1, 2, 5, 8}, done); diff != "" {
		t.Errorf("slices shown as done, one after the other (-want +got):\n%s", diff)
	}
}

// A suspend may come before the chunks of a new run have come to a slice again:
// what those before them had seen stays.
func TestRunCountsNeverFall(t *testing.T) {
	t.Parallel()
	half := contract.Tally{
		Counts: contract.Counts{Succeeded: 6, Failed: 2}, Stages: contract.Stages{Fetched: 8, Validated: 6, Featurized: 6, Indexed: 6},
		Codes: map[contract.Code]int64{contract.CodePictureError: 2},
	}
	quarter := contract.Tally{Counts: contract.Counts{Failed: 4}, Stages: contract.Stages{Fetched: 1}, Codes: map[contract.Code]int64{contract.CodeInvalidPicURL: 4}}
	for name, test := range map[string]struct {
		reason string
		heard  contract.Tally // of run 2, before its result
		second contract.ChunkResult
		want   contract.Tally // after the second suspend
	}{
		"NothingSeen": {
			reason: "the second run has not come to a slice",
			second: contract.ChunkResult{Unfinished: []int{0, 1}}, want: half,
		},
		"OtherSlicesSeen": {
			reason: "count by count the larger one, of whatever slices it is",
			second: contract.ChunkResult{Unfinished: []int{0, 1}, Partial: quarter},
			want: contract.Tally{
				Counts: contract.Counts{Succeeded: 6, Failed: 4}, Stages: half.Stages,
				Codes: map[contract.Code]int64{contract.CodePictureError: 2, contract.CodeInvalidPicURL: 4},
			},
		},
		"OneIsWhole": {
			reason: "what has become whole is not counted twice",
			second: contract.ChunkResult{Unfinished: []int{1}, Whole: contract.Tally{Counts: contract.Counts{Succeeded: 5}}},
			want:   contract.Tally{Counts: half.Counts, Stages: half.Stages, Codes: half.Codes},
		},
		"Heard": {
			reason: "nor does it fall when the open chunk tells more of other lines",
			heard:  contract.Tally{Counts: contract.Counts{Succeeded: 9}},
			second: contract.ChunkResult{Unfinished: []int{0, 1}},
			want:   contract.Tally{Counts: contract.Counts{Succeeded: 9, Failed: 2}, Stages: half.Stages, Codes: half.Codes},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{t: t, job: jobOf(2, contract.Sizes{ChunkSlices: 2})}
			b.chunk = func(ctx workflow.Context, in contract.ChunkInput) (contract.ChunkResult, error) {
				if in.Run > 2 {
					return contract.ChunkResult{Whole: whole(2)}, nil
				}
				workflow.GetSignalChannel(ctx, contract.RecallChunk.Name).Receive(ctx, nil)
				if in.Run == 1 {
					return contract.ChunkResult{Unfinished: in.Slices, Partial: half}, nil
				}
				return test.second, nil
			}
			b.script = func(_ int, env *sdktest.TestWorkflowEnvironment) {
				at(env, 1*time.Second, contract.StateSuspended)
				at(env, 2*time.Second, contract.StateProcessing)
				if test.heard.Done() > 0 {
					env.RegisterDelayedCallback(func() {
						env.SignalWorkflow(contract.ReportedChunk.Name, contract.ChunkProgress{Chunk: 0, Run: 2, Tally: test.heard})
					}, 2500*time.Millisecond)
				}
				at(env, 3*time.Second, contract.StateSuspended)
				at(env, 4*time.Second, contract.StateStopping)
			}
			end, _ := b.toTheEnd()
			if diff := cmp.Diff(test.want, end.Tally); diff != "" || end.Verdict != fanout.Stopped {
				t.Errorf("%s: verdict %d, tally (-want +got):\n%s", test.reason, end.Verdict, diff)
			}
		})
	}
}
