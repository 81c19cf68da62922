package activities_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
)

// wantStopped checks that a step was given up for another worker to take on at
// once, and that nobody takes that for a failure.
func wantStopped(t *testing.T, err error) {
	t.Helper()
	var given *temporal.ApplicationError
	if !errors.As(err, &given) || given.Type() != contract.WorkerStopped || given.NonRetryable() ||
		given.Category() != temporal.ApplicationErrorCategoryBenign || given.NextRetryDelay() <= 0 || given.NextRetryDelay() > time.Second {
		t.Fatalf("error = %v; want a benign %s that is tried again at once", err, contract.WorkerStopped)
	}
}

// everything is what the results bucket holds.
func (w *world) everything() map[string]string {
	w.Helper()
	held := map[string]string{}
	for _, key := range w.objects.Keys(results) {
		held[key], _ = w.objects.Text(results, key)
	}
	return held
}

// Wherever a long step is when its worker stops, it returns without waiting, it
// leaves nothing behind, and the next attempt ends as one that nobody stopped.
func TestLongStepsStopWithTheirWorker(t *testing.T) {
	t.Parallel()
	reading := func(key string) func(string, string) bool {
		return func(verb, read string) bool { return verb == "Open" && read == key }
	}
	writing := func(verb, _ string) bool { return verb == "Put" }
	for name, test := range map[string]struct {
		hangs func(verb, key string) bool
		begin func(w *world) func(context.Context) (any, error)
	}{
		"PlanReads":     {reading(meta), planning},
		"PlanWrites":    {writing, planning},
		"ReportReads":   {reading(meta), reporting},
		"ReportWrites":  {writing, reporting},
		"SignReports":   {writing, signing(false)},
		"RestReads":     {reading(meta), signing(true)},
		"CheckReads":    {reading(meta), checking},
		"CheckWrites":   {writing, checking},
		"DumpWrites":    {writing, dumping},
		"DeletesImages": {nil, deletingImages},
		"DeletesAll":    {nil, deletingInstance},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				run := test.begin(w)
				before := w.everything()
				if test.hangs == nil {
					w.hang = true
				} else {
					w.objects.Fault = func(ctx context.Context, verb, _, key string) error {
						if test.hangs(verb, key) {
							<-ctx.Done()
						}
						return ctx.Err()
					}
				}
				failed := make(chan error)
				go func() {
					_, err := run(t.Context())
					failed <- err
				}()
				time.Sleep(3 * time.Second)
				synctest.Wait()
				began := time.Now()
				close(w.stop)
				err := <-failed
				wantStopped(t, err)
				if took := time.Since(began); took > 0 {
					t.Errorf("it took %s to stop; want none", took)
				}
				if diff := cmp.Diff(before, w.everything()); diff != "" {
					t.Errorf("results bucket (-before +after):\n%s", diff)
				}

				w.objects.Fault, w.hang, w.stop = nil, false, make(chan struct{})
				again, err := run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				written := w.everything()
				whole, err := run(t.Context())
				if diff := cmp.Diff(whole, again); err != nil || diff != "" {
					t.Errorf("error %v; undisturbed and after a stop (-want +got):\n%s", err, diff)
				}
				if !maps.Equal(written, w.everything()) {
					t.Errorf("written after a stop: %v", written)
				}
			})
		})
	}
}

// step makes a step that can be run again and again.
func step[In, Out any](w *world, do activities.Step[In, Out], in In) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		time.Sleep(2 * time.Second) // virtual: no step comes too soon after another
		return execute(ctx, w, do, in)
	}
}

func planning(w *world) func(context.Context) (any, error) {
	return step(w, w.plans().Plan, contract.PlanInput{Task: w.begin(w.pictures(30)...), Sizes: contract.Sizes{SliceLines: 7}})
}

func reporting(w *world) func(context.Context) (any, error) {
	task, _ := w.stopped()
	return step(w, w.reports().Write, contract.TaskRef{Task: task})
}

func signing(rest bool) func(w *world) func(context.Context) (any, error) {
	return func(w *world) func(context.Context) (any, error) {
		task, _ := w.stopped()
		if rest {
			must(w, w.reports().Write, contract.TaskRef{Task: task})
		}
		return step(w, w.reports().Sign, contract.ReportInput{Task: task, Rest: rest})
	}
}

func checking(w *world) func(context.Context) (any, error) {
	w.objects.Store(bucket, meta, "bad\n"+add("p", "a.jpg"))
	return step(w, w.reports().Check, contract.CheckInput{Bucket: bucket, Path: folder})
}

func dumping(w *world) func(context.Context) (any, error) {
	w.runAll(w.begin(w.pictures(4)...), 0)
	return step(w, w.images().Dump, contract.DumpMetaInput{Instance: "shop"})
}

func deletingImages(w *world) func(context.Context) (any, error) {
	w.runAll(w.begin(w.pictures(4)...), 0)
	images := w.images()
	images.Pictures = slowToDelete{w, w.single}
	return step(w, images.Delete, contract.DeleteImageInput{PictureRef: contract.PictureRef{Instance: "shop", ProductID: "p1"}})
}

func deletingInstance(w *world) func(context.Context) (any, error) {
	instances := &activities.Instances{Index: indexSlowToDelete{w, w.index}, Rates: w.ledger}
	return step(w, instances.Delete, contract.InstanceRef{Name: "shop"})
}

// slowToDelete deletes once the world does not hang any more.
type slowToDelete struct {
	w *world
	activities.Pictures
}

func (s slowToDelete) DeleteImage(ctx context.Context, run string, ref contract.PictureRef, selected *filter.Expression) (contract.DeleteImageResult, error) {
	if s.w.hang {
		<-ctx.Done()
		return contract.DeleteImageResult{}, ctx.Err()
	}
	return s.Pictures.DeleteImage(ctx, run, ref, selected)
}

type indexSlowToDelete struct {
	w *world
	activities.Index
}

func (s indexSlowToDelete) DeleteInstance(ctx context.Context, run, name string) error {
	if s.w.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Index.DeleteInstance(ctx, run, name)
}

// What keeps a report from being written is for a person to mend; the end of a
// worker is not.
func TestStoppedReportIsNoTrouble(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task, _ := w.stopped()
		w.objects.Fault = func(ctx context.Context, verb, _, _ string) error {
			if verb == "Put" {
				<-ctx.Done()
			}
			return ctx.Err()
		}
		close(w.stop)
		_, err := execute(t.Context(), w, w.reports().Write, contract.TaskRef{Task: task})
		wantStopped(t, err)
		if kept, err := w.ledger.Task(t.Context(), task); err != nil || kept.ReportError != "" {
			t.Errorf("the ledger says %q, %v; want nothing", kept.ReportError, err)
		}
	})
}

// A refusal stays one, whatever happens to the worker meanwhile.
func TestStoppedStepKeepsItsRefusal(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.objects.Drop(bucket, meta)
		w.objects.Fault = func(_ context.Context, verb, _, _ string) error {
			if verb == "Open" {
				return activities.ErrNoSuchBucket
			}
			return nil
		}
		close(w.stop)
		_, err := execute(t.Context(), w, w.reports().Check, contract.CheckInput{Bucket: bucket, Path: folder})
		wantRefusal(t, err, contract.CodeNoSuchBucket)
	})
}

// Short steps may finish while their worker stops, until it waits no longer.
func TestShortStepsAreGivenUpAtTheDeadline(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.runAll(w.begin(w.pictures(4)...), 0)
		gate := w.held()
		search := step(w, w.images().Search, contract.SearchInput{
			Instance: "shop", PicContent: contract.PicContent{Bucket: bucket, Key: folder + "/1.jpg"},
		})
		ctx, giveUp := context.WithCancelCause(t.Context())
		failed := make(chan error)
		go func() {
			_, err := search(ctx)
			failed <- err
		}()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		close(w.stop)
		synctest.Wait()
		select {
		case err := <-failed:
			t.Fatalf("error = %v; want a search that may finish", err)
		default:
		}
		giveUp(activities.ErrWorkerStops)
		wantStopped(t, <-failed)
		close(gate)
		if _, err := search(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A slice that cannot finish what it has in hand is given up at the deadline; what
// it has committed stays.
func TestSliceIsGivenUpAtTheDeadline(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(40)...)
		list := w.plan(task, 100)
		gate := w.held()
		ctx, giveUp := context.WithCancelCause(t.Context())
		a := w.start(ctx, task, list)
		close(w.stop)
		synctest.Wait()
		began := time.Now()
		giveUp(activities.ErrWorkerStops)
		<-a.done
		wantStopped(t, a.err)
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %s to give up; want none", took)
		}
		close(gate)
		w.stop = make(chan struct{})
		again := must(w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
		if !again.Whole || again.Tally.Succeeded != 40 {
			t.Errorf("next attempt = %+v; want all 40 lines, each counted once", again)
		}
	})
}
