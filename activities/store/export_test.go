package store

import (
	"context"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"imagebatch/workflows/contract"
)

// SetLogLimit makes the write-ahead log be emptied from a smaller size on.
func (s *Store) SetLogLimit(bytes int64) { s.wal.limit = bytes }

// LimitPages makes the disk full when the file has so many pages.
func (s *Store) LimitPages(ctx context.Context, pages int) error {
	return s.Write(ctx, func(t *Tx) error {
		var limit int
		_, err := t.Row([]any{&limit}, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		return err
	})
}

// Explain is what a caller is told of an error of SQLite.
func (s *Store) Explain(problem sqlite3.Error) error { return s.explain(problem) }

// Scripts are the migrations of a version, and what marks a file as ours.
func Scripts(version int) (scripts []string) {
	for _, step := range migrations[:version] {
		scripts = append(scripts, step.script)
	}
	return append(scripts, fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", version, applicationID))
}

// TaskCondition is how a list of tasks is asked for.
func TaskCondition(filter contract.ListTasksInput) (condition string, args []any) {
	return conditionOf(filter)
}
