package index_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"imagebatch/workflows/contract"
)

func ref(name string) contract.PictureRef {
	return contract.PictureRef{Instance: "shop", ProductID: "p", PicName: name}
}

func TestUpdatedFieldsOutliveOlderLines(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	task := s.begin("shop")
	s.commit(task, put(1, "p", "a", "one"))
	number, text, content := int32(-7), "blue", "updated"
	update := contract.Attributes{CustomContent: &content, IntAttrs: [4]*int32{3: &number}, StrAttrs: [4]*string{&text}}
	s.must(s.index.UpdateImage(s.Context(), "first", ref("a"), update))
	s.wantRows("while an older task is open", "field", 3)
	s.commit(task, put(2, "p", "a", "two")) // the task began before: it leaves the fields alone
	want := contract.Picture{ProductID: "p", PicName: "a", CustomContent: &content, Task: task, Line: 2,
		IntAttrs: [4]*int32{3: &number}, StrAttrs: [4]*string{&text}}
	check := func(what string) {
		t.Helper()
		got, err := s.index.Picture(s.Context(), ref("a"))
		s.must(err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, -want +got:\n%s", what, diff)
		}
	}
	check("after an older line")

	other := "not again"
	update.CustomContent = &other
	s.must(s.index.UpdateImage(s.Context(), "first", ref("a"), update))
	check("after the same update again")

	s.commit(task, deletion(3, "p", "a"), put(4, "p", "a", "four"))
	want.Line = 4
	check("after an older deletion and another older line")

	later := s.begin("shop")
	s.commit(later, put(1, "p", "a", "later"))
	content = "later"
	want = contract.Picture{ProductID: "p", PicName: "a", CustomContent: &content, Task: later, Line: 1}
	check("after a line of a later task")
	s.wantRows("after it", "field", 0)

	s.stop(later)
	content = "alone"
	s.must(s.index.UpdateImage(s.Context(), "second", ref("a"), contract.Attributes{CustomContent: &content}))
	check("after an update while no task is open")
	s.wantRows("after it", "field", 0)
}

// Updates are made while the lines of a task that began before them are being
// committed in any order. In the end every picture has the last line's values,
// and over them those of the updates, as if the task had run before them all.
func TestUpdatesOrderAgainstTasks(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	task, runs := int64(0), 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		if task != 0 {
			s.stop(task)
		}
		task = s.begin("shop")
		name := fmt.Sprint("picture ", runs)
		type line struct {
			number int64
			add    bool
		}
		var lines []line
		for n := range rapid.IntRange(1, 6).Draw(rt, "lines") {
			lines = append(lines, line{int64(n + 1), rapid.Bool().Draw(rt, "add")})
		}
		content, first := "", (*string)(nil)
		for i, l := range rapid.Permutation(lines).Draw(rt, "order") {
			outcome := deletion(l.number, "p", name)
			if l.add {
				outcome = put(l.number, "p", name, fmt.Sprint("line ", l.number))
			}
			s.commit(task, outcome)
			if !rapid.Bool().Draw(rt, "update") {
				continue
			}
			text := fmt.Sprint("update ", i)
			update := contract.Attributes{CustomContent: &text}
			if rapid.Bool().Draw(rt, "other field") {
				update.CustomContent, update.StrAttrs[2] = nil, &text
			}
			switch err := s.index.UpdateImage(s.Context(), fmt.Sprint(runs, "/", i), ref(name), update); {
			case errors.Is(err, &contract.Error{Code: contract.CodePicNotExist}):
			case err != nil:
				rt.Fatal(err)
			case update.CustomContent != nil:
				content = text
			default:
				first = &text
			}
		}
		got, err := s.index.Picture(s.Context(), ref(name))
		last := lines[len(lines)-1]
		if !last.add {
			if !errors.Is(err, &contract.Error{Code: contract.CodePicNotExist}) {
				rt.Errorf("got %+v, %v; the last line deletes the picture", got, err)
			}
			return
		}
		s.must(err)
		if content == "" {
			content = fmt.Sprint("line ", last.number)
		}
		want := contract.Picture{ProductID: "p", PicName: name, CustomContent: &content, StrAttrs: [4]*string{2: first}, Task: task, Line: last.number}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("the picture, -want +got:\n%s", diff)
		}
	})
}
