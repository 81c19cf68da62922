package store

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// explain adds, to what SQLite reports, the file and what to do about it. Other
// errors pass unchanged.
func (s *Store) explain(err error) error {
	var cause sqlite3.Error
	if !errors.As(err, &cause) {
		return err
	}
	todo := remedy(cause)
	if isBusy(err) {
		todo = s.holder().String()
	}
	if todo != "" {
		return fmt.Errorf("use database %q: %w; %s", s.path, err, todo)
	}
	return fmt.Errorf("use database %q: %w", s.path, err)
}

// Remedies of problems that have several codes.
const (
	freeSpace = "free space on its disk, or raise the quota or the limit on the size of files; work then goes on by itself"
	remount   = "its disk is mounted for reading only; mount it for writing, work then goes on by itself"
	letWrite  = "give the worker's user the right to write it, the files beside it with -wal and -shm, and their folder, or mount its disk for writing; work then goes on by itself"
)

// remedy says what to do about a problem. What the system says is more precise
// than SQLite's code, where it is known.
func remedy(cause sqlite3.Error) string {
	switch cause.SystemErrno {
	case syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG:
		return freeSpace
	case syscall.EROFS:
		return remount
	case syscall.EACCES, syscall.EPERM:
		return letWrite
	case syscall.EMFILE, syscall.ENFILE:
		return "raise the limit on open files"
	}
	switch cause.Code {
	case sqlite3.ErrFull:
		return freeSpace
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrAuth:
		return letWrite
	case sqlite3.ErrCantOpen:
		return "create its folder and give the worker's user the right to read and write there"
	case sqlite3.ErrNotADB:
		return "the file is something else, name another path"
	case sqlite3.ErrCorrupt:
		return "the file is damaged, restore it from a backup"
	case sqlite3.ErrIoErr:
		return "check the disk it is on"
	}
	return ""
}
