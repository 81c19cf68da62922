package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"

	"imagebatch/activities"
	"imagebatch/activities/store"
)

func TestProblemsNameFileAndRemedy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	s := open(t, path)
	for name, test := range map[string]struct {
		reason  string
		problem sqlite3.Error
		want    string
	}{
		"Full":            {problem: sqlite3.Error{Code: sqlite3.ErrFull}, want: "free space"},
		"ReadOnly":        {problem: sqlite3.Error{Code: sqlite3.ErrReadonly}, want: "right to write"},
		"Disk":            {problem: sqlite3.Error{Code: sqlite3.ErrIoErr}, want: "check the disk"},
		"Damaged":         {problem: sqlite3.Error{Code: sqlite3.ErrCorrupt}, want: "backup"},
		"Held":            {problem: sqlite3.Error{Code: sqlite3.ErrBusy}, want: "another process"},
		"Quota":           {reason: "SQLite knows no quota", problem: sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.EDQUOT}, want: "quota"},
		"FileLimit":       {problem: sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.EFBIG}, want: "limit on the size of files"},
		"NoSpaceToOpen":   {problem: sqlite3.Error{Code: sqlite3.ErrCantOpen, SystemErrno: syscall.ENOSPC}, want: "free space"},
		"Remounted":       {reason: "what a kernel does to a failing disk", problem: sqlite3.Error{Code: sqlite3.ErrIoErr, SystemErrno: syscall.EROFS}, want: "mount it for writing"},
		"Forbidden":       {problem: sqlite3.Error{Code: sqlite3.ErrCantOpen, SystemErrno: syscall.EACCES}, want: "right to write"},
		"TooManyFiles":    {problem: sqlite3.Error{Code: sqlite3.ErrCantOpen, SystemErrno: syscall.EMFILE}, want: "open files"},
		"FolderIsMissing": {problem: sqlite3.Error{Code: sqlite3.ErrCantOpen, SystemErrno: syscall.ENOENT}, want: "create its folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantText(t, s.Explain(test.problem), path, test.want)
		})
	}
}

// fill is a transaction too large for a file that may not grow.
func fill(tx *store.Tx) error {
	_, err := tx.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
		INSERT INTO operation (id, run_id, instance, taken, done, result) SELECT i, hex(zeroblob(500)) || i, 1, 0, 1, '' FROM n`)
	return err
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	s := open(t, path)
	if err := s.LimitPages(t.Context(), 1); err != nil { // no more than there are
		t.Fatal(err)
	}
	wantText(t, s.Write(t.Context(), fill), path, "free space")
	if err := s.LimitPages(t.Context(), 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), fill); err != nil {
		t.Errorf("after the disk has space again: %v", err)
	}
}

// The log of changes may have room from before: that the disk is full is told
// nevertheless, before a commit fails.
func TestFullDiskIsToldInTime(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	switch err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=16m"); {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		t.Skip("this user may not mount a disk")
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	s := open(t, filepath.Join(folder, "index.db"))
	if err := s.Write(t.Context(), fill); err != nil {
		t.Fatal(err)
	}
	if err := s.Writable(t.Context()); err != nil {
		t.Errorf("with space left: %v", err)
	}
	ballast := filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 16<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
	wantText(t, s.Writable(t.Context()), "its disk has 0 bytes left", "free space on its disk", "index.db")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := s.Writable(t.Context()); err != nil {
		t.Errorf("once there is space: %v", err)
	}
}

// A file that says of itself that it is not to be written, with which a
// connection treats it as it does one on a disk that is mounted for reading only.
func TestReadOnlyFileIsUsedAgainOnceItIsMended(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	made, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	setWriteVersion(t, path, 3) // newer than any: for reading only
	s := open(t, path)
	for range 3 {
		if _, err := s.OpenTasks(t.Context()); err != nil {
			t.Fatalf("reading: %v", err)
		}
		wantText(t, s.Write(t.Context(), fill), path, "right to write")
	}
	setWriteVersion(t, path, 2)
	if err := s.Write(t.Context(), fill); err != nil {
		t.Errorf("once it can be written: %v", err)
	}
}

// setWriteVersion changes the file format write version of a database.
// Source: https://www.sqlite.org/fileformat.html#file_format_version_numbers
func setWriteVersion(t *testing.T, path string, version byte) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte{version}, 18); err != nil {
		t.Fatal(err)
	}
}

func TestPanicLeavesTheStoreUsable(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "index.db"))
	for range 10 { // more than there are connections
		for _, run := range []func(func(*store.Tx) error) error{
			func(work func(*store.Tx) error) error { return s.Write(t.Context(), work) },
			func(work func(*store.Tx) error) error { return s.Read(t.Context(), work) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic was swallowed")
					}
				}()
				_ = run(func(*store.Tx) error { panic("picture") })
			}()
		}
	}
	if err := s.Write(t.Context(), fill); err != nil {
		t.Error(err)
	}
}

// An attempt that could not be closed because the disk was full was no loss: its
// process is still there, and closes it when there is space.
func TestAttemptsThatCouldNotBeClosedAreNoLosses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	s, task := begunIn(t, path)
	attempt := func(id string) activities.Attempt { return activities.Attempt{Task: task, ID: id} }
	for _, id := range []string{"a", "b", "c"} {
		opened, err := s.OpenSlice(t.Context(), attempt(id), 4)
		if err != nil || opened.Unclean != 0 || len(opened.Marked) != 0 {
			t.Fatalf("attempt %s finds %+v, %v; want no losses", id, opened, err)
		}
		if err := s.MarkLine(t.Context(), attempt(id), 2); err != nil {
			t.Fatal(err)
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.CloseSlice(over, attempt(id)); !errors.Is(err, context.Canceled) {
			t.Fatalf("closing attempt %s without being able to write: %v", id, err)
		}
	}
	other := open(t, path)
	within, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for lost := -1; lost != 0; { // by then the process has closed them on its own
		if err := other.Write(within, func(tx *store.Tx) error {
			_, err := tx.Row([]any{&lost}, "SELECT count(*) FROM attempt")
			return err
		}); err != nil {
			t.Fatalf("%d attempts still count as lost: %v", lost, err)
		}
	}
}
