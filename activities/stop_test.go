package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// held is a store whose pictures do not come before the gate is opened.
func (w *world) held() (gate chan struct{}) {
	gate = make(chan struct{})
	w.objects.Fault = func(ctx context.Context, verb, in, key string) error {
		if verb != "Open" || in != bucket || key == meta {
			return nil
		}
		select {
		case <-gate:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return gate
}

// attempt is a slice under way.
type attempt struct {
	result contract.SliceResult
	err    error
	done   chan struct{}
}

func (w *world) start(ctx context.Context, task int64, list contract.WorkList) *attempt {
	w.Helper()
	a := &attempt{done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.result, a.err = execute(ctx, w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
	}()
	synctest.Wait() // every fetcher holds a picture
	return a
}

func TestSliceStops(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(w *world, cancel context.CancelCauseFunc){
		"Cancel":   func(_ *world, cancel context.CancelCauseFunc) { cancel(nil) },
		"Shutdown": func(w *world, _ context.CancelCauseFunc) { close(w.stop) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := w.begin(w.pictures(40)...)
				list := w.plan(task, 100)
				gate := w.held()
				ctx, cancel := context.WithCancelCause(t.Context())
				a := w.start(ctx, task, list)
				stop(w, cancel)
				synctest.Wait()
				close(gate)
				<-a.done
				want := contract.SliceResult{Tally: contract.Tally{
					Counts: contract.Counts{Succeeded: fetchers},
					Stages: contract.Stages{Fetched: fetchers, Validated: fetchers, Featurized: fetchers, Indexed: fetchers},
				}}
				if diff := cmp.Diff(want, a.result); a.err != nil || diff != "" {
					t.Errorf("error %v; what was in hand (-want +got):\n%s", a.err, diff)
				}

				w.stop = make(chan struct{})
				again := must(w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
				if !again.Whole || again.Tally.Succeeded != 40 {
					t.Errorf("next attempt = %+v; want all 40 lines, each counted once", again)
				}
				for n := range fetchers {
					if reads := w.objects.Reads(bucket, fmt.Sprintf("%s/%d.jpg", folder, n)); reads != 1 {
						t.Errorf("picture %d was read %d times; want once: it was committed", n, reads)
					}
				}
			})
		})
	}
}

func TestSliceStopsInTime(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(40)...)
		list := w.plan(task, 100)
		w.held() // and never opened
		ctx, cancel := context.WithCancel(t.Context())
		a := w.start(ctx, task, list)
		start := time.Now()
		cancel()
		<-a.done
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("stopping took %s; want at most the time of a transfer", took)
		}
		if a.err != nil || a.result.Whole || a.result.Tally.Done() != 0 {
			t.Errorf("result = %+v, %v; want nothing done and nothing isolated", a.result, a.err)
		}
	})
}

func TestSliceStopsWhileTheManifestIsNotComing(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(3)...)
		list := w.plan(task, 100)
		w.objects.Body = stalledBody
		ctx, cancel := context.WithCancel(t.Context())
		a := w.start(ctx, task, list)
		cancel()
		<-a.done
		if a.err != nil || a.result.Whole {
			t.Errorf("result = %+v, %v; want a slice that is not whole", a.result, a.err)
		}
	})
}

func TestSliceStoppedBeforeItBegan(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(append(w.pictures(3), "bad")...)
		list := w.plan(task, 100)
		gate := w.held()
		ctx, cancel := context.WithCancel(t.Context())
		a := w.start(ctx, task, list)
		cancel()
		synctest.Wait()
		close(gate)
		<-a.done
		got := must(w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		again, err := execute(canceled, w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
		if diff := cmp.Diff(got, again); err != nil || diff != "" {
			t.Errorf("error %v; a stopped attempt tells what the ledger has (-want +got):\n%s", err, diff)
		}
	})
}

func TestSliceParkedByAnOperator(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{"Paused": activity.ErrActivityPaused, "Reset": activity.ErrActivityReset} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := w.begin(w.pictures(9)...)
				list := w.plan(task, 100)
				gate := w.held()
				ctx, cancel := context.WithCancelCause(t.Context())
				a := w.start(ctx, task, list)
				cancel(cause)
				synctest.Wait()
				close(gate)
				<-a.done
				if says := wantTransient(t, a.err); says != cause.Error() {
					t.Errorf("error = %q; want %q: the attempt is to be parked, not completed", says, cause)
				}
				if record, err := w.ledger.Slice(t.Context(), task, 0, 9); err != nil || record.Tally.Succeeded != fetchers {
					t.Errorf("ledger has %+v, %v; want what was in hand", record.Tally, err)
				}
			})
		})
	}
}

func TestSliceBeatsAlsoWhenStopped(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(3)...)
		list := w.plan(task, 100)
		gate := w.held()
		ctx, cancel := context.WithCancel(t.Context())
		w.beats = make(chan struct{}, 9)
		a := w.start(ctx, task, list)
		cancel()
		<-w.beats // what is in hand takes its time
		close(gate)
		<-a.done
		if a.err != nil {
			t.Error(a.err)
		}
	})
}

func TestSliceOfAClosedTask(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(9)...)
		list := w.plan(task, 100)
		gate := w.held()
		a := w.start(t.Context(), task, list)
		must(w, (&activities.Tasks{Ledger: w.ledger}).End, contract.Ending{Task: task, State: contract.StateStop, Message: "stopped"})
		close(gate)
		<-a.done
		wantRefusal(t, a.err, contract.CodeFenceClosed)
		for n := range 9 {
			if _, there := w.picture(fmt.Sprint("p", n), fmt.Sprintf("%d.jpg", n)); there {
				t.Errorf("picture %d was stored after its task had ended", n)
			}
		}
		_, err := execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
		wantRefusal(t, err, contract.CodeFenceClosed)
	})
}

func TestSliceRoleIsAskedForFirst(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(1)...)
		list := w.plan(task, 100)
		w.identities.Fault = func(context.Context, string) error { return errors.New("STS is down") }
		_, err := execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
		wantTransient(t, err)
	})
}
