package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3"
)

const (
	// busyTimeout is how long SQLite itself waits for another process. It is
	// short, because that wait cannot be interrupted; patience is what counts.
	busyTimeout = 2 * time.Second
	// patience is how long a writer tries to get its turn in all.
	patience = 30 * time.Second
	// briskConnections are for a booking and a look at whether the file can be written.
	briskConnections = 2
	// readConnections allow two searches of two scanners each beside short reads.
	readConnections = 6
	// statements is more than the number of different ones there are.
	statements = 128
	// writerCacheKiB holds the inner pages of the indexes of some ten million
	// pictures, so that a put costs few reads.
	writerCacheKiB = 64 << 10
)

// Store is an open database file. It is safe for concurrent use, and several
// processes may have the same file open. It implements activities.Ledger.
type Store struct {
	path    string
	writer  *sql.DB       // one connection
	readers *sql.DB       // refuse to write
	brisk   *sql.DB       // for what must not wait for long, see brief
	turn    chan struct{} // holds a token while a goroutine of this process writes
	wal     walGuard
	written written

	unbooked     *unbooked
	leftovers    *leftovers
	installation string // see Installation
}

// Open opens the database file, and makes it where there is none. The folder
// must exist. A file that a newer program has changed in a way that this one does
// not understand is refused.
func Open(ctx context.Context, path string) (*Store, error) {
	if path == "" {
		return nil, errors.New("open database: no file is named; give the path of the index database")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database %q: %w", path, err)
	}
	s := &Store{path: absolute, turn: make(chan struct{}, 1), leftovers: newLeftovers(), unbooked: newUnbooked(), wal: walGuard{limit: walLimit}}
	if s.writer, err = sql.Open("sqlite3", s.source(map[string]string{
		"_txlock":       "immediate",
		"_journal_mode": "WAL",
		"_synchronous":  "FULL",
		"_cache_size":   fmt.Sprint(-writerCacheKiB),
	})); err != nil {
		return nil, fmt.Errorf("open database %q: %w", path, err)
	}
	s.writer.SetMaxOpenConns(1)
	if s.readers, err = sql.Open("sqlite3", s.source(map[string]string{"_query_only": "true"})); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %q: %w", path, err), s.writer.Close())
	}
	s.readers.SetMaxOpenConns(readConnections)
	s.readers.SetMaxIdleConns(readConnections)
	// What is written here may be lost with the power, and waits in Go alone.
	if s.brisk, err = sql.Open("sqlite3", s.source(map[string]string{
		"_txlock": "immediate", "_synchronous": "NORMAL", "_busy_timeout": "0",
	})); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %q: %w", path, err), s.readers.Close(), s.writer.Close())
	}
	s.brisk.SetMaxOpenConns(briskConnections)
	s.brisk.SetMaxIdleConns(briskConnections)
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %q: %w", path, err), s.Close())
	}
	s.wal.file = resolved(absolute) + "-wal"
	return s, nil
}

// source is the name under which the driver opens the file. The path is
// escaped, so that no character of it is read as a setting.
func (s *Store) source(settings map[string]string) string {
	query := url.Values{}
	query.Set("_busy_timeout", fmt.Sprint(busyTimeout.Milliseconds()))
	query.Set("_foreign_keys", "true")
	query.Set("_stmt_cache_size", fmt.Sprint(statements))
	for name, value := range settings {
		query.Set(name, value)
	}
	return "file:" + (&url.URL{Path: s.path}).EscapedPath() + "?" + query.Encode()
}

// Close closes the file. No call may be under way.
func (s *Store) Close() error {
	s.leftovers.close()
	return errors.Join(s.readers.Close(), s.brisk.Close(), s.writer.Close())
}

// Write runs a function in a transaction that is the only one that writes, in
// any process. What it has read cannot change before it ends. Its effects are on
// disk when Write returns nil, and there are none when it returns an error. The
// context bounds the wait for its turn; once begun it is not interrupted.
func (s *Store) Write(ctx context.Context, change func(*Tx) error) error {
	began := time.Now()
	if err := s.takeTurn(ctx, patience); err != nil {
		return err
	}
	defer func() { <-s.turn }()
	conn, tx, err := s.begin(ctx, s.writer, patience-time.Since(began))
	if err != nil {
		return err
	}
	if err := s.noted(func() error { return s.within(conn, tx, change, tx.Commit) }); err != nil {
		return err
	}
	s.wal.trim(s.writer)
	return nil
}

// brief is Write for what must not hold up whoever asks: it waits for so long at
// most. It does without a place among those who write, who may wait for longer,
// and what it has written may be lost with the power.
func (s *Store) brief(ctx context.Context, patience time.Duration, change func(*Tx) error) error {
	conn, tx, err := s.begin(ctx, s.brisk, patience)
	if err != nil {
		return err
	}
	return s.within(conn, tx, change, tx.Commit)
}

// takeTurn waits at most for so long until no other goroutine of this process
// writes, or waits for another process.
func (s *Store) takeTurn(ctx context.Context, patience time.Duration) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-late.C:
		return fmt.Errorf("use database %q: others have been writing, or waiting to, for %s; %s", s.path, patience, s.holder())
	case <-ctx.Done():
		return fmt.Errorf("wait for the database: %w", context.Cause(ctx))
	}
}

// begin waits at most for so long, and as long as ctx lasts, until nobody else
// writes.
func (s *Store) begin(ctx context.Context, pool *sql.DB, patience time.Duration) (conn *sql.Conn, tx *sql.Tx, err error) {
	err = s.retryBusy(ctx, patience, func() (err error) {
		if conn, err = pool.Conn(context.Background()); err != nil {
			return err
		}
		if tx, err = conn.BeginTx(context.Background(), nil); err != nil {
			s.release(conn, err)
		}
		return err
	})
	return conn, tx, err
}

// Read runs a function that sees one state of the database. It must take less
// than a second: as long as it runs, the log of changes cannot be reused.
func (s *Store) Read(ctx context.Context, look func(*Tx) error) error {
	var conn *sql.Conn
	if err := s.retryBusy(ctx, patience, func() (err error) {
		conn, err = s.readers.Conn(ctx)
		return err
	}); err != nil {
		return err
	}
	tx, err := conn.BeginTx(context.Background(), nil)
	if err != nil {
		s.release(conn, err)
		return s.explain(fmt.Errorf("begin read: %w", err))
	}
	return s.within(conn, tx, look, tx.Rollback)
}

// within does the work of a transaction, ends it and releases its connection,
// also when the work panics.
func (s *Store) within(conn *sql.Conn, tx *sql.Tx, work func(*Tx) error, end func() error) (err error) {
	defer func() {
		tx.Rollback() // has nothing to do after the end; SQLite may have rolled back by itself
		s.release(conn, err)
	}()
	if err := work(&Tx{tx: tx}); err != nil {
		return s.explain(err)
	}
	if err := end(); err != nil {
		return s.explain(fmt.Errorf("end transaction: %w", err))
	}
	return nil
}

// retryBusy repeats an attempt for as long as another process holds the
// database, with pauses of random length so that processes take turns.
func (s *Store) retryBusy(ctx context.Context, patience time.Duration, attempt func() error) error {
	deadline := time.Now().Add(patience)
	var busy error
	for {
		switch {
		case ctx.Err() != nil && busy != nil:
			return fmt.Errorf("wait for database %q: %w: %w; %s", s.path, context.Cause(ctx), busy, s.holder())
		case ctx.Err() != nil:
			return fmt.Errorf("wait for the database: %w", context.Cause(ctx))
		}
		err := attempt()
		if !isBusy(err) || time.Now().After(deadline) {
			return s.explain(err)
		}
		busy = err
		pause := time.NewTimer(time.Duration(5+rand.IntN(45)) * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

func isBusy(err error) bool {
	var cause sqlite3.Error
	return errors.As(err, &cause) && (cause.Code == sqlite3.ErrBusy || cause.Code == sqlite3.ErrLocked)
}
