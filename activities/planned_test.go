package activities_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// planKept is where a plan that has not ended is kept.
func (w *world) planKept() (key string) {
	w.Helper()
	for _, key := range w.objects.Keys(results) {
		if strings.HasSuffix(key, "/plan-so-far") {
			return key
		}
	}
	w.Fatal("no plan was kept")
	return ""
}

// stopPlan runs an attempt at a plan whose worker stops once so many bytes of
// the manifest have arrived.
func (w *world) stopPlan(in contract.PlanInput, bytes int64) {
	w.Helper()
	w.objects.Body = func(ctx context.Context, key string, body io.Reader) io.Reader {
		if key != meta {
			return body
		}
		return io.MultiReader(io.LimitReader(body, bytes), fakes.Stalled(ctx))
	}
	w.stop = make(chan struct{})
	failed := make(chan error)
	go func() {
		_, err := execute(w.Context(), w, w.plans().Plan, in)
		failed <- err
	}()
	synctest.Wait()
	close(w.stop)
	wantStopped(w.T, <-failed)
	w.stop = make(chan struct{})
}

// lastPlan runs an attempt to its end, and tells how many bytes of the manifest it
// read.
func (w *world) lastPlan(in contract.PlanInput) (list contract.WorkList, bytes int64, err error) {
	w.Helper()
	w.objects.Body = func(_ context.Context, key string, body io.Reader) io.Reader {
		if key == meta {
			return io.TeeReader(body, counter{&bytes})
		}
		return body
	}
	list, err = execute(w.Context(), w, w.plans().Plan, in)
	w.objects.Body = nil
	return list, bytes, err
}

type counter struct{ bytes *int64 }

func (c counter) Write(p []byte) (int, error) {
	*c.bytes += int64(len(p))
	return len(p), nil
}

// manifestLines are lines of every kind.
func manifestLines(n int) []string {
	lines := []string{"\ufeff" + add("p0", "0.jpg")}
	for len(lines) < n {
		i := len(lines)
		switch i % 7 {
		case 2:
			lines = append(lines, "")
		case 3:
			lines = append(lines, remove(fmt.Sprint("p", i), ""))
		case 5:
			lines = append(lines, add(fmt.Sprint("p", i), "1.jpg", fmt.Sprintf(`"CustomContent":%q`, strings.Repeat("长", i)))+"\r")
		default:
			lines = append(lines, add(fmt.Sprint("p", i), "1.jpg"))
		}
	}
	return lines
}

// However often the workers stop that read a manifest, and wherever: the plan is
// that of one which read it in one go, and no byte is read twice but for the line
// it stopped in.
func TestPlanGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	const lines = 1500
	for name, sizes := range map[string]contract.Sizes{"OwnSizes": {SliceLines: 16}, "UsualSizes": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				manifest := manifestLines(lines)
				whole := int64(len(strings.Join(manifest, "\n") + "\n"))
				undisturbed := w.begin(manifest...)
				want := must(w, w.plans().Plan, contract.PlanInput{Task: undisturbed, Sizes: sizes})
				offsets, _ := w.objects.Text(results, want.OffsetsKey)
				w.close(undisturbed, contract.StateStop, "stopped")

				in := contract.PlanInput{Task: w.open(), Sizes: sizes}
				w.mark = map[string]any{}
				for _, bytes := range []int64{70_000, 1, 65_536, 100_003} {
					w.stopPlan(in, bytes)
				}
				got, bytes, err := w.lastPlan(in)
				if err != nil {
					t.Fatal(err)
				}
				if got.Digest != want.Digest || got.Lines != want.Lines || got.RawLines != want.RawLines || got.Size != want.Size || got.Slices != want.Slices || got.SliceLines != want.SliceLines || got.ETag != want.ETag {
					t.Errorf("plan (-undisturbed +resumed):\n%s", cmp.Diff(want, got))
				}
				if table, _ := w.objects.Text(results, got.OffsetsKey); table != offsets {
					t.Error("the slices begin elsewhere")
				}
				if least := whole - 70_000 - 1 - 65_536 - 100_003; bytes < least || bytes > least+4*longestLine {
					t.Errorf("the last attempt read %d of %d bytes; want about %d", bytes, whole, least)
				}
			})
		})
	}
}

// longestLine is more bytes than any line of those has.
const longestLine = 4800

func TestPlanThatWasKeptIsNotTrusted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason string
		spoil  func(w *world)
	}{
		"Changed":  {"the lines before may be others", func(w *world) { w.objects.Store(bucket, meta, strings.Join(manifestLines(80), "\n")) }},
		"Gone":     {"a lifecycle rule took it", func(w *world) { w.objects.Drop(results, w.planKept()) }},
		"Replaced": {"an attempt that nobody waits for any more kept its own", func(w *world) { w.objects.Store(results, w.planKept(), "another") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				in := contract.PlanInput{Task: w.begin(manifestLines(300)...), Sizes: contract.Sizes{SliceLines: 16}}
				w.mark = map[string]any{}
				w.stopPlan(in, 30_000)
				test.spoil(w)
				text, _ := w.objects.Text(bucket, meta)
				got, bytes, err := w.lastPlan(in)
				if err != nil || got.Size != int64(len(text)) || bytes != got.Size || got.Slices != int(got.RawLines+15)/16 {
					t.Errorf("plan = %+v after %d bytes, %v; want that of the %d bytes that are there: %s", got, bytes, err, len(text), test.reason)
				}
			})
		})
	}
}

// A product that is deleted on both sides of the stop counts once, and one on
// either side counts.
func TestDeletionsAreCountedOverAStop(t *testing.T) {
	t.Parallel()
	for limit, refused := range map[contract.Threshold]bool{"5": true, "6": false} {
		t.Run(string(limit), func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				w.runAll(w.begin(w.pictures(10)...), 0)
				w.close(1, contract.StateSuccess, "ok")
				lines := []string{remove("p1", ""), remove("p2", ""), remove("p3", ""), remove("p4", "")}
				for range 300 {
					lines = append(lines, add("q", "0.jpg"))
				}
				lines = append(lines, remove("p4", ""), remove("p5", ""), remove("p6", ""))
				in := contract.PlanInput{Task: w.begin(lines...), MaxDeletes: limit}
				w.mark = map[string]any{}
				w.stopPlan(in, 9000)
				_, _, err := w.lastPlan(in)
				if refused {
					wantRefusal(t, err, contract.CodeTooManyDeletes)
				} else if err != nil {
					t.Error(err)
				}
			})
		})
	}
}
