package activities_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/semaphore"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// childDatabase names the database of a child process, which is the test binary
// itself: a worker that runs the slices of the one open task.
const childDatabase = "IMAGEBATCH_TEST_RUN_SLICES_OF"

// The work of the child processes: three slices, of which two have pictures that
// end the process that decodes them.
const (
	crashLines = 90
	crashSlice = 30
)

// poison are the lines that end the process, and how.
var poison = map[int64]func(){
	12: func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }, // as the kernel does when memory is short
	35: func() { os.Exit(3) },                                                // as C code does that aborts
	60: func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }, // the last line of its slice
}

// poisoned stores the pictures and returns the manifest's lines.
func (w *world) poisoned() []string {
	lines := w.pictures(crashLines)
	for line := range poison {
		w.objects.Store(bucket, fmt.Sprintf("%s/%d.jpg", folder, line-1), fakes.Picture(400, 300, fmt.Sprint("poison", line)))
	}
	return lines
}

// TestCrashingWorker is the child process. Alone it does nothing.
func TestCrashingWorker(t *testing.T) {
	path := os.Getenv(childDatabase)
	if path == "" {
		t.Skip("the child process of TestPictureThatTakesTheWorkerDown")
	}
	w := newWorld(t, contract.ServiceProduct, path)
	defer w.ledger.Close()
	w.objects.Store(bucket, meta, strings.Join(w.poisoned(), "\n")+"\n")
	w.limits.Cores, w.limits.AllCores = semaphore.NewWeighted(4), 4
	w.imager.Featurize = func(_ context.Context, seed string) error {
		var line int64
		if _, err := fmt.Sscanf(seed, "poison%d", &line); err == nil {
			poison[line]()
		}
		return nil
	}
	open, err := w.ledger.OpenTasks(t.Context())
	if err != nil || len(open) != 1 {
		t.Fatalf("open tasks %v, %v; want the parent's", open, err)
	}
	list := open[0].List
	offsets, err := os.ReadFile(path + ".offsets")
	if err != nil {
		t.Fatal(err)
	}
	w.objects.Store(results, list.OffsetsKey, string(offsets))
	var group sync.WaitGroup
	for slice := range list.Slices {
		of := *w
		of.log = &strings.Builder{}
		group.Go(func() {
			result, err := execute(t.Context(), &of, of.slices().Slice, contract.SliceInput{Task: open[0].ID, Slice: slice, List: list})
			if err != nil || !result.Whole {
				t.Errorf("slice %d = %+v, %v", slice, result, err)
			}
		})
	}
	group.Wait()
}

// A picture that takes the whole worker with it is isolated by its line, however
// many there are and whatever else the worker had in hand.
func TestPictureThatTakesTheWorkerDown(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	w := newWorld(t, contract.ServiceProduct, path)
	defer w.ledger.Close()
	task := w.begin(w.poisoned()...)
	offsets, _ := w.objects.Text(results, w.plan(task, crashSlice).OffsetsKey)
	if err := os.WriteFile(path+".offsets", []byte(offsets), 0o600); err != nil {
		t.Fatal(err)
	}

	lost := 0
	for {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashingWorker$")
		child.Env = append(os.Environ(), childDatabase+"="+path)
		output, err := child.CombinedOutput()
		if err == nil {
			break
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() == 1 {
			t.Fatalf("the worker failed: %v\n%s", err, output)
		}
		// The budget of the two slices, then twice for each line: when nobody knew
		// whose fault it was, and alone.
		if lost++; lost > 2*2+2*len(poison) {
			t.Fatalf("%d workers are lost, and no end", lost)
		}
	}

	ended := must(w, (&activities.Tasks{Ledger: w.ledger}).End, contract.Ending{Task: task, State: contract.StateSuccess})
	n := int64(len(poison))
	want := contract.Counts{Succeeded: crashLines - n, Failed: n}
	if diff := cmp.Diff(want, ended.Tally.Counts); diff != "" || ended.Total != crashLines {
		t.Errorf("total %d, counts (-want +got):\n%s", ended.Total, diff)
	}
	failures := w.failures(task)
	for line := int64(1); line <= crashLines; line++ {
		failure, failed := failures[line]
		_, there := w.picture(fmt.Sprint("p", line-1), fmt.Sprintf("%d.jpg", line-1))
		if bad := poison[line] != nil; failed != bad || there == bad {
			t.Errorf("line %d failed: %t (%+v), is stored: %t", line, failed, failure, there)
		}
		if failed && failure.Code != contract.CodeUnsupportedPicFormat {
			t.Errorf("line %d failed with %s: %s", line, failure.Code, failure.Message)
		}
	}
	t.Logf("%d workers were lost", lost)
}
