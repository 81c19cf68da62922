package activities_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// times is so many lines of one text.
func times(n int, line string) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = line
	}
	return lines
}

// Every way to fail stops near the limit: what is in hand is committed, no more.
func TestSliceTakesOnNoMoreLinesWhenTooManyHaveFailed(t *testing.T) {
	t.Parallel()
	const most, lines = 20, 300
	inHand := int64(fetchers + 2 + 2) // being fetched, waiting for a core, on one
	for name, test := range map[string]struct {
		reason string
		line   string
		lost   int // attempts, so that lines are tried one by one
		beyond int64
	}{
		"Unreadable": {reason: "the line itself", line: "bad", beyond: 1},
		"Missing":    {reason: "its picture is not there", line: add("p", "absent.jpg"), beyond: inHand},
		"NoPicture":  {reason: "its picture is none", line: add("p", "text.jpg"), beyond: inHand},
		"OneByOne":   {reason: "with care, too, nobody waits for ever", line: add("p", "absent.jpg"), lost: 2, beyond: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.objects.Store(bucket, folder+"/text.jpg", "no picture")
				task := w.begin(times(lines, test.line)...)
				list := w.plan(task, lines)
				w.lose(task, 0, list, make([]int64, test.lost)...)
				in := contract.SliceInput{Task: task, List: list, MaxFailures: new(int64(most))}
				got := must(w, w.slices().Slice, in)
				if got.Whole || !got.Exceeded || got.Tally.Failed <= most || got.Tally.Failed > most+test.beyond {
					t.Errorf("%s: %+v; want more than %d lines to have failed, and at most %d more", test.reason, got, most, test.beyond)
				}
				reads := w.objects.Reads(bucket, meta)
				again := must(w, w.slices().Slice, in)
				if again.Whole || !again.Exceeded || again.Tally.Failed != got.Tally.Failed || w.objects.Reads(bucket, meta) != reads {
					t.Errorf("the next attempt: %+v; want it to read nothing", again)
				}
				in.MaxFailures = nil
				if whole := must(w, w.slices().Slice, in); !whole.Whole || whole.Exceeded || whole.Tally.Failed != lines {
					t.Errorf("without a limit: %+v; want all lines", whole)
				}
			})
		})
	}
}

func TestSliceWithAsManyFailuresAsMayIsWhole(t *testing.T) {
	t.Parallel()
	for _, most := range []int64{0, 1, 5, 6} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				lines := append(times(int(most), "bad"), w.pictures(90)...)
				task := w.begin(append(lines, times(int(most%2), "")...)...)
				got := must(w, w.slices().Slice, contract.SliceInput{Task: task, List: w.plan(task, 1000), MaxFailures: &most})
				if !got.Whole || got.Exceeded || got.Tally.Failed != most || got.Tally.Succeeded != 90 {
					t.Errorf("%+v; want it whole, with %d failed lines", got, most)
				}
			})
		})
	}
}

// All slices of a process together stop where one alone would.
func TestSlicesTogetherStopNearTheLimit(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		const slices, most = 8, 20
		task := w.begin(times(slices*64, "bad")...)
		list := w.plan(task, 64)
		results := w.together(slices, func(n int) contract.SliceInput {
			return contract.SliceInput{Task: task, Slice: n, List: list, MaxFailures: new(int64(most))}
		})
		var failed int64
		for n, result := range results {
			if failed += result.Tally.Failed; result.Whole || !result.Exceeded {
				t.Errorf("slice %d: %+v; want it to have stopped", n, result)
			}
		}
		if failed <= most || failed > most+slices { // each may have a line in hand
			t.Errorf("%d lines have failed; want more than %d, and at most %d", failed, most, most+slices)
		}
	})
}

// A line that two attempts have in hand at once fails once: neither takes it for
// one too many.
func TestSliceTwoAttemptsAtOnceDoNotExceedTheLimit(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(append(times(10, "bad"), w.pictures(40)...)...)
		list := w.plan(task, 100)
		for n, result := range w.together(2, func(int) contract.SliceInput {
			return contract.SliceInput{Task: task, List: list, MaxFailures: new(int64(10))}
		}) {
			if !result.Whole || result.Exceeded || result.Tally.Failed != 10 || result.Tally.Succeeded != 40 {
				t.Errorf("attempt %d: %+v; want it whole, with 10 failed lines", n, result)
			}
		}
	})
}

// What an attempt could not commit has not failed: it holds nobody up.
func TestFailuresOfABrokenAttemptAreForgotten(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(times(30, "bad")...)
		in := contract.SliceInput{Task: task, List: w.plan(task, 100), MaxFailures: new(int64(30))}
		broken := w.slices()
		broken.Index = &brokenIndex{Index: w.index, trouble: func() error { return fmt.Errorf("the disk is full") }}
		if _, err := execute(t.Context(), w, broken.Slice, in); err == nil {
			t.Fatal("the broken attempt succeeded")
		}
		if got := must(w, w.slices().Slice, in); !got.Whole || got.Exceeded || got.Tally.Failed != 30 {
			t.Errorf("%+v; want it whole", got)
		}
	})
}

// A stop reaches a slice that waits for the ledger's word on what has failed.
func TestSliceAtTheLimitStops(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.objects.Store(bucket, folder+"/a.jpg", fakes.Picture(400, 300, "x"))
		task := w.begin(append(times(5, "bad"), times(40, add("p", "a.jpg"))...)...)
		list := w.plan(task, 100)
		in := contract.SliceInput{Task: task, List: list, MaxFailures: new(int64(2))}
		held := w.slices()
		release := make(chan struct{})
		held.Index = &brokenIndex{Index: w.index, trouble: func() error { <-release; return fmt.Errorf("the disk is full") }}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := execute(ctx, w, held.Slice, in)
			done <- err
		}()
		time.Sleep(time.Minute) // virtual: all wait
		cancel()
		close(release)
		if err := <-done; err == nil {
			t.Error("what could not be committed is no success")
		}
		if got := must(w, w.slices().Slice, in); !got.Exceeded || got.Tally.Failed != 3 {
			t.Errorf("the next attempt: %+v; want it to stop at the third failed line", got)
		}
	})
}

// together runs attempts at once, each with a log of its own.
func (w *world) together(n int, input func(n int) contract.SliceInput) []contract.SliceResult {
	w.Helper()
	results, errs := make([]contract.SliceResult, n), make([]error, n)
	slices := w.slices()
	var all sync.WaitGroup
	for n := range results {
		own := *w
		own.log = &strings.Builder{}
		all.Go(func() { results[n], errs[n] = execute(w.Context(), &own, slices.Slice, input(n)) })
	}
	all.Wait()
	for n, err := range errs {
		if err != nil {
			w.Errorf("attempt %d: %v", n, err)
		}
	}
	return results
}
