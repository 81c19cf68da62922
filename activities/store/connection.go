package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/mattn/go-sqlite3"
)

// release gives a connection back after its transaction, which may have ended
// with an error. A connection that is still in it is closed.
//
// What keeps a file from being opened for writing stays with the connections
// that were opened meanwhile, also once it is mended, and with all others of the
// process, because they share memory. They are replaced, so that work goes on by
// itself. A full disk is not such a problem, and then none is closed without
// need: the file that they share might not fit on the disk again.
func (s *Store) release(conn *sql.Conn, err error) {
	defer conn.Close() // gives it back, unless it is closed already
	stays := lasts(err)
	// What Raw answers is what was asked for.
	_ = conn.Raw(func(driverConn any) error {
		if c, ok := driverConn.(*sqlite3.SQLiteConn); stays || !ok || !c.AutoCommit() {
			return driver.ErrBadConn
		}
		return nil
	})
	if stays {
		for pool, idle := range map[*sql.DB]int{s.writer: 1, s.readers: readConnections, s.brisk: briskConnections} {
			pool.SetMaxIdleConns(0)
			pool.SetMaxIdleConns(idle)
		}
	}
}

// lasts tells whether a connection may keep a problem when its cause is gone.
func lasts(err error) bool {
	var cause sqlite3.Error
	if !errors.As(err, &cause) {
		return false
	}
	switch cause.Code {
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrAuth, sqlite3.ErrCantOpen:
		return true
	}
	return false
}
