package activities_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

var errDown = errors.New("connection refused")

// outage makes the user's bucket unreachable while down is set; with hang, calls
// last until their context ends instead of being refused.
func (w *world) outage(hang bool) (down *atomic.Bool) {
	down = &atomic.Bool{}
	w.objects.Fault = func(ctx context.Context, _, in, _ string) error {
		if in != bucket || !down.Load() {
			return nil
		}
		if hang {
			<-ctx.Done()
			return ctx.Err()
		}
		return errDown
	}
	return down
}

func TestSliceOutageIsolatesNothing(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]bool{"Refused": false, "Silent": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := w.begin(w.pictures(60)...)
				list := w.plan(task, 100)
				down := w.outage(hang)
				var stored atomic.Int64
				w.imager.Featurize = func(context.Context, string) error {
					if stored.Add(1) == 20 {
						down.Store(true)
					}
					return nil
				}
				_, err := execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
				wantTransient(t, err)
				record, err := w.ledger.Slice(t.Context(), task, 0, 60)
				if err != nil || record.Tally.Failed != 0 || record.Tally.Succeeded < 20 {
					t.Errorf("ledger has %+v, %v; want what was in hand kept and nothing isolated", record.Tally, err)
				}
				down.Store(false)
				result := must(w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
				if !result.Whole || result.Tally.Succeeded != 60 {
					t.Errorf("after the outage %+v; want all 60", result)
				}
			})
		})
	}
}

// An outage that ends at any moment between the attempts of a picture must not
// be mistaken for trouble of the picture.
func TestSliceOutageOfAnyLength(t *testing.T) {
	t.Parallel()
	for _, hang := range []bool{false, true} {
		for lasting := 50 * time.Millisecond; lasting < 40*time.Second; lasting = lasting * 3 / 2 {
			t.Run(lasting.String(), func(t *testing.T) {
				t.Parallel()
				inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
					task := w.begin(w.pictures(3)...)
					list := w.plan(task, 100)
					down := w.outage(hang)
					gate := make(chan struct{})
					refuse := w.objects.Fault
					w.objects.Fault = func(ctx context.Context, verb, in, key string) error {
						if in == bucket && key != meta {
							<-gate // the manifest is read before the outage begins
						}
						return refuse(ctx, verb, in, key)
					}
					a := w.start(t.Context(), task, list)
					down.Store(true)
					close(gate)
					time.AfterFunc(lasting, func() { down.Store(false) })
					<-a.done
					if a.err != nil {
						wantTransient(t, a.err)
					}
					if failures := w.failures(task); len(failures) != 0 {
						t.Errorf("isolated %v; the pictures are good", failures)
					}
				})
			})
		}
	}
}

// A probe that finds no manifest may have met a store that is being restarted: it
// must not end the task, nor make good of pictures that cannot be read either.
func TestSliceProbeThatFindsNoManifest(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(9)...)
		list := w.plan(task, 100)
		var manifest atomic.Int64
		w.objects.Fault = func(_ context.Context, _, in, key string) error {
			switch {
			case in == bucket && key == meta && manifest.Add(1) > 1: // the first is for its lines
				return activities.ErrNoSuchObject
			case in == bucket && key != meta:
				return errDown
			}
			return nil
		}
		_, err := execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
		if says := wantTransient(t, err); !strings.Contains(says, "manifest cannot be reached either") {
			t.Errorf("error = %q; want that the manifest is out of reach", says)
		}
		if failures := w.failures(task); len(failures) != 0 {
			t.Errorf("isolated %v", failures)
		}
		w.objects.Fault = nil
		result := must(w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
		if !result.Whole || result.Tally.Succeeded != 9 {
			t.Errorf("next attempt = %+v; want all 9", result)
		}
	})
}

func TestSliceImagerTroubleFailsTheAttempt(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(30)...)
		list := w.plan(task, 100)
		w.imager.Featurize = func(_ context.Context, seed string) error {
			if seed == "seed9" {
				return errors.New("pool of decoders is gone")
			}
			return nil
		}
		_, err := execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
		if says := wantTransient(t, err); !strings.Contains(says, `featurize "9.jpg" of product "p9": pool`) {
			t.Errorf("error = %q; want which picture and why", says)
		}
		if failures := w.failures(task); len(failures) != 0 {
			t.Errorf("isolated %v; it was not the picture's fault", failures)
		}
	})
}

func TestSliceManifestTrouble(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(w *world)
		code   contract.Code // empty: worth another attempt
	}{
		"Changed":      {func(w *world) { w.objects.Store(bucket, meta, "{}\n") }, contract.CodeManifestChanged},
		"Gone":         {func(w *world) { w.objects.Drop(bucket, meta) }, contract.CodeNoSuchManifest},
		"Denied":       {func(w *world) { w.objects.Fault = failingKey(meta, activities.ErrDenied) }, contract.CodeConsoleNoPermission},
		"TurnedAway":   {func(w *world) { w.objects.Fault = failingKey(meta, activities.ErrTurnedAway) }, ""},
		"Stranger":     {func(w *world) { w.objects.Fault = failingKey(meta, activities.ErrStranger) }, ""},
		"Unreachable":  {func(w *world) { w.objects.Fault = failingKey(meta, errDown) }, ""},
		"BreaksOff":    {func(w *world) { w.objects.Body = onlyManifest(brokenBody) }, ""},
		"ComesShort":   {func(w *world) { w.objects.Body = onlyManifest(shortBody) }, ""},
		"NoTable":      {func(w *world) { w.objects.Fault = failing("Open", errDown) }, ""},
		"ReaderPanics": {func(w *world) { w.objects.Body = onlyManifest(panicBody) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := w.begin(w.pictures(9)...)
				list := w.plan(task, 100)
				test.change(w)
				_, err := execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
				if test.code != "" {
					wantRefusal(t, err, test.code)
				} else {
					wantTransient(t, err)
				}
				if failures := w.failures(task); len(failures) != 0 {
					t.Errorf("isolated %v", failures)
				}
			})
		})
	}
}

func TestSliceLedgerTrouble(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func() error{
		"Error": func() error { return errors.New("disk I/O error") },
		"Panic": func() error { panic("nil pointer") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := w.begin(w.pictures(200)...)
				list := w.plan(task, 200)
				real := w.index
				w.index = &brokenIndex{Index: real, trouble: trouble}
				_, err := execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
				if says := wantTransient(t, err); !strings.Contains(says, "commit") {
					t.Errorf("error = %q; want what failed", says)
				}
				w.index = real
				result := must(w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
				if !result.Whole || result.Tally.Succeeded != 200 {
					t.Errorf("next attempt = %+v; want all 200, each counted once", result)
				}
			})
		})
	}
}

// brokenIndex commits once, then has trouble.
type brokenIndex struct {
	activities.Index
	trouble func() error
	commits int
}

func (b *brokenIndex) Commit(ctx context.Context, batch activities.Batch) (activities.SliceRecord, error) {
	if b.commits++; b.commits > 1 {
		return activities.SliceRecord{}, b.trouble()
	}
	return b.Index.Commit(ctx, batch)
}

// onlyManifest spoils the body of the manifest alone.
func onlyManifest(spoil func(context.Context, string, io.Reader) io.Reader) func(context.Context, string, io.Reader) io.Reader {
	return func(ctx context.Context, key string, body io.Reader) io.Reader {
		if key == meta {
			return spoil(ctx, key, body)
		}
		return body
	}
}

func panicBody(context.Context, string, io.Reader) io.Reader { return panicking{} }
