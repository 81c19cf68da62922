package indextest

import (
	"fmt"
	"slices"
	"testing"

	"imagebatch/activities"
)

// testNamed is about looking up what a deletion would delete.
func testNamed(t *testing.T, open Open) {
	w := newWorld(t, open, 100_000)
	const many = 12_000 // more than any backend lists at a time
	task, list := w.task(many+4, 0, many+4)
	outcomes := []activities.Outcome{adds(1, "p", "a", 0), adds(2, "p", "b", 0), adds(3, "q", "a", 0), adds(4, "r", "gone", 0)}
	for line := int64(5); line <= many+4; line++ {
		outcomes = append(outcomes, adds(line, "many", drawnName(line), 0))
	}
	w.commit(task, list, 0, outcomes...)
	w.end(task, "SUCCESS")
	task, list = w.task(8, 0, 8)
	w.commit(task, list, 0, deletes(1, "r", "gone"))

	named := func(names ...activities.DeletePicture) (numbers []int64) {
		w.must(w.index.Named(w.Context(), w.instance, names, func(number int64) { numbers = append(numbers, number) }))
		return numbers
	}
	one := func(product, picture string) int64 {
		numbers := named(activities.DeletePicture{Product: product, Picture: picture})
		if len(numbers) != 1 || numbers[0] < 1 {
			t.Fatalf("%s/%s has the numbers %v; want one, counted from 1", product, picture, numbers)
		}
		return numbers[0]
	}
	pa, pb, qa := one("p", "a"), one("p", "b"), one("q", "a")
	if pa == pb || pb == qa || qa == pa {
		t.Errorf("three pictures have the numbers %d, %d and %d", pa, pb, qa)
	}
	if none := named(); none != nil {
		t.Errorf("no names have the pictures %v", none)
	}
	if none := named(activities.DeletePicture{Product: "r"}, activities.DeletePicture{Product: "r", Picture: "gone"}, activities.DeletePicture{Product: "P", Picture: "a"}, activities.DeletePicture{Product: "nowhere"}); none != nil {
		t.Errorf("names that nothing has visit %v", none)
	}
	got := named(activities.DeletePicture{Product: "p"}, activities.DeletePicture{Product: "q", Picture: "a"}, activities.DeletePicture{Product: "p", Picture: "a"})
	want := []int64{pa, pa, pb, qa} // as often as it is named
	slices.Sort(got)
	slices.Sort(want)
	wantSame(t, "the pictures of a product and two more", got, want)

	all := named(activities.DeletePicture{Product: "many"})
	slices.Sort(all)
	if distinct := slices.Compact(slices.Clone(all)); len(all) != many || len(distinct) != many {
		t.Errorf("a product of %d pictures visits %d, %d of them different", many, len(all), len(distinct))
	}
	var names []activities.DeletePicture
	for n := range 1700 {
		names = append(names, activities.DeletePicture{Product: "many", Picture: drawnName(int64(5 + n))}, activities.DeletePicture{Product: "many", Picture: fmt.Sprint("absent", n)})
	}
	if found := named(names...); len(found) != 1700 {
		t.Errorf("of %d names %d are found; want 1700", len(names), len(found))
	}
	wantCode(t, w.index.Named(w.Context(), "elsewhere", names[:1], func(int64) {}), "Console.InstanceNotFound")
}
