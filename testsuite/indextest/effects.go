package indextest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

func testCommit(t *testing.T, open Open) {
	t.Run("StoresThePicture", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(4, 0, 4)
		w.commit(task, list, 0, adds(3, "p", "a.jpg", 5))
		want := drawn("p", "a.jpg", 5, 3)
		want.Task, want.Line = task, 3
		got, err := w.index.Picture(w.Context(), contract.PictureRef{Instance: w.instance, ProductID: "p", PicName: "a.jpg"})
		w.must(err)
		wantSame(t, "the picture", got, want)
		_, err = w.index.Picture(w.Context(), contract.PictureRef{Instance: "nowhere", ProductID: "p", PicName: "a.jpg"})
		wantCode(t, err, contract.CodeInstanceNotFound)
		w.wantAbsent("p", "A.jpg")
	})
	t.Run("OverlappingAttemptsCountOnce", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(12, 1, 8)
		w.commit(task, list, 1, adds(9, "p", "a", 1), fails(10, contract.CodePictureError))
		// The other attempt saw the pictures change and comes to other results.
		record := w.commit(task, list, 1, fails(9, contract.CodePictureError), adds(10, "p", "b", 1), blank(11), adds(9, "p", "c", 1))
		wantSame(t, "done", doneLines(record, 9, 4), []int64{9, 10, 11})
		wantSame(t, "tally", record.Tally, contract.Tally{
			Counts: contract.Counts{Succeeded: 1, Failed: 1}, Stages: contract.Stages{Fetched: 2, Validated: 1, Featurized: 1, Indexed: 1},
			Codes: map[contract.Code]int64{contract.CodePictureError: 1},
		})
		w.wantVersion("p", "a", task, 9)
		w.wantAbsent("p", "b")
		w.wantAbsent("p", "c")
		again, err := w.ledger.Slice(w.Context(), task, 1, 4)
		w.must(err)
		if diff := cmp.Diff(record, again); diff != "" {
			t.Errorf("the slice read back differs: %s", diff)
		}
		fresh, err := w.ledger.Slice(w.Context(), task, 0, 8)
		w.must(err)
		wantSame(t, "an untouched slice", fresh, activities.SliceRecord{Done: activities.NewBitmap(8), TaskFailed: 1})
	})
	t.Run("FailuresOfTheTaskAreCounted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 1)
		other, otherList := w.task(4, 0, 4)
		w.commit(other, otherList, 0, fails(1, contract.CodePictureError))
		w.end(other, contract.StateStop)
		task, list := w.task(20, 1, 8)
		for n, step := range []struct {
			slice    int
			outcomes []activities.Outcome
			want     int64
		}{
			{0, []activities.Outcome{fails(1, contract.CodePictureError), adds(2, "p", "a", 0), blank(3)}, 1},
			{1, []activities.Outcome{fails(9, contract.CodePictureError), fails(10, contract.CodeInvalidPicURL)}, 3},
			{1, []activities.Outcome{fails(9, contract.CodePictureError), fails(10, contract.CodePictureError)}, 3}, // again
			{2, []activities.Outcome{adds(17, "p", "b", 0)}, 4},                                                     // over the quota
			{0, []activities.Outcome{skips(4)}, 4},
		} {
			if record := w.commit(task, list, step.slice, step.outcomes...); record.TaskFailed != step.want {
				t.Errorf("after commit %d the task has %d failed lines; want %d", n+1, record.TaskFailed, step.want)
			}
		}
		if record := w.deleteProduct(task, list, 0, 5, "p"); record.TaskFailed != 4 {
			t.Errorf("after the deletion of a product the task has %d failed lines; want 4", record.TaskFailed)
		}
		opened, err := w.ledger.OpenSlice(w.Context(), activities.Attempt{Task: task, Slice: 2, ID: "another"}, 4)
		if w.must(err); opened.TaskFailed != 4 {
			t.Errorf("an attempt finds %d failed lines; want 4", opened.TaskFailed)
		}
	})
	t.Run("FailedLineHasNoEffect", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(4, 0, 4)
		w.commit(task, list, 0, adds(1, "p", "a", 0))
		failed := deletes(2, "p", "a")
		failed.Ending, failed.Failure = activities.Failed, &activities.Failure{Code: contract.CodeInvalidMetaItem}
		put := adds(3, "p", "b", 0)
		put.Ending, put.Failure = activities.Failed, &activities.Failure{Code: contract.CodePictureError}
		w.commit(task, list, 0, failed, put)
		w.wantVersion("p", "a", task, 1)
		w.wantAbsent("p", "b")
	})
	t.Run("RefusesWhatIsNotOfTheTask", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(20, 0, 8)
		for name, batch := range map[string]activities.Batch{
			"LineBefore":   {Task: task, Slice: 1, First: 9, Lines: 8, Outcomes: []activities.Outcome{adds(8, "p", "a", 0)}},
			"LineAfter":    {Task: task, Slice: 1, First: 9, Lines: 8, Outcomes: []activities.Outcome{adds(17, "p", "a", 0)}},
			"WrongFirst":   {Task: task, Slice: 1, First: 10, Lines: 8, Outcomes: []activities.Outcome{adds(10, "p", "a", 0)}},
			"WrongLength":  {Task: task, Slice: 2, First: 17, Lines: 8, Outcomes: []activities.Outcome{adds(17, "p", "a", 0)}},
			"NoSuchSlice":  {Task: task, Slice: 3, First: 25, Lines: 8, Outcomes: []activities.Outcome{adds(25, "p", "a", 0)}},
			"BelowNothing": {Task: task, Slice: -1, First: 1, Lines: 8},
		} {
			if _, err := w.index.Commit(w.Context(), batch); err == nil {
				t.Errorf("%s: the batch was applied", name)
			}
		}
		_, err := w.index.Commit(w.Context(), batchOf(task+1, list, 0, adds(1, "p", "a", 0)))
		wantCode(t, err, contract.CodeTaskNotFound)
		w.wantPictures(0)
	})
	t.Run("DeletionsPassOneStage", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(2, 0, 2)
		w.commit(task, list, 0, deletes(1, "p", "never there"))
		record := w.deleteProduct(task, list, 0, 2, "p")
		wantSame(t, "tally", record.Tally, contract.Tally{Counts: contract.Counts{Succeeded: 2}, Stages: contract.Stages{Indexed: 2}})
	})
}

// testOrder commits two lines that touch one picture in both orders.
func testOrder(t *testing.T, open Open) {
	add1, add2 := adds(1, "p", "a", 1), adds(2, "p", "a", 2)
	for name, c := range map[string]struct {
		reason string
		lines  []activities.Outcome // in the order of commits
		want   int64                // line of the picture that stays, 0 for none
	}{
		"AddAdd":              {"the later line wins", []activities.Outcome{add1, add2}, 2},
		"AddAddReversed":      {"the earlier line comes too late", []activities.Outcome{add2, add1}, 2},
		"AddDelete":           {"the deletion is later", []activities.Outcome{add1, deletes(2, "p", "a")}, 0},
		"DeleteThenOlderAdd":  {"a deleted picture does not come back", []activities.Outcome{deletes(2, "p", "a"), add1}, 0},
		"DeleteAdd":           {"the add is later", []activities.Outcome{deletes(1, "p", "a"), add2}, 2},
		"AddThenOlderDelete":  {"the deletion was written before", []activities.Outcome{add2, deletes(1, "p", "a")}, 2},
		"OlderDeletionLast":   {"the newest deletion counts", []activities.Outcome{deletes(3, "p", "a"), deletes(1, "p", "a"), add2}, 0},
		"DeleteOfAnotherName": {"names are exact", []activities.Outcome{deletes(2, "p", "A"), add1}, 1},
		"AddDeleteAdd":        {"whatever comes between", []activities.Outcome{adds(3, "p", "a", 3), deletes(2, "p", "a"), add1}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, together := range []bool{true, false} {
				w := newWorld(t, open, 10)
				task, list := w.task(3, 0, 3)
				if together {
					w.commit(task, list, 0, c.lines...)
				} else {
					for _, line := range c.lines {
						w.commit(task, list, 0, line)
					}
				}
				if c.want == 0 {
					w.wantAbsent("p", "a")
					w.wantPictures(0)
				} else {
					w.wantVersion("p", "a", task, c.want)
					w.wantPictures(1)
				}
				if t.Failed() {
					t.Log(c.reason)
				}
			}
		})
	}
}

func testProducts(t *testing.T, open Open) {
	t.Run("RemovesOlderOnly", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(8, 0, 8)
		w.commit(task, list, 0, adds(1, "p", "a", 0), adds(2, "p", "b", 0), adds(3, "q", "a", 0), adds(5, "p", "c", 0))
		w.deleteProduct(task, list, 0, 4, "p")
		w.commit(task, list, 0, adds(6, "p", "b", 0))
		w.wantAbsent("p", "a")
		w.wantVersion("p", "b", task, 6)
		w.wantVersion("p", "c", task, 5)
		w.wantVersion("q", "a", task, 3)
		w.wantPictures(3)
	})
	t.Run("OlderAddsComeTooLate", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(8, 0, 8)
		w.deleteProduct(task, list, 0, 4, "p")
		record := w.commit(task, list, 0, adds(1, "p", "a", 0), adds(5, "p", "b", 0), adds(2, "q", "a", 0))
		w.wantAbsent("p", "a")
		w.wantVersion("p", "b", task, 5)
		w.wantVersion("q", "a", task, 2)
		wantSame(t, "counts", record.Tally.Counts, contract.Counts{Succeeded: 4})
	})
	t.Run("LargeProductAndRepeats", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 5000)
		task, list := w.task(2501, 0, 3000)
		var outcomes []activities.Outcome
		for line := int64(1); line <= 2500; line++ {
			outcomes = append(outcomes, adds(line, "p", drawnName(line), 0))
		}
		w.commit(task, list, 0, outcomes...)
		first := w.deleteProduct(task, list, 0, 2501, "p")
		wantSame(t, "the repeated deletion", w.deleteProduct(task, list, 0, 2501, "p"), first)
		wantSame(t, "counts", first.Tally.Counts, contract.Counts{Succeeded: 2501})
		w.wantPictures(0)
		w.end(task, contract.StateSuccess)
	})
	t.Run("OneLineAtATime", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(8, 0, 8)
		_, err := w.index.DeleteProduct(w.Context(), batchOf(task, list, 0, deletesProduct(1), deletesProduct(2)), "p")
		wantCode(t, err, contract.CodeInternalError)
	})
}
