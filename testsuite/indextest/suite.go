// Package indextest is the conformance suite of activities.Ledger,
// activities.Index and activities.Pictures: what every store of the system
// promises, written against the interfaces alone.
//
// A backend passes when Run does. The suite shares no code with any backend, and
// states what must hold as plain data: see serial.go for the promise that
// everything else serves.
package indextest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// Index is all that the index of a store does.
type Index interface {
	activities.Index
	activities.Pictures
}

// Open makes an empty store for a test, and closes it when the test ends.
type Open func(t *testing.T) (activities.Ledger, Index)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, group := range []struct {
		name string
		test func(t *testing.T, open Open)
	}{
		{"Begin", testBegin},
		{"Plan", testPlan},
		{"End", testEnd},
		{"Listing", testListing},
		{"Commit", testCommit},
		{"Order", testOrder},
		{"Products", testProducts},
		{"Refusals", testRefusals},
		{"Instances", testInstances},
		{"Named", testNamed},
		{"Search", testSearch},
		{"SearchQueries", testSearchQueries},
		{"AddImage", testAddImage},
		{"UpdateImage", testUpdateImage},
		{"DeleteImage", testDeleteImage},
		{"Sources", testSources},
		{"Dump", testDump},
		{"SerialEquivalence", testSerialEquivalence},
		{"Concurrency", testConcurrency},
		{"Attempts", testAttempts},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			group.test(t, open)
		})
	}
}

// Features is the feature version that the suite stores pictures with.
const Features = "test-1"

// prover is what tests and properties have in common.
type prover interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Context() context.Context
}

// world is a store with one instance, and short ways to say what happens to it.
// It is for one goroutine; failures end the test.
type world struct {
	prover
	ledger   activities.Ledger
	index    Index
	instance string
	started  time.Time
	runs     int
}

func newWorld(t *testing.T, open Open, capacity int64) *world {
	t.Helper()
	ledger, index := open(t)
	w := &world{prover: t, ledger: ledger, index: index, instance: "shop", started: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	w.create("shop", capacity)
	return w
}

func (w *world) create(name string, capacity int64) contract.Instance {
	w.Helper()
	instance, err := w.index.CreateInstance(w.Context(), contract.CreateInstanceInput{
		Name: name, Region: "cn-shanghai", ServiceType: contract.ServiceProduct, Capacity: capacity,
	}, "create-"+name)
	w.must(err)
	return instance
}

// beginInput is of a run that starts a second after the one before.
func (w *world) beginInput() contract.BeginInput {
	w.runs++
	w.started = w.started.Add(time.Second)
	return contract.BeginInput{
		Kind: contract.KindBatchTask, WorkflowID: contract.BatchTaskWorkflowID(w.instance), RunID: fmt.Sprintf("run-%s-%d", w.instance, w.runs),
		RunStarted: w.started, Instance: w.instance, Bucket: "photos", Path: "/spring", Callback: "https://shop.example/hook", FromRoot: true,
		MaxFailures: "5%", MaxDeletes: "1000",
	}
}

func (w *world) begin() int64 {
	w.Helper()
	result, err := w.ledger.Begin(w.Context(), w.beginInput(), nil)
	w.must(err)
	return result.Task
}

// plan gives a task a work list; blank lines are those of the list that count
// for nothing.
func (w *world) plan(task int64, rawLines, blank, sliceLines int) contract.WorkList {
	w.Helper()
	list, err := w.ledger.SetPlan(w.Context(), task, workList(rawLines, blank, sliceLines))
	w.must(err)
	return list
}

func workList(rawLines, blank, sliceLines int) contract.WorkList {
	return contract.WorkList{
		Bucket: "photos", Key: "spring/increment.meta", ETag: "etag", Size: int64(rawLines) * 100, Lines: int64(rawLines - blank),
		RawLines: int64(rawLines), SliceLines: sliceLines, Slices: (rawLines + sliceLines - 1) / sliceLines, OffsetsKey: "offsets", Digest: "digest",
	}
}

// task begins and plans one whose slices have sliceLines lines.
func (w *world) task(rawLines, blank, sliceLines int) (int64, contract.WorkList) {
	w.Helper()
	task := w.begin()
	return task, w.plan(task, rawLines, blank, sliceLines)
}

func batchOf(task int64, list contract.WorkList, slice int, outcomes ...activities.Outcome) activities.Batch {
	return activities.Batch{Task: task, Slice: slice, First: list.FirstLine(slice), Lines: list.LinesOf(slice), Outcomes: outcomes}
}

func (w *world) commit(task int64, list contract.WorkList, slice int, outcomes ...activities.Outcome) activities.SliceRecord {
	w.Helper()
	record, err := w.index.Commit(w.Context(), batchOf(task, list, slice, outcomes...))
	w.must(err)
	return record
}

func (w *world) deleteProduct(task int64, list contract.WorkList, slice int, line int64, product string) activities.SliceRecord {
	w.Helper()
	record, err := w.index.DeleteProduct(w.Context(), batchOf(task, list, slice, deletesProduct(line)), product)
	w.must(err)
	return record
}

func (w *world) end(task int64, state contract.State) contract.Task {
	w.Helper()
	ended, err := w.ledger.End(w.Context(), contract.Ending{Task: task, State: state, Message: contract.SuccessMessage})
	w.must(err)
	return ended
}

// read is a task with its totals. Those of a closed one are its own facts too.
func (w *world) read(task int64) contract.Task {
	w.Helper()
	found, err := w.ledger.Tasks(w.Context(), contract.ListTasksInput{ID: task})
	w.must(err)
	if len(found.Tasks) != 1 {
		w.Fatal("task", task, "is not found")
	}
	if facts, err := w.ledger.Task(w.Context(), task); err != nil {
		w.Fatal(err)
	} else if facts.State.Final() {
		wantSame(w, "facts of a closed task", facts, found.Tasks[0])
	}
	return found.Tasks[0]
}

// version is the line that stored a picture, as "task:line", or "" without one.
func (w *world) version(product, name string) string {
	w.Helper()
	picture, err := w.index.Picture(w.Context(), contract.PictureRef{Instance: w.instance, ProductID: product, PicName: name})
	if contract.IsCode(err, contract.CodePicNotExist) {
		return ""
	}
	w.must(err)
	return fmt.Sprintf("%d:%d", picture.Task, picture.Line)
}

func (w *world) wantVersion(product, name string, task, line int64) {
	w.Helper()
	if got, want := w.version(product, name), fmt.Sprintf("%d:%d", task, line); got != want {
		w.Errorf("picture %s/%s is of line %q, want %q", product, name, got, want)
	}
}

func (w *world) wantAbsent(product, name string) {
	w.Helper()
	if got := w.version(product, name); got != "" {
		w.Errorf("picture %s/%s is there, of line %q, want none", product, name, got)
	}
}

func (w *world) wantPictures(want int64) {
	w.Helper()
	instance, err := w.index.Instance(w.Context(), w.instance)
	w.must(err)
	if instance.Pictures != want {
		w.Errorf("the instance counts %d pictures, want %d", instance.Pictures, want)
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func wantCode(t prover, err error, code contract.Code) {
	t.Helper()
	if !contract.IsCode(err, code) {
		t.Errorf("got error %v, want one with code %s", err, code)
	}
}

func wantSame(t prover, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs, -want +got:\n%s", what, diff)
	}
}
