package index_test

import (
	"path/filepath"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/index"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// shop is a store with an instance, for what the conformance suite cannot see.
type shop struct {
	*testing.T
	store *store.Store
	index *index.Index
	runs  int
}

func newShop(t *testing.T) *shop {
	t.Helper()
	return newShopAt(t, filepath.Join(t.TempDir(), "index.db"))
}

func newShopAt(t *testing.T, path string) *shop {
	t.Helper()
	s := openStore(t, path)
	sh := &shop{T: t, store: s, index: index.New(s)}
	sh.create("shop")
	return sh
}

func (s *shop) create(name string) {
	s.Helper()
	_, err := s.index.CreateInstance(s.Context(), contract.CreateInstanceInput{Name: name, Region: "cn-shanghai", Capacity: 100_000}, name)
	s.must(err)
}

func (s *shop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *shop) begin(instance string) int64 {
	s.Helper()
	s.runs++
	result, err := s.store.Begin(s.Context(), contract.BeginInput{
		Kind: contract.KindBatchTask, RunID: instance + time.Duration(s.runs).String(), RunStarted: time.Unix(int64(s.runs), 0), Instance: instance,
	}, nil)
	s.must(err)
	return result.Task
}

// slice is a batch of a task with one slice of 4,000 lines.
func slice(task int64, outcomes ...activities.Outcome) activities.Batch {
	return activities.Batch{Task: task, First: 1, Lines: 4000, Outcomes: outcomes}
}

func (s *shop) commit(task int64, outcomes ...activities.Outcome) {
	s.Helper()
	_, err := s.index.Commit(s.Context(), slice(task, outcomes...))
	s.must(err)
}

func (s *shop) stop(task int64) {
	s.Helper()
	_, err := s.store.End(s.Context(), contract.Ending{Task: task, State: contract.StateStop})
	s.must(err)
}

// add stores the picture of an outcome by a single operation.
func (s *shop) add(run, instance string, outcome activities.Outcome) {
	s.Helper()
	s.must(s.index.AddImage(s.Context(), run, instance, *outcome.Put, contract.PicContent{Bucket: "photos", Key: run}))
}

func (s *shop) delete(run string, ref contract.PictureRef) {
	s.Helper()
	_, err := s.index.DeleteImage(s.Context(), run, ref, nil)
	s.must(err)
}

func (s *shop) wantRows(what, table string, want int) {
	s.Helper()
	var got int
	s.must(s.store.Read(s.Context(), func(t *store.Tx) error {
		_, err := t.Row([]any{&got}, "SELECT count(*) FROM "+table)
		return err
	}))
	if got != want {
		s.Errorf("%s: %s has %d rows, want %d", what, table, got, want)
	}
}

func deletion(line int64, product, name string) activities.Outcome {
	return activities.Outcome{Line: line, Stage: activities.Indexed, Delete: &activities.DeletePicture{Product: product, Picture: name}}
}

func put(line int64, product, name, content string) activities.Outcome {
	return activities.Outcome{Line: line, Stage: activities.Indexed, Put: &activities.PutPicture{
		Picture: contract.Picture{ProductID: product, PicName: name, CustomContent: &content},
		Vector:  []byte{1, 2, 3}, FeatureVersion: "v",
	}}
}

func TestTombstonesGoWhenNothingOlderIsOpen(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.create("other")
	other := s.begin("other")
	s.commit(other, deletion(1, "p", "a"))

	task := s.begin("shop")
	var many []activities.Outcome
	for line := int64(1); line <= 2500; line++ {
		many = append(many, deletion(line, "p", time.Duration(line).String()))
	}
	s.commit(task, many...)
	_, err := s.index.DeleteProduct(s.Context(), slice(task, deletion(2600, "p", "")), "p")
	s.must(err)
	s.delete("picture", ref("b"))
	s.delete("product", contract.PictureRef{Instance: "shop", ProductID: "q"})
	s.wantRows("while the task is open", "picture_tombstone", 2502)
	s.wantRows("while the task is open", "product_tombstone", 2)
	s.stop(task)
	s.wantRows("after it, but those of the other instance", "picture_tombstone", 1)
	s.wantRows("after it", "product_tombstone", 0)
	s.delete("another picture", ref("c"))
	s.delete("another product", contract.PictureRef{Instance: "shop", ProductID: "r"})
	s.wantRows("of a deletion that nothing older can follow", "picture_tombstone", 1)
	s.wantRows("of a deletion that nothing older can follow", "product_tombstone", 0)
	s.stop(other)
	s.wantRows("in the end", "picture_tombstone", 0)
}

func TestDeletedInstanceLeavesNoRows(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.create("other")
	task, other := s.begin("shop"), s.begin("other")
	s.commit(other, put(1, "p", "a", ""), put(2, "p", "b", ""))
	s.add("other", "other", put(0, "p", "c", ""))
	s.add("shop", "shop", put(0, "p", "single", ""))
	var many []activities.Outcome
	for line := int64(1); line <= 2100; line++ {
		many = append(many, put(line, "p", time.Duration(line).String(), ""))
	}
	s.commit(task, append(many, deletion(3000, "p", "c"))...)
	s.stop(task)
	s.must(s.index.DeleteInstance(s.Context(), "delete", "shop"))
	s.wantRows("of the other instance", "picture", 3)
	s.wantRows("of the other instance", "vector", 3)
	s.wantRows("of the other instance", "source", 1)
	s.wantRows("of any", "picture_tombstone", 0)
}
