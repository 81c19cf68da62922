package activities_test

import (
	"context"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// ahead dates everything that the database holds, as workers and a Temporal whose
// clocks were ahead by so much have left it.
func (w *world) ahead(by time.Duration) {
	w.Helper()
	if err := w.ledger.Write(w.Context(), func(tx *store.Tx) error {
		for _, statement := range []string{
			"UPDATE task SET run_started = run_started + ?1, ended = ended + ?1, callback_next = callback_next + ?1",
			"UPDATE attempt SET opened = opened + ?1",
			"UPDATE operation SET taken = taken + ?1",
			"UPDATE rate SET due = due + ?1",
		} {
			if _, err := tx.Exec(statement, by.Nanoseconds()); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		w.Fatal(err)
	}
}

// However the older task ended, and whatever its clock was, the next one begins,
// has its lines applied and ends.
func TestTaskBeginsAfterAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	stop := func(w *world, older int64) { w.close(older, contract.StateStop, "stopped") }
	for name, test := range map[string]struct {
		by         time.Duration
		before     func(w *world, older int64) // the clock is set right
		after      func(w *world, older int64)
		terminated bool // by the begin of the next one
	}{
		"Ended":                         {by: 7 * 365 * 24 * time.Hour, before: stop},
		"EndedAfterTheClockWasSetRight": {by: time.Hour, after: stop},
		"TerminatedAndSettled": {by: 24 * time.Hour, after: func(w *world, older int64) {
			nobody := fakes.Runs{OpenFunc: func(context.Context, string, string) (bool, error) { return false, nil }}
			must(w, (&activities.Tasks{Ledger: w.ledger, Runs: nobody}).CloseTerminated, contract.Nothing{})
		}},
		"TerminatedWithItsFenceOpen": {by: 24 * time.Hour, terminated: true},
		"ClockWasBehind":             {by: -7 * 365 * 24 * time.Hour, before: stop},
		"ClockWasBehindFenceOpen":    {by: -7 * 365 * 24 * time.Hour, terminated: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				lines := w.pictures(6)
				older := w.begin(lines...)
				list := w.plan(older, 3)
				must(w, w.slices().Slice, contract.SliceInput{Task: older, List: list})
				w.lose(older, 1, list, 0)
				if test.before != nil {
					test.before(w, older)
				}
				w.ahead(test.by)
				if test.after != nil {
					test.after(w, older)
				}

				next := w.begin(append(lines[1:], remove("p0", ""))...)
				got, err := w.ledger.Task(t.Context(), older)
				if err != nil || got.State != contract.StateStop || (got.Code == contract.CodeTerminated) != (test.terminated || name == "TerminatedAndSettled") {
					t.Errorf("the older task is %s %s, %v", got.State, got.Code, err)
				}
				if tally := w.runAll(next, 3); tally.Succeeded != 6 {
					t.Errorf("tally %+v; want all lines of the next task", tally)
				}
				if ended := w.close(next, contract.StateSuccess, contract.SuccessMessage); ended.State != contract.StateSuccess {
					t.Errorf("the next task ended as %s %s %q", ended.State, ended.Code, ended.Message)
				}
				if _, there := w.picture("p0", "0.jpg"); there {
					t.Error("the picture that the next task deletes is there: the older one was dated later, and must not count as newer")
				}
				if picture, _ := w.picture("p1", "1.jpg"); picture.Task != next {
					t.Errorf("picture 1 is of task %d; want the newer one, %d", picture.Task, next)
				}
				listed, err := w.ledger.Tasks(t.Context(), contract.ListTasksInput{Instance: "shop"})
				if err != nil || len(listed.Tasks) != 2 || listed.Tasks[0].ID != next {
					t.Errorf("tasks %+v, %v; want the next one first", listed.Tasks, err)
				}
				third := w.begin(lines[0])
				if w.runAll(third, 3); third <= next {
					t.Errorf("the third task is %d, after %d", third, next)
				}
			})
		})
	}
}
