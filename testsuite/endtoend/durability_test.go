package endtoend_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/activities/index"
	"imagebatch/activities/store"
	"imagebatch/testsuite/catalogue"
	"imagebatch/testsuite/oracle"
	"imagebatch/testsuite/ossserver"
	"imagebatch/testsuite/remains"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// ledgerOf opens a stack's database beside its workers.
func ledgerOf(t *testing.T, s *stack.Stack) *store.Store {
	t.Helper()
	ledger, err := store.Open(t.Context(), s.Database())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ledger.Close() })
	return ledger
}

func indexOf(t *testing.T, s *stack.Stack) activities.Index {
	t.Helper()
	return index.New(ledgerOf(t, s))
}

// sameAsSerial holds an instance against the sequential application of its
// manifest, run as that task, to a plain map.
func sameAsSerial(t *testing.T, s *stack.Stack, instance string, task int64, batch catalogue.Batch) {
	t.Helper()
	failed := func(line int64) bool { _, ok := batch.Failures[line]; return ok }
	want, err := oracle.Index{}.Apply(task, batch.Manifest, failed)
	if err != nil {
		t.Fatal(err)
	}
	pictures := indexOf(t, s)
	held, err := pictures.Instance(t.Context(), instance)
	if err != nil {
		t.Fatal(err)
	}
	if held.Pictures != int64(len(want)) {
		t.Errorf("the index holds %d pictures, applying the lines in order gives %d", held.Pictures, len(want))
	}
	for key, picture := range want {
		stored, err := pictures.Picture(t.Context(), contract.PictureRef{Instance: instance, ProductID: key.ProductID, PicName: key.PicName})
		if err != nil {
			t.Errorf("%v: %v", key, err)
			continue
		}
		got := oracle.Picture{
			Key: key, CustomContent: stored.CustomContent, IntAttrs: stored.IntAttrs, StrAttrs: stored.StrAttrs,
			Task: stored.Task, Line: stored.Line,
		}
		if picture.CategoryID != nil {
			got.CategoryID = &stored.CategoryID
		}
		if diff := cmp.Diff(picture, got); diff != "" {
			t.Errorf("%v (-serial +index):\n%s", key, diff)
		}
	}
}

// manifestSeed is what manifests are drawn from; a failed run names the one that repeats it.
var manifestSeed = flag.Uint64("manifests", 0, "what TestRandomManifestEndsAsIfAppliedLineByLine draws from; 0 for something new each time")

func TestRandomManifestEndsAsIfAppliedLineByLine(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 2, nil)
	drawn := *manifestSeed
	if drawn == 0 {
		drawn = rand.Uint64()
	}
	t.Logf("repeat with -args -manifests=%d", drawn)
	draw := rand.New(rand.NewPCG(drawn, 0))
	for n, seed := range []uint64{0, 1, draw.Uint64(), draw.Uint64(), draw.Uint64(), draw.Uint64()} {
		instance := fmt.Sprintf("random-%d", n)
		createInstance(t, s, instance)
		batch := randomBatch(t, s, instance, seed, 1000)
		result := start(t, s, exitSomeFailed, instance, instance, small...)
		conserved(t, result)
		if result.List.Lines != batch.Lines || result.Tally.Failed != int64(len(batch.Failures)) {
			t.Errorf("%s: %d lines, %d failed; want %d and %d", instance, result.List.Lines, result.Tally.Failed, batch.Lines, len(batch.Failures))
		}
		sameAsSerial(t, s, instance, result.ID, batch)
	}
}

func TestKilledWorkersChangeNothing(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 2, nil)
	createInstance(t, s, "killed")
	batch := randomBatch(t, s, "killed", 7, 2000)
	// Reading pictures takes its time, so that every worker has slices in hand.
	if _, err := s.OSS.SetFaults(t.Context(), ossserver.Fault{Pattern: stack.Bucket + "/killed/tiny/*", DelayMS: 250}); err != nil {
		t.Fatal(err)
	}
	id := begun(t, s, "killed", "killed", small...)
	running := task(t, s, id)
	eventually(t, "workers were killed with slices in hand", func() bool {
		for _, worker := range s.Workers[len(s.Workers)-2:] {
			worker.Kill()
		}
		lost := attemptsAt(t, s, running).Lost
		for range 2 {
			if _, err := s.StartWorker(nil); err != nil {
				t.Fatal(err)
			}
		}
		return lost > 0
	})
	s.Temporal.Kill()
	if err := s.StartTemporal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.OSS.SetFaults(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t, s, exitSomeFailed, "batch", "watch", fmt.Sprint(id))
	done := task(t, s, id)
	conserved(t, done)
	if attempts := attemptsAt(t, s, done); attempts.Lost == 0 {
		t.Errorf("no attempt was lost; the kills struck nobody")
	}
	if done.Tally.Failed != int64(len(batch.Failures)) {
		t.Errorf("%d lines failed, planted were %d", done.Tally.Failed, len(batch.Failures))
	}
	sameAsSerial(t, s, "killed", id, batch)
}

// attemptsAt reads what became of the attempts at a task's slices.
func attemptsAt(t *testing.T, s *stack.Stack, task contract.Task) remains.Attempts {
	t.Helper()
	attempts, err := remains.ReadAttempts(t.Context(), ledgerOf(t, s), temporalClient(t, s), task)
	if err != nil {
		t.Fatal(err)
	}
	return attempts
}

// randomBatch puts a random manifest and its pictures into a folder.
func randomBatch(t *testing.T, s *stack.Stack, folder string, seed uint64, lines int) catalogue.Batch {
	t.Helper()
	batch, err := catalogue.Random(seed, lines, catalogue.Mix{Bad: true, Blank: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range batch.Pictures {
		put(t, s, folder+"/"+name, content)
	}
	put(t, s, folder+"/"+contract.ManifestName, batch.Manifest)
	return batch
}

// TestWorkersThatAreReplacedLoseNothing rolls a new version out, as it were, ten
// times within one task.
func TestWorkersThatAreReplacedLoseNothing(t *testing.T) {
	t.Parallel()
	const replacements = 10
	s := ownStack(t, 1, nil)
	createInstance(t, s, "rolling")
	batch := randomBatch(t, s, "rolling", 11, 4000)
	// Reading pictures takes its time, so that the task is under way for long enough.
	if _, err := s.OSS.SetFaults(t.Context(), ossserver.Fault{Pattern: stack.Bucket + "/rolling/tiny/*", DelayMS: 250}); err != nil {
		t.Fatal(err)
	}
	id := begun(t, s, "rolling", "rolling", small...)
	for range replacements {
		old := s.Workers[len(s.Workers)-1]
		if _, err := s.StartWorker(nil); err != nil {
			t.Fatal(err)
		}
		if err := old.Stop(time.Minute); err != nil {
			t.Error(err)
		}
	}
	if task(t, s, id).State.Final() {
		t.Error("the task was over before all workers were replaced")
	}
	if _, err := s.OSS.SetFaults(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t, s, exitSomeFailed, "batch", "watch", fmt.Sprint(id))
	done := task(t, s, id)
	conserved(t, done)
	sameAsSerial(t, s, "rolling", id, batch)

	attempts := attemptsAt(t, s, done)
	if attempts.Lost != 0 || attempts.Failed != 0 {
		t.Errorf("%d attempts had begun and were lost, %d failed", attempts.Lost, attempts.Failed)
	}
	// The server may hand a slice to a worker that has just left. Nobody has begun
	// it, and half a minute later somebody else gets it.
	t.Logf("%d slices were scheduled, %d timed out without having begun", attempts.Slices, attempts.NotBegun())
}
