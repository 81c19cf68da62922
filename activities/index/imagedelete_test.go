package index_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
)

// brokenPicture is the one whose deletion fails while the disk is broken.
const brokenPicture = "01500.jpg"

// breakable is a shop with 2,500 pictures of one product, and what breaks and
// mends the deletion of the one in the middle.
func breakable(t *testing.T) (s *shop, mend func()) {
	t.Helper()
	s = newShop(t)
	task := s.begin("shop")
	var many []activities.Outcome
	for line := int64(1); line <= 2500; line++ {
		many = append(many, put(line, "p", pictureName(line), ""))
	}
	s.commit(task, many...)
	s.stop(task)
	s.execute("CREATE TRIGGER broken BEFORE DELETE ON picture WHEN old.name = '" + brokenPicture + "' BEGIN SELECT RAISE(ABORT, 'broken disk'); END")
	return s, func() { s.execute("DROP TRIGGER broken") }
}

func pictureName(line int64) string { return fmt.Sprintf("%05d.jpg", line) }

func (s *shop) execute(statement string) {
	s.Helper()
	s.must(s.store.Write(s.Context(), func(t *store.Tx) error {
		_, err := t.Exec(statement)
		return err
	}))
}

// The deletions that take several transactions: of a product, and by a filter.
var longDeletions = map[string]struct {
	ref      contract.PictureRef
	selected *filter.Expression
}{
	"Product": {contract.PictureRef{Instance: "shop", ProductID: "p"}, nil},
	"Filter":  {contract.PictureRef{Instance: "shop"}, &filter.Expression{Condition: filter.Condition{Field: 4, Operator: filter.Equal, Strs: []string{"x"}}}},
}

func TestBrokenDeletionGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range longDeletions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, mend := breakable(t)
			s.execute("UPDATE picture SET str_attr = 'x'")
			if _, err := s.index.DeleteImage(s.Context(), "run", c.ref, c.selected); err == nil || !strings.Contains(err.Error(), "broken disk") {
				t.Fatalf("got %v, want the error of the disk", err)
			}
			s.wantRows("after the first step", "picture", 1500)
			s.add("added meanwhile", "shop", put(0, "p", "kept.jpg", ""))
			s.execute("UPDATE picture SET str_attr = 'x'")
			later := s.begin("shop")
			s.commit(later, put(1, "p", pictureName(2000), ""))
			mend()

			got, err := s.index.DeleteImage(s.Context(), "run", c.ref, c.selected)
			s.must(err)
			want := contract.DeleteImageResult{Deleted: 2499, PicNames: []string{}}
			for line := int64(1); line <= contract.DeletedNames; line++ {
				want.PicNames = append(want.PicNames, pictureName(line))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the result of both attempts, -want +got:\n%s", diff)
			}
			s.wantRows("newer than the deletion", "picture", 2)
			again, err := s.index.DeleteImage(s.Context(), "run", c.ref, c.selected)
			s.must(err)
			if diff := cmp.Diff(want, again); diff != "" {
				t.Errorf("the result of a repeat, -want +got:\n%s", diff)
			}
			s.wantRows("after the repeat", "picture", 2)
			if instance, err := s.index.Instance(s.Context(), "shop"); instance.Pictures != 2 {
				t.Errorf("the instance counts %d pictures, %v", instance.Pictures, err)
			}
		})
	}
}

// A deletion goes with the instance that it began on: it does not touch another
// one of the same name.
func TestDeletionEndsWithItsInstance(t *testing.T) {
	t.Parallel()
	for name, c := range longDeletions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, mend := breakable(t)
			s.execute("UPDATE picture SET str_attr = 'x'")
			if _, err := s.index.DeleteImage(s.Context(), "run", c.ref, c.selected); err == nil {
				t.Fatal("nothing is broken")
			}
			mend()
			s.must(s.index.DeleteInstance(s.Context(), "delete", "shop"))
			wantGone := func() {
				t.Helper()
				if _, err := s.index.DeleteImage(s.Context(), "run", c.ref, c.selected); !errors.Is(err, &contract.Error{Code: contract.CodeInstanceNotFound}) {
					t.Errorf("got %v, want an instance not found", err)
				}
			}
			wantGone()
			_, err := s.index.CreateInstance(s.Context(), contract.CreateInstanceInput{Name: "shop", Region: "cn-shanghai", Capacity: 10}, "shop again")
			s.must(err)
			s.commit(s.begin("shop"), put(1, "p", "a.jpg", ""))
			s.execute("UPDATE picture SET str_attr = 'x'")
			wantGone()
			s.wantRows("of the new instance", "picture", 1)
		})
	}
}

// Vectors and sources go with their pictures, however these go.
func TestSourcesGoWithTheirPictures(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for run, name := range map[string]string{"one": "a", "two": "b", "three": "c", "four": "d", "five": "e"} {
		s.add(run, "shop", put(0, "p", name, ""))
	}
	s.wantRows("of five pictures", "source", 5)
	s.add("six", "shop", put(0, "p", "a", ""))
	s.wantRows("with one added again", "source", 5)
	s.delete("seven", ref("a"))
	s.wantRows("with one deleted", "source", 4)
	task := s.begin("shop")
	s.commit(task, put(1, "p", "b", ""))
	s.wantRows("with one replaced by a task", "source", 3)
	s.commit(task, deletion(2, "p", "c"))
	s.wantRows("with one deleted by a task", "source", 2)
	s.delete("eight", contract.PictureRef{Instance: "shop", ProductID: "p"})
	for _, table := range []string{"source", "vector", "picture"} {
		s.wantRows("with the product deleted", table, 0)
	}
}

// A page of a dump is a walk along an index, whatever the size of the instance.
func TestDumpNeedsNoSorting(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.must(s.store.Read(s.Context(), func(t *store.Tx) error {
		return t.Each(func(scan func(...any) error) error {
			var id, parent, unused int
			var detail string
			err := scan(&id, &parent, &unused, &detail)
			if !strings.Contains(detail, "SEARCH picture USING INDEX") || !strings.Contains(detail, "product,name)>") {
				s.Errorf("a page is read by %q", detail)
			}
			return err
		}, "EXPLAIN QUERY PLAN SELECT product, framing FROM picture WHERE instance = ? AND (product, name) > (?, ?) ORDER BY product, name LIMIT ?", 1, "p", "n", 10)
	}))
}
