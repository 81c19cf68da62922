package activities_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// turns takes n turns.
func turns(t *testing.T, limit *activities.FetchLimit, n int) {
	t.Helper()
	for range n {
		if err := limit.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFetchLimitHalvesAndRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []int
		limit := activities.NewFetchLimit(16, func(n int) { told = append(told, n) })
		turns(t, limit, 16)
		for range 10 { // a burst is one answer
			limit.Release(true)
		}
		time.Sleep(900 * time.Millisecond)
		limit.Release(true)
		for range 5 {
			limit.Release(false)
		}
		if diff := cmp.Diff([]int{16, 8}, told); diff != "" {
			t.Errorf("within a second (-want +got):\n%s", diff)
		}
		for range 12 {
			time.Sleep(time.Second)
			turns(t, limit, 1)
			limit.Release(false)
		}
		if diff := cmp.Diff([]int{16, 8, 9, 10, 11, 12, 13, 14, 15, 16}, told); diff != "" {
			t.Errorf("one more a second, up to the most (-want +got):\n%s", diff)
		}
	})
}

func TestFetchLimitNeverBelowOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		last := 0
		limit := activities.NewFetchLimit(0, func(n int) { last = n })
		for range 5 {
			turns(t, limit, 1)
			time.Sleep(2 * time.Second)
			limit.Release(true)
			if last != 1 {
				t.Fatalf("the limit is %d; want 1", last)
			}
		}
	})
}

func TestFetchLimitCountsFromWhatIsInUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		last := 0
		limit := activities.NewFetchLimit(64, func(n int) { last = n })
		turns(t, limit, 6)
		limit.Release(true)
		if last != 3 {
			t.Errorf("the limit is %d; want half of the 6 in use", last)
		}
	})
}

func TestFetchLimitServesInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := activities.NewFetchLimit(1, nil)
		turns(t, limit, 1)
		var served []int
		var group sync.WaitGroup
		contexts := make([]context.CancelFunc, 3)
		errs := make([]error, 3)
		for n := range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			contexts[n] = cancel
			group.Go(func() {
				if errs[n] = limit.Acquire(ctx); errs[n] == nil {
					served = append(served, n)
					limit.Release(false)
				}
			})
			synctest.Wait()
		}
		contexts[1]() // gives up
		synctest.Wait()
		limit.Release(false)
		group.Wait()
		if diff := cmp.Diff([]int{0, 2}, served); diff != "" || !errors.Is(errs[1], context.Canceled) {
			t.Errorf("error %v; served (-want +got):\n%s", errs[1], diff)
		}
		turns(t, limit, 1) // nothing got lost
		contexts[0]()
		contexts[2]()
	})
}

// A turn that comes at the moment its waiter gives up goes to the next.
func TestFetchLimitLosesNoTurn(t *testing.T) {
	t.Parallel()
	limit := activities.NewFetchLimit(3, nil)
	var held, most atomic.Int64
	var group sync.WaitGroup
	for n := range 40 {
		group.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if (n+i)%3 == 0 {
					go cancel()
				}
				if limit.Acquire(ctx) == nil {
					now := held.Add(1)
					for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
					}
					held.Add(-1)
					limit.Release(i%50 == 0)
				}
				cancel()
			}
		})
	}
	group.Wait()
	turns(t, limit, 1)
	if most.Load() > 3 {
		t.Errorf("%d turns at a time; want 3", most.Load())
	}
}

// A store that throttles now and then gets what it asks for, and every picture
// arrives.
func TestSliceKeepsToWhatTheStoreCanStand(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		var lowest atomic.Int64
		lowest.Store(100)
		w.limits.Fetchers = 16
		w.limits.Fetches = activities.NewFetchLimit(16, func(n int) { lowest.Store(min(lowest.Load(), int64(n))) })
		var now, refused atomic.Int64
		w.objects.Fault = func(ctx context.Context, verb, in, key string) error {
			if verb != "Open" || in != bucket || key == meta {
				return nil
			}
			defer now.Add(-1)
			if now.Add(1) > 4 {
				refused.Add(1)
				return activities.ErrThrottled
			}
			time.Sleep(100 * time.Millisecond)
			return nil
		}
		if tally := w.runAll(w.begin(w.pictures(300)...), 300); tally.Succeeded != 300 {
			t.Errorf("tally = %+v; want all 300", tally)
		}
		if got := lowest.Load(); got > 4 {
			t.Errorf("the limit was never below %d; the store stands 4", got)
		}
		if got := refused.Load(); got == 0 || got > 100 {
			t.Errorf("%d requests were throttled; want some, and far less than pictures", got)
		}
	})
}

func TestSliceThrottled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason   string
		fault    func(key string) bool
		isolated bool
	}{
		"Everything":   {"the store as a whole throttles", func(string) bool { return true }, false},
		"AllButProbes": {"every picture, while the manifest answers: it is the pictures", func(key string) bool { return key != meta }, true},
		"OnePicture":   {"a single object that never comes", func(key string) bool { return key == folder+"/1.jpg" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := w.begin(w.pictures(3)...)
				list := w.plan(task, 10)
				w.limits.Fetches = activities.NewFetchLimit(8, nil)
				var manifest atomic.Int64 // once for its lines, from then on by probes
				w.objects.Fault = func(_ context.Context, _, in, key string) error {
					if in == bucket && (key != meta || manifest.Add(1) > 1) && test.fault(key) {
						return activities.ErrThrottled
					}
					return nil
				}
				start := time.Now()
				result, err := execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
				if took := time.Since(start); took < 2*time.Second || took > time.Minute {
					t.Errorf("%s: gave up after %s", test.reason, took)
				}
				if !test.isolated {
					wantTransient(t, err)
					if failures := w.failures(task); len(failures) != 0 {
						t.Errorf("%s: isolated %v", test.reason, failures)
					}
					return
				}
				if failure := w.failures(task)[2]; err != nil || !result.Whole || failure.Code != contract.CodePictureError {
					t.Errorf("%s: %+v, %v, failure %+v; want it isolated", test.reason, result, err, failure)
				}
			})
		})
	}
}
