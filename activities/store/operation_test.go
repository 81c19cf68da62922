package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// step is a transaction of an operation that counts its transactions.
func step(t *testing.T, s *store.Store, run string, done bool) (number int64, steps int, err error) {
	t.Helper()
	err = s.Write(t.Context(), func(tx *store.Tx) error {
		operation, err := tx.Operate(run, "shop", &steps)
		if err != nil {
			return err
		}
		if number = operation.Number; operation.Done {
			return nil
		}
		steps++
		return operation.Record(steps, done)
	})
	return number, steps, err
}

func TestOperationsTakeNumbersOnce(t *testing.T) {
	t.Parallel()
	s := shop(t)
	type taken struct {
		Number int64
		Steps  int
	}
	var got []taken
	take := func(run string, done bool) {
		number, steps, err := step(t, s, run, done)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, taken{number, steps})
	}
	task := begin(t, s, "task")
	take("one", true)
	take("one", true)
	take("two", false)
	take("three", true)
	take("two", false)
	take("two", true)
	take("two", true)
	last := begin(t, s, "other task")
	if diff := cmp.Diff([]taken{{task + 1, 1}, {task + 1, 1}, {task + 2, 1}, {task + 3, 1}, {task + 2, 2}, {task + 2, 3}, {task + 2, 3}}, got); diff != "" {
		t.Errorf("operations, -want +got:\n%s", diff)
	}
	if last != task+4 {
		t.Errorf("the next task has number %d, want %d", last, task+4)
	}
}

func TestUndoneOperationIsForgotten(t *testing.T) {
	t.Parallel()
	s := shop(t)
	broken := errors.New("broken")
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		operation, err := tx.Operate("run", "shop", nil)
		if err != nil {
			return err
		}
		return errors.Join(operation.Record(nil, true), broken)
	}); !errors.Is(err, broken) {
		t.Errorf("got %v, want the function's own error", err)
	}
	number, steps, err := step(t, s, "run", true)
	if number != 1 || steps != 1 || err != nil {
		t.Errorf("the next attempt has number %d and is step %d, %v; want the first of both", number, steps, err)
	}
}

// An operation belongs to the instance that it began on, not to the name.
func TestOperationOutlivesItsInstance(t *testing.T) {
	t.Parallel()
	s := shop(t)
	for run, done := range map[string]bool{"done": true, "under way": false} {
		if _, _, err := step(t, s, run, done); err != nil {
			t.Fatal(err)
		}
	}
	execute(t, s, "UPDATE instance SET dead = 1")
	for _, recreate := range []bool{false, true} {
		if recreate {
			execute(t, s, `INSERT INTO instance (name, public_id, request_id, region, service_type, capacity, created)
				VALUES ('shop', 'id2', 'request2', 'cn-shanghai', 0, 10, 1)`)
		}
		if _, steps, err := step(t, s, "done", true); steps != 1 || err != nil {
			t.Errorf("recreated %t: the operation that is done answers %d, %v; want what it has answered before", recreate, steps, err)
		}
		if _, _, err := step(t, s, "under way", true); !errors.Is(err, &contract.Error{Code: contract.CodeInstanceNotFound}) {
			t.Errorf("recreated %t: the one under way goes on with %v; want an instance not found", recreate, err)
		}
	}
}

// Old is also what a clock that was ahead has dated: it must not keep the rest.
func TestOldOperationsAreDropped(t *testing.T) {
	t.Parallel()
	for name, taken := range map[string]time.Duration{"Old": -8 * 24 * time.Hour, "DatedByAClockAhead": 7 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shop(t)
			for _, run := range []string{"a", "b", "c", "d"} {
				if _, _, err := step(t, s, run, true); err != nil {
					t.Fatal(err)
				}
			}
			execute(t, s, "UPDATE operation SET taken = ? WHERE run_id IN ('a', 'b', 'c')", time.Now().Add(taken).UnixNano())
			want := map[string][]string{"e": {"c", "d", "e"}, "f": {"d", "e", "f"}, "g": {"d", "e", "f", "g"}}
			for _, run := range []string{"e", "f", "g"} {
				if _, _, err := step(t, s, run, true); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want[run], runs(t, s)); diff != "" {
					t.Errorf("remembered after %s, -want +got:\n%s", run, diff)
				}
			}
		})
	}
}

// runs are the operations that are remembered, the oldest first.
func runs(t *testing.T, s *store.Store) (ids []string) {
	t.Helper()
	if err := s.Read(t.Context(), func(tx *store.Tx) error {
		return tx.Each(func(scan func(...any) error) error {
			var run string
			err := scan(&run)
			ids = append(ids, run)
			return err
		}, "SELECT run_id FROM operation ORDER BY id")
	}); err != nil {
		t.Fatal(err)
	}
	return ids
}

func execute(t *testing.T, s *store.Store, statement string, args ...any) {
	t.Helper()
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(statement, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
