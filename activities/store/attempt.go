package store

import (
	"context"
	"fmt"
	"time"

	"imagebatch/activities"
)

// OpenSlice opens an attempt at a slice, and tells what is done of the slice and
// which attempts before it were not ended. Nothing is opened when nothing is
// left to do. CodeFenceClosed.
func (s *Store) OpenSlice(ctx context.Context, attempt activities.Attempt, lines int) (opened activities.OpenedSlice, err error) {
	own := s.leftovers.list()
	err = s.Write(ctx, func(t *Tx) error {
		if err := t.closeSlices(own); err != nil {
			return err
		}
		progress, err := t.Progress(activities.Batch{Task: attempt.Task, Slice: attempt.Slice, First: 1, Lines: lines})
		if err != nil {
			return err
		}
		opened = activities.OpenedSlice{SliceRecord: progress.record}
		if opened.Done.Count() == lines {
			return nil
		}
		if _, err := t.Exec("INSERT INTO attempt (task, slice, id, opened) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
			attempt.Task, attempt.Slice, attempt.ID, time.Now().UnixNano()); err != nil {
			return err
		}
		return t.Each(func(scan func(...any) error) error {
			var mark int64
			var times int
			if err := scan(&mark, &times); err != nil {
				return err
			}
			opened.Unclean += times
			if mark > 0 {
				if opened.Marked == nil {
					opened.Marked = map[int64]int{}
				}
				opened.Marked[mark] = times
			}
			return nil
		}, "SELECT mark, count(*) FROM attempt WHERE task = ? AND slice = ? AND id <> ? GROUP BY mark",
			attempt.Task, attempt.Slice, attempt.ID)
	})
	return opened, err
}

// MarkLine writes down which line an open attempt is about to try, in place of
// the one before.
func (s *Store) MarkLine(ctx context.Context, attempt activities.Attempt, line int64) error {
	return s.Write(ctx, func(t *Tx) error {
		rows, err := t.Exec("UPDATE attempt SET mark = ? WHERE task = ? AND slice = ? AND id = ?",
			line, attempt.Task, attempt.Slice, attempt.ID)
		if err == nil && rows == 0 {
			err = fmt.Errorf("mark line %d of task %d: the attempt %s at slice %d is not open", line, attempt.Task, attempt.ID, attempt.Slice)
		}
		return err
	})
}

// CloseSlice ends an attempt cleanly: it was no loss. It is safe to repeat, also
// for an attempt that was never opened, and after the end of its task. After an
// error the store goes on trying by itself until it is closed.
func (s *Store) CloseSlice(ctx context.Context, attempt activities.Attempt) error {
	err := s.Write(ctx, func(t *Tx) error { return t.closeSlices([]activities.Attempt{attempt}) })
	if err != nil {
		s.leftovers.add(s, attempt)
	}
	return err
}

func (t *Tx) closeSlices(attempts []activities.Attempt) error {
	for _, attempt := range attempts {
		if _, err := t.Exec("DELETE FROM attempt WHERE task = ? AND slice = ? AND id = ?", attempt.Task, attempt.Slice, attempt.ID); err != nil {
			return err
		}
	}
	return nil
}
