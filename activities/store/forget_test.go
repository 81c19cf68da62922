package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// aged makes a task look as if it had ended so long ago.
func aged(t *testing.T, s *store.Store, id int64, ago time.Duration) {
	t.Helper()
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("UPDATE task SET ended = ? WHERE id = ?", time.Now().Add(-ago).UnixNano(), id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// left counts what the database holds of a task beside its row.
func left(t *testing.T, s *store.Store, id int64) (rows int) {
	t.Helper()
	if err := s.Read(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Row([]any{&rows}, `SELECT (SELECT count(*) FROM slice WHERE task = ?1) +
			(SELECT count(*) FROM failure WHERE task = ?1) + (SELECT count(*) FROM attempt WHERE task = ?1)`, id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

// failed gives a long task so many failed lines and an attempt that was lost.
func failed(t *testing.T, s *store.Store, id int64, lines int) {
	t.Helper()
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Exec("INSERT INTO attempt (task, slice, id, opened) VALUES (?, 0, 'lost', 1)", id); err != nil {
			return err
		}
		_, err := tx.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
			INSERT INTO failure (task, line, start, length, operation, product, picture, code, message, attempts)
			SELECT ?1, i, i, 1, 'ADD', 'p', 'x', 'PictureError', 'bad', 1 FROM n`, id, lines)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

const (
	retention = 90 * 24 * time.Hour
	old       = retention + time.Hour
)

func forget(t *testing.T, s *store.Store, want int) {
	t.Helper()
	forgot, err := s.Forget(t.Context(), time.Now().Add(-retention))
	if err != nil || forgot != want {
		t.Errorf("forgot %d tasks, %v; want %d", forgot, err, want)
	}
}

// A clock that was ahead has dated the end of a task. It is forgotten with the
// newer tasks of its instance, and not before.
func TestTaskThatEndedInTheFutureIsForgottenWithNewerOnes(t *testing.T) {
	t.Parallel()
	s := shop(t)
	ids := map[string]int64{}
	for _, name := range []string{"ahead", "unsettled", "newer", "newest"} {
		ids[name] = longTask(t, s, name, 2)
		end(t, s, contract.Ending{Task: ids[name], State: contract.StateStop})
		if name != "unsettled" {
			if err := s.SetReport(t.Context(), ids[name], contract.ReportResult{Key: "report"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	aged(t, s, ids["ahead"], -7*365*24*time.Hour)
	aged(t, s, ids["unsettled"], -7*365*24*time.Hour)
	aged(t, s, ids["newest"], -7*365*24*time.Hour)
	forget(t, s, 0)
	aged(t, s, ids["newer"], old)
	forget(t, s, 2)
	for name, want := range map[string]bool{"ahead": true, "newer": true, "unsettled": false, "newest": false} {
		if got, err := s.Task(t.Context(), ids[name]); err != nil || got.ForgottenAt.IsZero() == want {
			t.Errorf("%s is forgotten: %t, %v; want %t", name, !want, err, want)
		}
	}
}

// An old task leaves the lists and loses its lines. How it ended, where its
// report is and where its pictures come from stays.
func TestOldTasksAreForgotten(t *testing.T) {
	t.Parallel()
	s := shop(t)
	report := contract.ReportResult{Key: "report", CSVKey: "csv"}
	older := longTask(t, s, "older", 2500)
	failed(t, s, older, 2500)
	ended := end(t, s, contract.Ending{Task: older, State: contract.StateStop, Message: "stopped"})
	young := longTask(t, s, "young", 3)
	end(t, s, contract.Ending{Task: young, State: contract.StateStop})
	running := longTask(t, s, "running", 3)
	for _, id := range []int64{older, young} {
		if err := s.SetReport(t.Context(), id, report); err != nil {
			t.Fatal(err)
		}
	}
	aged(t, s, older, old)
	aged(t, s, young, retention-time.Hour)

	forget(t, s, 1)
	forget(t, s, 0)
	for id, rows := range map[int64]int{older: 0, young: 3, running: 3} {
		if got := left(t, s, id); got != rows {
			t.Errorf("%d rows of task %d are left; want %d", got, id, rows)
		}
	}
	var listed []int64
	for _, task := range tasks(t, s, contract.ListTasksInput{}).Tasks {
		listed = append(listed, task.ID)
	}
	if !slices.Equal(listed, []int64{running, young}) {
		t.Errorf("tasks %v are listed; want the others", listed)
	}
	got := tasks(t, s, contract.ListTasksInput{ID: older}).Tasks
	if len(got) != 1 || time.Since(got[0].ForgottenAt) > time.Minute || got[0].State != contract.StateStop || got[0].ReportKey != "report" ||
		got[0].Tally.Counts != ended.Tally.Counts || got[0].Left() != 0 || got[0].Bucket != ended.Bucket || got[0].Path != ended.Path {
		t.Errorf("the forgotten task is %+v; want how it ended", got)
	}
	if facts, err := s.Task(t.Context(), older); err != nil || facts.ForgottenAt != got[0].ForgottenAt {
		t.Errorf("its facts are %+v, %v", facts, err)
	}
	if unreported, err := s.Unreported(t.Context(), 500); err != nil || len(unreported) != 0 {
		t.Errorf("unreported tasks %v, %v", unreported, err)
	}
}

// What is still being tried is not taken away from those who try it, but it is
// not kept for ever either.
func TestTasksThatAreNotSettledAreKeptLonger(t *testing.T) {
	t.Parallel()
	const late = old + 8*24*time.Hour
	for name, c := range map[string]struct {
		reported bool
		callback contract.CallbackState
		ago      time.Duration
		want     int
	}{
		"Settled":              {true, contract.CallbackDelivered, old, 1},
		"WithoutCallback":      {true, "", old, 1},
		"CallbackFailed":       {true, contract.CallbackFailed, old, 1},
		"CallbackPending":      {true, contract.CallbackPending, old, 0},
		"NotReported":          {false, "", old, 0},
		"CallbackPendingLong":  {true, contract.CallbackPending, late, 1},
		"NotReportedLong":      {false, "", late, 1},
		"YoungerThanRetention": {true, "", retention - time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shop(t)
			id := longTask(t, s, "task", 2)
			end(t, s, contract.Ending{Task: id, State: contract.StateStop})
			if c.reported {
				if err := s.SetReport(t.Context(), id, contract.ReportResult{Key: "report"}); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.SetCallback(t.Context(), contract.CallbackOutcome{Task: id, State: c.callback}); err != nil {
				t.Fatal(err)
			}
			aged(t, s, id, c.ago)
			forget(t, s, c.want)
		})
	}
}

// A process that is stopped while it forgets leaves a task that nobody reads half
// of, and that the next one goes on with.
func TestForgettingIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	s, id := oldTask(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for left(t, s, id) > 4000 {
			if ctx.Err() != nil {
				return
			}
		}
	}()
	if _, err := s.Forget(ctx, time.Now().Add(-retention)); !errors.Is(err, context.Canceled) {
		t.Fatalf("error = %v; want that it was stopped", err)
	}
	half := left(t, s, id)
	if half == 0 || half > 4000 {
		t.Fatalf("%d rows are left; the test stops too late or too early", half)
	}
	if facts, err := s.Task(t.Context(), id); err != nil || facts.ForgottenAt.IsZero() {
		t.Errorf("the half forgotten task is %+v, %v; want it marked", facts, err)
	}
	if listed := tasks(t, s, contract.ListTasksInput{}).Tasks; len(listed) != 0 {
		t.Errorf("it is listed: %+v", listed)
	}
	other := open(t, path)
	forget(t, other, 1)
	if rows := left(t, other, id); rows != 0 {
		t.Errorf("%d rows are left", rows)
	}
}

// oldTask makes a database with an old task that takes several transactions to
// forget.
func oldTask(t *testing.T, path string) (*store.Store, int64) {
	t.Helper()
	s := open(t, path)
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO instance (name, public_id, request_id, region, service_type, capacity, created)
			VALUES ('shop', 'id', 'request', 'cn-shanghai', 0, 10, 1)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	id := longTask(t, s, "old", 3000)
	failed(t, s, id, 3000)
	end(t, s, contract.Ending{Task: id, State: contract.StateStop})
	if err := s.SetReport(t.Context(), id, contract.ReportResult{Key: "report"}); err != nil {
		t.Fatal(err)
	}
	aged(t, s, id, old)
	return s, id
}

// The row of a forgotten task goes once its instance is gone and swept.
func TestRowsOfForgottenTasksGoWithTheirInstance(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	s, id := oldTask(t, path)
	forget(t, s, 1)
	for _, step := range []struct {
		change string
		there  bool
	}{
		{"UPDATE task SET forgotten = 1", true},
		{"UPDATE instance SET dead = 1", true},
		{"UPDATE instance SET swept = 1", false},
	} {
		raw(t, path, step.change)
		forget(t, s, 0)
		if _, err := s.Task(t.Context(), id); (err == nil) != step.there {
			t.Errorf("after %s the task is met with %v; want it there: %t", step.change, err, step.there)
		}
	}
}

// One of the processes sweeps at a time, and a clock that was ahead stops none.
func TestSweepsAreTakenInTurn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	first, second := open(t, path), open(t, path)
	take := func(s *store.Store, every time.Duration) bool {
		t.Helper()
		taken, err := s.TakeSweep(t.Context(), every)
		if err != nil {
			t.Fatal(err)
		}
		return taken
	}
	got := fmt.Sprint(take(first, time.Hour), take(second, time.Hour), take(first, time.Hour), take(second, time.Nanosecond))
	if want := "true false false true"; got != want {
		t.Errorf("turns: %s; want %s", got, want)
	}
	raw(t, path, fmt.Sprintf("UPDATE meta SET value = '%d' WHERE name = 'swept'", time.Now().AddDate(7, 0, 0).UnixNano()))
	if !take(second, time.Hour) {
		t.Error("a turn that was taken in the future lasts until then")
	}
}

// Nothing of a forgotten task comes back.
func TestForgottenTasksTakeNoMoreLines(t *testing.T) {
	t.Parallel()
	s, id := oldTask(t, filepath.Join(t.TempDir(), "index.db"))
	forget(t, s, 1)
	_, err := s.OpenSlice(t.Context(), activities.Attempt{Task: id, ID: "late"}, 10)
	if !contract.IsCode(err, contract.CodeFenceClosed) {
		t.Errorf("error = %v; want %s", err, contract.CodeFenceClosed)
	}
	if rows := left(t, s, id); rows != 0 {
		t.Errorf("%d rows have come back", rows)
	}
}
