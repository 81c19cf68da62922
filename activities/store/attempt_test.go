package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// A file of the first version is brought up to date when it is opened, by one of
// several processes that do so at once, and keeps what is in it.
func TestMigrateFromTheFirstVersion(t *testing.T) {
	t.Parallel()
	first, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "index.db")
	raw(t, path, string(first)+`;
		PRAGMA user_version = 1; PRAGMA application_id = 0x696d6762; PRAGMA journal_mode = WAL;
		INSERT INTO instance (name, public_id, request_id, region, service_type, capacity, created)
			VALUES ('shop', 'shop-1', 'r', 'cn-shanghai', 0, 10, 0);
		UPDATE sequence SET last = 7;
		INSERT INTO task (id, kind, workflow_id, run_id, run_started, instance, instance_name, public_id, service_type,
			region, bucket, path, callback, role, from_root)
			VALUES (7, 'batchtask', 'w', 'r', 0, 1, 'shop', 'shop-1', 0, 'cn-shanghai', 'photos', '/spring', '', '', 0);
		INSERT INTO slice (task, slice, lines, done, succeeded, failed, skipped, fetched, validated, featurized, indexed, codes)
			VALUES (7, 0, 4, x'01', 1, 0, 0, 1, 1, 1, 1, '')`)

	stores := make([]*store.Store, 4)
	errs := make([]error, len(stores))
	var group sync.WaitGroup
	for n := range stores {
		group.Go(func() { stores[n], errs[n] = store.Open(t.Context(), path) })
	}
	group.Wait()
	for n, s := range stores {
		if errs[n] != nil {
			t.Fatal(errs[n])
		}
		defer s.Close()
		opened, err := s.OpenSlice(t.Context(), activities.Attempt{Task: 7, ID: fmt.Sprint(n)}, 4)
		if err != nil || opened.Unclean != n || opened.Tally.Succeeded != 1 {
			t.Errorf("store %d finds %+v, %v; want what was there, and the attempts of the others", n, opened, err)
		}
		task := tasks(t, s, contract.ListTasksInput{ID: 7}).Tasks[0]
		if task.MaxFailures != "" || task.MaxDeletes != "" || task.Tally.Succeeded != 1 {
			t.Errorf("store %d finds the task as %+v; want it as it was, without limits", n, task)
		}
	}
}

// What an attempt leaves behind is a few bytes, not a reason to keep the task's
// other rows from being read.
func TestLostAttemptsDoNotHinderTheEnd(t *testing.T) {
	t.Parallel()
	s, task := begun(t)
	for n := range 5 {
		attempt := activities.Attempt{Task: task, ID: fmt.Sprint(n)}
		if _, err := s.OpenSlice(t.Context(), attempt, 4); err != nil {
			t.Fatal(err)
		}
		if err := s.MarkLine(t.Context(), attempt, 2); err != nil {
			t.Fatal(err)
		}
	}
	ended, err := s.End(t.Context(), contract.Ending{Task: task, State: contract.StateStop, Message: "stopped"})
	if err != nil || ended.State != contract.StateStop {
		t.Errorf("the task ended as %s, %v", ended.State, err)
	}
}

// begun is a store with an open task.
func begun(t *testing.T) (*store.Store, int64) {
	t.Helper()
	return begunIn(t, filepath.Join(t.TempDir(), "index.db"))
}

func begunIn(t *testing.T, path string) (*store.Store, int64) {
	t.Helper()
	s := open(t, path)
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO instance (name, public_id, request_id, region, service_type, capacity, created)
			VALUES ('shop', 'shop-1', 'r', 'cn-shanghai', 0, 10, 0)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := s.Begin(t.Context(), contract.BeginInput{
		Kind: contract.KindBatchTask, WorkflowID: "w", RunID: "r", RunStarted: time.Unix(1, 0), Instance: "shop", Bucket: "photos", Path: "/spring",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, result.Task
}
