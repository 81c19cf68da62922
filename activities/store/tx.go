package store

import (
	"context"
	"database/sql"
	"errors"
)

// Tx is a transaction, for the goroutine that runs the function it was given
// to. Statements are prepared once per connection, by their text: write them as
// constants and pass every value as an argument.
type Tx struct{ tx *sql.Tx }

// Exec runs a statement and tells how many rows it changed.
func (t *Tx) Exec(statement string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(context.Background(), statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Row reads at most one row into the destinations, and tells whether there was one.
func (t *Tx) Row(dest []any, query string, args ...any) (bool, error) {
	err := t.tx.QueryRowContext(context.Background(), query, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Each hands every row to a function, which scans it before it returns.
func (t *Tx) Each(row func(scan func(dest ...any) error) error, query string, args ...any) error {
	rows, err := t.tx.QueryContext(context.Background(), query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	scan := rows.Scan
	for rows.Next() {
		if err := row(scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
