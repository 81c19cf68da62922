package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"imagebatch/activities/store"
)

func open(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// raw changes a file behind the store's back.
func raw(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}

func wantText(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q has several lines", err)
	}
}

func TestOpenRaces(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new file?mode=memory#1 %41.db")
	var group sync.WaitGroup
	stores := make([]*store.Store, 8)
	errs := make([]error, len(stores))
	for n := range stores {
		group.Go(func() { stores[n], errs[n] = store.Open(t.Context(), path) })
	}
	group.Wait()
	for n, err := range errs {
		if err != nil {
			t.Errorf("opening %d: %v", n, err)
			continue
		}
		if _, err := stores[n].OpenTasks(t.Context()); err != nil {
			t.Errorf("using %d: %v", n, err)
		}
		if err := stores[n].Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file is not where it was asked for: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(t *testing.T, path string)
		want    string
	}{
		"NewerSchema": {func(t *testing.T, path string) {
			open(t, path)
			raw(t, path, "PRAGMA user_version = 999")
		}, "run the newer program"},
		"OtherApplication": {func(t *testing.T, path string) { raw(t, path, "CREATE TABLE theirs (x)") }, "another application"},
		"NoDatabase": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("no database at all ", 100)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "name another path"},
		"NoFolder": {func(t *testing.T, path string) {
			if err := os.Remove(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		}, "create its folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "folder", "index.db")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			c.prepare(t, path)
			_, err := store.Open(t.Context(), path)
			wantText(t, err, path, c.want)
		})
	}
	_, err := store.Open(t.Context(), "")
	wantText(t, err, "give the path")
}

func TestWaitingWriterHonoursContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	s, other := open(t, path), open(t, path)
	for name, waiter := range map[string]*store.Store{"SameProcess": s, "OtherProcess": other} {
		holding, release, finished := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			finished <- s.Write(t.Context(), func(*store.Tx) error {
				close(holding)
				<-release
				return nil
			})
		}()
		<-holding
		ctx, cancel := context.WithCancel(t.Context())
		waited := make(chan error, 1)
		go func() { waited <- waiter.Write(ctx, func(*store.Tx) error { return nil }) }()
		cancel()
		if err := <-waited; err == nil {
			t.Errorf("%s: the wait ended without an error", name)
		}
		close(release)
		if err := <-finished; err != nil {
			t.Error(err)
		}
	}
}

// A log that is never emptied is what a steady load of searches leads to.
func TestLogStaysBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	link := filepath.Join(t.TempDir(), "link.db") // the log is beside the file that it stands for
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	s := open(t, link)
	const limit = 256 << 10
	s.SetLogLimit(limit)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if _, err := s.OpenTasks(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	largest := int64(0)
	for n := range 100 {
		if err := s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("INSERT INTO operation (id, run_id, instance, taken, done, result) VALUES (?1, hex(zeroblob(16384)) || ?1, 1, 0, 1, '')", n)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path + "-wal"); err == nil {
			largest = max(largest, info.Size())
		}
	}
	close(stop)
	readers.Wait()
	if largest == 0 || largest > 3*limit {
		t.Errorf("the log grew to %d bytes, with a limit of %d", largest, limit)
	}
}
