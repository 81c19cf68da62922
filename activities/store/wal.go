package store

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
)

// walLimit is the size from which the write-ahead log is emptied by force.
const walLimit = 64 << 20

// walGuard keeps the write-ahead log from growing without bound. SQLite reuses
// the log by itself whenever no reader is active at a checkpoint; under a steady
// load of overlapping searches that moment may never come.
type walGuard struct {
	file  string
	limit int64 // size from which the log is emptied
	next  int64 // size for the next attempt, so that a vain one is not repeated at once
}

// resolved is the path that a symbolic link stands for: SQLite keeps its other
// files beside the file itself.
func resolved(path string) string {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path
	}
	return target
}

// trim empties the log when it has become long: it waits for the readers under
// way, which take less than a second. Readers that keep it from succeeding only
// put it off.
func (g *walGuard) trim(writer *sql.DB) {
	info, err := os.Stat(g.file)
	if err != nil || info.Size() < max(g.limit, g.next) {
		return
	}
	var busy, pages, moved int
	// Most of the work is done while others write; the other way they have to wait.
	first := writer.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)")
	if err := first.Scan(&busy, &pages, &moved); err != nil {
		g.next = info.Size() + g.limit/4
		return
	}
	row := writer.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := row.Scan(&busy, &pages, &moved); err != nil || busy != 0 {
		g.next = info.Size() + g.limit/4
		return
	}
	g.next = 0
}
