package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	// writablePatience is how long nobody may be able to write before that is
	// called a fault: transactions take less.
	writablePatience = 2 * time.Second
	// leastSpace is what has to be free on the disk, for a commit or two.
	leastSpace = 1 << 20
	// usualProbe fits on one page; largeProbe is as much as a commit.
	usualProbe, largeProbe = 8, 256 << 10
)

// Writable reports what keeps the file from being written: a full disk, a file
// for reading only, somebody who holds it for seconds. It writes a few bytes, and
// as much as a commit does when the last one was refused: what is left of a full
// disk may have room for a little. It takes writablePatience at most.
func (s *Store) Writable(ctx context.Context) error {
	if err := s.checkSpace(); err != nil {
		return err
	}
	size := usualProbe
	if s.written.wasRefused() {
		size = largeProbe
	}
	watch, err := s.readers.Conn(ctx)
	if err != nil {
		return s.explain(err)
	}
	defer watch.Close()
	before := dataVersion(ctx, watch)
	err = s.brief(ctx, writablePatience, func(t *Tx) error { return t.setFact(probeFact, strings.Repeat("0", size)) })
	if isBusy(err) && dataVersion(ctx, watch) != before {
		return nil // others write all the time
	}
	if err == nil {
		s.written.succeeded()
	}
	return err
}

// dataVersion changes when another connection commits, of whatever process.
func dataVersion(ctx context.Context, conn *sql.Conn) (version int64) {
	// Where it cannot be read nobody has been seen to write.
	_ = conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version)
	return version
}

// checkSpace is an error when the disk is full, also while the log of changes has
// room from before.
func (s *Store) checkSpace() error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(s.path, &disk); err != nil || disk.Blocks == 0 {
		return nil // it does not tell
	}
	blocks := disk.Bavail
	if os.Geteuid() == 0 {
		blocks = disk.Bfree // what is reserved is for root
	}
	if free := blocks * uint64(disk.Bsize); free < leastSpace {
		return fmt.Errorf("use database %q: its disk has %d bytes left; %s", s.path, free, freeSpace)
	}
	return nil
}
