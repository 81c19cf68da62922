package store

import (
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// explain adds, to what SQLite reports, the file and what to do about it. Other
// errors pass unchanged.
func (s *Store) explain(err error) error {
	var cause sqlite3.Error
	if !errors.As(err, &cause) {
		return err
	}
	return fmt.Errorf("use database %q: %w%s", s.path, err, remedy(cause.Code))
}

func remedy(code sqlite3.ErrNo) string {
	switch code {
	case sqlite3.ErrFull:
		return "; free space on its disk, work then goes on by itself"
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrAuth:
		return "; give the worker's user the right to write the file and its folder"
	case sqlite3.ErrCantOpen:
		return "; create its folder and give the worker's user the right to read and write there"
	case sqlite3.ErrNotADB:
		return "; the file is something else, name another path"
	case sqlite3.ErrCorrupt:
		return "; the file is damaged, restore it from a backup"
	case sqlite3.ErrIoErr:
		return "; check the disk it is on"
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return "; another process has held it for long, look for a hanging worker or a backup"
	}
	return ""
}
