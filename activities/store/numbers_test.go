package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// shop makes a store with an instance, past the index that has no part in it.
func shop(t *testing.T) *store.Store {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "index.db"))
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO instance (name, public_id, request_id, region, service_type, capacity, created)
			VALUES ('shop', 'id', 'request', 'cn-shanghai', 0, 10, 1)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func begin(t *testing.T, s *store.Store, run string) int64 {
	t.Helper()
	result, err := s.Begin(t.Context(), contract.BeginInput{Kind: contract.KindBatchTask, RunID: run, RunStarted: time.Unix(1, 0), Instance: "shop"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result.Task
}

// A number is not used again even when every row that had one is gone.
func TestNumbersAreNeverReused(t *testing.T) {
	t.Parallel()
	s := shop(t)
	last := begin(t, s, "task")
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("DELETE FROM task")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if next := begin(t, s, "next"); next != last+1 {
		t.Errorf("the next number is %d, want %d", next, last+1)
	}
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	t.Parallel()
	s := shop(t)
	broken := errors.New("broken")
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.Exec("DELETE FROM instance"); err != nil {
			return err
		}
		return broken
	}); !errors.Is(err, broken) {
		t.Errorf("got %v, want the function's own error", err)
	}
	begin(t, s, "task") // the instance is still there
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	s := shop(t)
	if err := s.Read(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("DELETE FROM instance")
		return err
	}); err == nil {
		t.Error("a read has deleted rows")
	}
}

// What is kept of a failed line is bounded, whatever the line holds.
func TestFailureTextsAreClipped(t *testing.T) {
	t.Parallel()
	s := shop(t)
	task := begin(t, s, "task")
	long := strings.Repeat("é", 100_000)
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		progress, err := tx.Progress(activities.Batch{Task: task, First: 1, Lines: 1})
		if err != nil {
			return err
		}
		progress.Record(activities.Outcome{Line: 1, Ending: activities.Failed, Failure: &activities.Failure{
			Product: long, Picture: "x" + long, Message: long, Code: contract.CodeInvalidProductID}})
		_, err = progress.Save()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for failure, err := range s.Failures(t.Context(), task) {
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"product": failure.Product, "picture": failure.Picture, "message": failure.Message} {
			if len(text) > 2100 || !strings.HasSuffix(text, "é…") {
				t.Errorf("%s is kept as %s", name, fmt.Sprintf("%d bytes, %.20q at the end", len(text), text[len(text)-8:]))
			}
		}
	}
}
