package endtoend_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

func TestProductDoesNotObeyPictures(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("../../bin/worker")
	if err != nil {
		t.Fatal(err)
	}
	order := stack.Poisoned(nil, "")
	if bytes.Contains(program, order) {
		t.Errorf("bin/worker holds %q: it was built with the tag poison; run make build", order)
	}
}

// TestPicturesThatBreakTheDecoderAreIsolated has two of a hundred pictures end
// the process that decodes them, in every way there is.
func TestPicturesThatBreakTheDecoderAreIsolated(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "worker")
	if err := stack.BuildPoisonable(t.Context(), program); err != nil {
		t.Fatal(err)
	}
	s := ownStackWith(t, stack.Options{
		State: t.TempDir(), Bin: "../../bin", Worker: program,
		Settings: stack.Settings{"IMAGEBATCH_IMAGING_DEADLINE": "2s", "IMAGEBATCH_IMAGING_MEMORY": "536870912"},
	})
	createInstance(t, s, "poisoned")

	orders := []string{"header:abort", "pixels:abort", "pixels:hang", "pixels:memory"}
	for n, order := range orders {
		put(t, s, fmt.Sprintf("poisoned/poison%d.jpg", n), stack.Poisoned(picture(t, n), order))
	}
	const lines, every = 400, 50
	planted, want := map[int]string{}, map[int64]contract.Code{}
	for n := every; n <= lines; n += every {
		kind := n / every % len(orders)
		planted[n] = fmt.Sprintf(`{"OperationType":"ADD","ProductId":"poison-%d","PicName":"poison%d.jpg"}`, n, kind)
		want[int64(n)] = contract.CodeUnsupportedPicFormat
		if orders[kind] == "pixels:hang" {
			want[int64(n)] = contract.CodeExtractFeatureTimeout
		}
	}
	shelf(t, s, "poisoned", lines, planted)

	done := start(t, s, exitSomeFailed, "poisoned", "poisoned", small...)
	conserved(t, done)
	if done.State != contract.StateSuccess || done.Tally.Succeeded != lines-int64(len(want)) {
		t.Errorf("state %s, %d lines succeeded; want %s and %d", done.State, done.Tally.Succeeded, contract.StateSuccess, lines-len(want))
	}
	got := map[int64]contract.Code{}
	for _, r := range report(t, s, done.ID) {
		if r.Line > 0 {
			got[r.Line] = r.Code
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("isolated lines (-planted +reported):\n%s", diff)
	}
	for _, worker := range s.Workers {
		select {
		case <-worker.Ended():
			t.Errorf("%s has ended", worker.Name)
		default:
		}
	}
}
