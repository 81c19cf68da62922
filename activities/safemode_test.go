package activities_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// lose leaves attempts at a slice behind that were never closed. Those with a
// line were trying it.
func (w *world) lose(task int64, slice int, list contract.WorkList, marks ...int64) {
	w.Helper()
	for n, line := range marks {
		attempt := activities.Attempt{Task: task, Slice: slice, ID: fmt.Sprint("lost ", time.Now().UnixNano(), n)}
		_, err := w.ledger.OpenSlice(w.Context(), attempt, list.LinesOf(slice))
		if err == nil && line > 0 {
			err = w.ledger.MarkLine(w.Context(), attempt, line)
		}
		if err != nil {
			w.Fatal(err)
		}
	}
}

// watched is a ledger and an index that note what happens to lines, in order.
type watched struct {
	activities.Ledger
	activities.Index
	mu     sync.Mutex
	events []string
}

func (x *watched) note(format string, args ...any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.events = append(x.events, fmt.Sprintf(format, args...))
}

func (x *watched) MarkLine(ctx context.Context, attempt activities.Attempt, line int64) error {
	x.note("mark %d", line)
	return x.Ledger.MarkLine(ctx, attempt, line)
}

func (x *watched) Commit(ctx context.Context, batch activities.Batch) (activities.SliceRecord, error) {
	for _, o := range batch.Outcomes {
		x.note("commit %d of %d", o.Line, len(batch.Outcomes))
	}
	return x.Index.Commit(ctx, batch)
}

func (x *watched) DeleteProduct(ctx context.Context, batch activities.Batch, product string) (activities.SliceRecord, error) {
	x.note("delete product %s", product)
	return x.Index.DeleteProduct(ctx, batch, product)
}

func TestSliceIsCarefulWhenWorkersWereLost(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		lines := w.pictures(3)
		task := w.begin(lines[0], "bad", "", remove("p0", "0.jpg"), lines[1], remove("p1", ""), lines[2])
		list := w.plan(task, 100)
		w.lose(task, 0, list, 0, 0)
		seen := &watched{Ledger: w.ledger, Index: w.index}
		slices := w.slices()
		slices.Ledger, slices.Index = seen, seen
		result := must(w, slices.Slice, contract.SliceInput{Task: task, List: list})
		want := contract.Tally{
			Counts: contract.Counts{Succeeded: 5, Failed: 1},
			Stages: contract.Stages{Fetched: 3, Validated: 3, Featurized: 3, Indexed: 5},
			Codes:  map[contract.Code]int64{contract.CodeInvalidMetaItem: 1},
		}
		if diff := cmp.Diff(want, result.Tally); diff != "" || !result.Whole {
			t.Errorf("whole %t, tally (-want +got):\n%s", result.Whole, diff)
		}
		events := []string{
			"mark 1", "commit 1 of 1", "commit 2 of 1", "commit 3 of 1", "mark 4", "commit 4 of 1",
			"mark 5", "commit 5 of 1", "mark 6", "delete product p1", "mark 7", "commit 7 of 1",
		}
		if diff := cmp.Diff(events, seen.events); diff != "" {
			t.Errorf("one line after the other (-want +got):\n%s", diff)
		}
		if most := w.imager.Most(); most != 1 {
			t.Errorf("%d pictures were decoded at a time; want 1", most)
		}
		if log := w.log.String(); !strings.Contains(log, "one by one") || !strings.Contains(log, "lost=2") {
			t.Errorf("log does not tell:\n%s", log)
		}
	})
}

func TestSliceIsolatesTheLineThatTookTheWorkerDown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason string
		marks  []int64
		failed []int64
	}{
		"OneLoss":          {"within the budget nobody looks at marks", []int64{2}, nil},
		"Suspicious":       {"once may be by chance", []int64{0, 0, 2}, nil},
		"Guilty":           {"twice is not", []int64{0, 0, 2, 2}, []int64{2}},
		"Two":              {"each line by itself", []int64{0, 0, 2, 2, 4, 4, 5}, []int64{2, 4}},
		"Deletion":         {"a deletion of a picture as well", []int64{6, 6}, []int64{6}},
		"ProductIsDeleted": {"a deletion of a product may have begun", []int64{7, 7, 7}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := w.begin(append(w.pictures(5), remove("p0", "0.jpg"), remove("p1", ""))...)
				list := w.plan(task, 100)
				w.lose(task, 0, list, test.marks...)
				result := must(w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
				failures := w.failures(task)
				if n := int64(len(test.failed)); !result.Whole || result.Tally.Failed != n || result.Tally.Succeeded != 7-n || int64(len(failures)) != n {
					t.Errorf("%s: %+v; want lines %v isolated", test.reason, result, test.failed)
				}
				for _, line := range test.failed {
					code, says := contract.CodeUnsupportedPicFormat, "re-encode it"
					if line > 5 {
						code, says = contract.CodeInvalidMetaItem, "report it"
					}
					f := failures[line]
					if f.Code != code || !strings.Contains(f.Message, "took the worker down twice") || !strings.Contains(f.Message, says) || f.Attempts < 2 || f.Length == 0 || f.Picture == "" {
						t.Errorf("%s: failure = %+v; want %s, which picture and what to do", test.reason, f, code)
					}
				}
			})
		})
	}
}

// While a suspicious line is tried, nothing else of the process is decoded: it
// could be what takes the worker down.
func TestSliceTriesASuspiciousLineAlone(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		lines := w.pictures(60)
		w.objects.Store(bucket, folder+"/40.jpg", fakes.Picture(400, 300, "suspect"))
		task := w.begin(lines...)
		list := w.plan(task, 30)
		w.lose(task, 1, list, 0, 41)
		var decoding, beside atomic.Int64
		w.imager.Featurize = func(_ context.Context, seed string) error {
			others := decoding.Add(1) - 1
			time.Sleep(time.Second)
			if seed == "suspect" {
				beside.Store(max(others, decoding.Load()-1))
			}
			decoding.Add(-1)
			return nil
		}
		var group sync.WaitGroup
		results := make([]contract.SliceResult, 2)
		other := *w
		other.log = &strings.Builder{}
		for n, of := range []*world{w, &other} {
			group.Go(func() {
				results[n], _ = execute(t.Context(), of, of.slices().Slice, contract.SliceInput{Task: task, Slice: n, List: list})
			})
		}
		group.Wait()
		for n, result := range results {
			if !result.Whole || result.Tally.Succeeded != 30 {
				t.Errorf("slice %d = %+v; want all 30", n, result)
			}
		}
		if beside.Load() != 0 {
			t.Errorf("%d other pictures were decoded beside the suspicious one", beside.Load())
		}
		if most := w.imager.Most(); most != 2 {
			t.Errorf("%d pictures at a time; want 2 for the lines without suspicion", most)
		}
	})
}

// Every end but the loss of the process is clean.
func TestSliceEndsCleanly(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world, cancel context.CancelFunc){
		"Success": func(*world, context.CancelFunc) {},
		"Error":   func(w *world, _ context.CancelFunc) { w.outage(false).Store(true) },
		"Refusal": func(w *world, _ context.CancelFunc) { w.objects.Drop(bucket, meta) },
		"Panic": func(w *world, _ context.CancelFunc) {
			w.identities.Fault = func(context.Context, string) error { panic("nil map") }
		},
		"Canceled": func(_ *world, cancel context.CancelFunc) { cancel() },
		"Commit": func(w *world, _ context.CancelFunc) {
			w.index = &brokenIndex{Index: w.index, commits: 1, trouble: func() error { return errors.New("full") }}
		},
		"OfNoLines": func(w *world, _ context.CancelFunc) { w.objects.Body = onlyManifest(panicBody) },
	} {
		for _, careful := range []bool{false, true} {
			t.Run(fmt.Sprint(name, careful), func(t *testing.T) {
				t.Parallel()
				inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
					task := w.begin(w.pictures(9)...)
					list := w.plan(task, 100)
					lost := 0
					if careful {
						lost = 2
						w.lose(task, 0, list, 0, 1)
					}
					good := w.index
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					spoil(w, cancel)
					_, _ = execute(ctx, w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
					w.index, w.objects.Fault, w.objects.Body = good, nil, nil
					if name == "Success" {
						return // nothing is left to open it for
					}
					opened, err := w.ledger.OpenSlice(t.Context(), activities.Attempt{Task: task, ID: "after"}, 9)
					if err != nil || opened.Unclean != lost {
						t.Errorf("%d attempts count as lost, %v; want %d", opened.Unclean, err, lost)
					}
				})
			})
		}
	}
}

func TestCarefulSliceStops(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(w *world, cancel context.CancelFunc){
		"Cancel":   func(_ *world, cancel context.CancelFunc) { cancel() },
		"Shutdown": func(w *world, _ context.CancelFunc) { close(w.stop) },
	} {
		for where, hold := range map[string]func(w *world) (free func()){
			"WhileFetching": func(w *world) func() { w.held(); return func() {} }, // never comes
			"WhileCoresAreTaken": func(w *world) func() { // by a picture that is decoded for long
				_ = w.limits.Cores.Acquire(w.Context(), 1)
				return func() { w.limits.Cores.Release(1) }
			},
		} {
			t.Run(name+where, func(t *testing.T) {
				t.Parallel()
				inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
					task := w.begin(w.pictures(5)...)
					list := w.plan(task, 100)
					w.lose(task, 0, list, 0, 1) // the first line has to be alone
					free := hold(w)
					ctx, cancel := context.WithCancel(t.Context())
					a := w.start(ctx, task, list)
					start := time.Now()
					stop(w, cancel)
					<-a.done
					cancel()
					if took := time.Since(start); took > 10*time.Second {
						t.Errorf("stopping took %s", took)
					}
					if a.err != nil || a.result.Whole || a.result.Tally.Done() != 0 {
						t.Errorf("result = %+v, %v; want nothing done and nothing isolated", a.result, a.err)
					}
					free()
				})
			})
		}
	}
}

func TestCarefulSliceCommitsWhatIsInHand(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(5)...)
		list := w.plan(task, 100)
		w.lose(task, 0, list, 0, 0)
		gate := make(chan struct{})
		w.imager.Featurize = func(_ context.Context, seed string) error {
			if seed == "seed2" {
				<-gate
			}
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		w.beats = make(chan struct{}, 9)
		a := w.start(ctx, task, list)
		cancel()
		<-w.beats // heartbeats go on
		synctest.Wait()
		close(gate)
		<-a.done
		if a.err != nil || a.result.Tally.Succeeded != 3 || a.result.Whole {
			t.Errorf("result = %+v, %v; want the three lines that were begun", a.result, a.err)
		}
	})
}
