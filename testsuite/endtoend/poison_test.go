package endtoend_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

// poisonWord begins the orders that a decoder built for tests obeys.
const poisonWord = "imagebatch-poison:"

func TestProductDoesNotObeyPictures(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("../../bin/worker")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(program, []byte(poisonWord)) {
		t.Errorf("bin/worker holds %q: it was built with the tag poison; run make build", poisonWord)
	}
}

// poisonedPrograms is a folder of programs whose worker obeys pictures.
func poisonedPrograms(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "poison", "-o", filepath.Join(bin, "worker"), "../../worker")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the worker with the tag poison: %v\n%s", err, out)
	}
	programs, err := filepath.Glob("../../bin/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range programs {
		whole, err := filepath.Abs(program)
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(program); name != "worker" {
			if err := os.Symlink(whole, filepath.Join(bin, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return bin
}

// TestPicturesThatBreakTheDecoderAreIsolated has two of a hundred pictures end
// the process that decodes them, in every way there is.
func TestPicturesThatBreakTheDecoderAreIsolated(t *testing.T) {
	t.Parallel()
	s := ownStackOf(t, poisonedPrograms(t), 1, map[string]string{"IMAGEBATCH_IMAGING_DEADLINE": "2s", "IMAGEBATCH_IMAGING_MEMORY": "536870912"})
	createInstance(t, s, "poisoned")

	orders := []string{"header:abort", "pixels:abort", "pixels:hang", "pixels:memory"}
	for n, order := range orders {
		put(t, s, fmt.Sprintf("poisoned/poison%d.jpg", n), append(picture(t, n), poisonWord+order...))
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
