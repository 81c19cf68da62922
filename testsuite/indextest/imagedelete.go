package indextest

import (
	"slices"
	"testing"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
)

// deleted is the result of a deletion that removes these pictures.
func deleted(names ...string) contract.DeleteImageResult {
	slices.Sort(names)
	return contract.DeleteImageResult{Deleted: int64(len(names)), PicNames: append([]string{}, names[:min(len(names), contract.DeletedNames)]...)}
}

func (w *world) deleteImage(run string, ref contract.PictureRef, condition string) contract.DeleteImageResult {
	w.Helper()
	var selected *filter.Expression
	if condition != "" {
		var err error
		selected, err = filter.Parse(condition)
		w.must(err)
	}
	result, err := w.index.DeleteImage(w.Context(), run, ref, selected)
	w.must(err)
	return result
}

func testDeleteImage(t *testing.T, open Open) {
	t.Run("Picture", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		older, list := w.task(4, 0, 4)
		w.commit(older, list, 0, adds(1, "p", "a", 0), adds(2, "p", "b", 0))
		wantSame(t, "the result", w.deleteImage("run", w.ref("p", "a"), ""), deleted("a"))
		w.commit(older, list, 0, adds(3, "p", "a", 0)) // comes too late
		w.wantAbsent("p", "a")
		w.wantVersion("p", "b", older, 2)
		wantSame(t, "the result for an absent picture", w.deleteImage("absent", w.ref("p", "A"), ""), deleted())
		added := w.addImage("added", "p", "a", 0)
		wantSame(t, "the result of the repeat", w.deleteImage("run", w.ref("p", "a"), ""), deleted("a"))
		wantSame(t, "the picture added since", w.picture("p", "a"), added)
		w.wantPictures(2)
	})
	t.Run("Product", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		older, list := w.task(8, 0, 8)
		w.commit(older, list, 0, adds(1, "p", "b", 0), adds(2, "p", "a", 0), adds(3, "q", "a", 0))
		wantSame(t, "the result", w.deleteImage("run", w.ref("p", ""), ""), deleted("a", "b"))
		w.commit(older, list, 0, adds(4, "p", "a", 0), adds(5, "p", "c", 0)) // come too late
		newer, list := w.task(1, 0, 1)
		w.commit(newer, list, 0, adds(1, "p", "a", 0))
		w.addImage("added", "p", "b", 0)
		wantSame(t, "the result of the repeat", w.deleteImage("run", w.ref("p", ""), ""), deleted("a", "b"))
		wantSame(t, "the result for an absent product", w.deleteImage("absent", w.ref("P", ""), ""), deleted())
		w.wantVersion("p", "a", newer, 1)
		w.wantVersion("q", "a", older, 3)
		w.wantAbsent("p", "c")
		w.wantPictures(3)
	})
	t.Run("Selection", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		older, list := w.task(8, 0, 8)
		for line, name := range []string{1: "a", 2: "b", 3: "c", 4: "d"} { // int_attr is the line
			if name != "" {
				w.commit(older, list, 0, adds(int64(line), "p", name, 0))
			}
		}
		seven := int32(7)
		w.must(w.index.UpdateImage(w.Context(), "update", w.ref("p", "a"), contract.Attributes{IntAttrs: [4]*int32{&seven}}))
		instance := contract.PictureRef{Instance: w.instance}
		wantSame(t, "the result", w.deleteImage("run", instance, `int_attr >= 3 AND str_attr2 != "text 4"`), deleted("a", "c"))
		w.commit(older, list, 0, adds(5, "p", "a", 0), adds(6, "p", "f", 0)) // of these only the first was selected
		w.wantAbsent("p", "a")
		w.wantVersion("p", "f", older, 6)
		wantSame(t, "the result of the repeat", w.deleteImage("run", instance, `int_attr >= 3 AND str_attr2 != "text 4"`), deleted("a", "c"))
		wantSame(t, "the result when nothing is selected", w.deleteImage("none", instance, "int_attr4 = 1"), deleted())
		w.wantPictures(3)
	})
	t.Run("LongOnes", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 100_000)
		const many = 9_000 // more than any backend looks through or removes at a time
		task, list := w.task(many+1, 0, many+1)
		var outcomes []activities.Outcome
		var odd, even []string
		for line := int64(many); line >= 1; line-- {
			product, names := "odd", &odd
			if line%2 == 0 {
				product, names = "even", &even
			}
			outcome := adds(line, product, drawnName(line), 0)
			*outcome.Put.Picture.IntAttrs[0] = int32(line % 2)
			outcomes, *names = append(outcomes, outcome), append(*names, drawnName(line))
		}
		w.commit(task, list, 0, append(outcomes, skips(many+1))...)
		w.end(task, contract.StateSuccess)
		wantSame(t, "the result for a product", w.deleteImage("product", w.ref("odd", ""), ""), deleted(odd...))
		w.wantPictures(int64(len(even)))
		wantSame(t, "the result for a selection", w.deleteImage("filter", contract.PictureRef{Instance: w.instance}, "int_attr = 0"), deleted(even...))
		w.wantPictures(0)
	})
	t.Run("Refusals", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		w.addImage("added", "p", "a", 0)
		all, err := filter.Parse("int_attr in (0)")
		w.must(err)
		for name, c := range map[string]struct {
			product, picture string
			selected         *filter.Expression
		}{"Picture": {"p", "a", nil}, "Product": {"p", "", nil}, "Selection": {"", "", all}} {
			_, err := w.index.DeleteImage(w.Context(), "lost "+name, contract.PictureRef{Instance: "nowhere", ProductID: c.product, PicName: c.picture}, c.selected)
			wantCode(t, err, contract.CodeInstanceNotFound)
		}
		w.wantPictures(1)
		wantSame(t, "the result", w.deleteImage("run", w.ref("p", "a"), ""), deleted("a"))
		w.must(w.index.DeleteInstance(w.Context(), "removal", w.instance))
		wantSame(t, "the result of the repeat without the instance", w.deleteImage("run", w.ref("p", "a"), ""), deleted("a"))
		_, err = w.index.DeleteImage(w.Context(), "late", w.ref("p", "a"), nil)
		wantCode(t, err, contract.CodeInstanceNotFound)
	})
}
