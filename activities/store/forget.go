package store

import (
	"context"
	"strconv"
	"time"
)

const (
	// sweepRows are deleted in one transaction, in some milliseconds.
	sweepRows = 1000
	// sweepPause between two transactions lets others have their turn.
	sweepPause = 50 * time.Millisecond
	// unsettledGrace is how much longer a task is kept that has no report or a
	// callback under way: both are tried for some days.
	unsettledGrace = 7 * 24 * time.Hour
)

// TakeSweep tells one of the processes that share the file that it is its turn to
// sweep: it is nobody's for so long afterwards. A turn that a clock which was
// ahead has taken is over.
func (s *Store) TakeSweep(ctx context.Context, every time.Duration) (taken bool, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		now, text := time.Now(), ""
		if _, err := t.Row([]any{&text}, "SELECT value FROM meta WHERE name = ?", sweptFact); err != nil {
			return err
		}
		last, _ := strconv.ParseInt(text, 10, 64) // 0 before the first
		since := now.Sub(time.Unix(0, last))
		if taken = since < 0 || since >= every; !taken {
			return nil
		}
		return t.setFact(sweptFact, strconv.FormatInt(now.UnixNano(), 10))
	})
	return taken, err
}

// Forget deletes the slices, failures and attempts of tasks that ended before a
// moment, some at a time, and takes the tasks out of the lists. A task keeps its
// row, with how it ended and where its report is: pictures have their source from
// it. It goes with its instance. Where a clock was ahead when a task ended, the end
// of a newer task of its instance counts for it: it had ended by then. Several
// processes may do so at once; one that is
// interrupted is taken up by the next. It returns how many were forgotten.
func (s *Store) Forget(ctx context.Context, endedBefore time.Time) (forgot int, err error) {
	for {
		task, err := s.nextToForget(ctx, endedBefore)
		if err != nil {
			return forgot, err
		}
		if task == 0 {
			return forgot, s.dropRows(ctx, endedBefore)
		}
		if err := s.forget(ctx, task); err != nil {
			return forgot, err
		}
		forgot++
	}
}

// nextToForget is a task that somebody has begun to forget, or one to begin with,
// or 0.
func (s *Store) nextToForget(ctx context.Context, endedBefore time.Time) (task int64, err error) {
	err = s.Read(ctx, func(t *Tx) error {
		if found, err := t.Row([]any{&task}, "SELECT id FROM task WHERE forgotten < 0 ORDER BY id LIMIT 1"); found || err != nil {
			return err
		}
		if found, err := t.Row([]any{&task}, `SELECT id FROM task WHERE ended < ?1 AND forgotten = 0
			AND (report_key <> '' AND callback_state <> 'pending' OR ended < ?2) ORDER BY ended LIMIT 1`,
			endedBefore.UnixNano(), endedBefore.Add(-unsettledGrace).UnixNano()); found || err != nil {
			return err
		}
		_, err := t.Row([]any{&task}, `SELECT older.id FROM task older WHERE ended > ?3 AND forgotten = 0 AND EXISTS
			(SELECT 1 FROM task newer WHERE newer.instance_name = older.instance_name AND newer.instance = older.instance AND newer.id > older.id
			AND newer.ended < iif(older.report_key <> '' AND older.callback_state <> 'pending', ?1, ?2)) LIMIT 1`,
			endedBefore.UnixNano(), endedBefore.Add(-unsettledGrace).UnixNano(), time.Now().UnixNano())
		return err
	})
	return task, err
}

// forget marks a task first, so that nobody reads half of it, and has its totals
// in its row by then.
func (s *Store) forget(ctx context.Context, task int64) error {
	if _, err := s.settle(ctx, task); err != nil {
		return err
	}
	if err := s.Write(ctx, func(t *Tx) error {
		_, err := t.Exec("UPDATE task SET forgotten = ? WHERE id = ? AND forgotten = 0", -time.Now().UnixNano(), task)
		return err
	}); err != nil {
		return err
	}
	return s.sweep(ctx, func(t *Tx) (rows int64, err error) {
		for _, statement := range []string{
			"DELETE FROM failure WHERE (task, line) IN (SELECT task, line FROM failure WHERE task = ? LIMIT ?)",
			"DELETE FROM slice WHERE (task, slice) IN (SELECT task, slice FROM slice WHERE task = ? LIMIT ?)",
			"DELETE FROM attempt WHERE (task, slice, id) IN (SELECT task, slice, id FROM attempt WHERE task = ? LIMIT ?)",
		} {
			if rows, err = t.Exec(statement, task, sweepRows); err != nil || rows > 0 {
				return rows, err
			}
		}
		_, err = t.Exec(`UPDATE task SET forgotten = -forgotten, callback = '', callback_error = '', report_error = '', unread = ''
			WHERE id = ? AND forgotten < 0`, task)
		return 0, err
	})
}

// dropRows deletes tasks that were forgotten as long ago and whose instance is
// gone: no picture can have its source from them.
func (s *Store) dropRows(ctx context.Context, forgottenBefore time.Time) error {
	return s.sweep(ctx, func(t *Tx) (int64, error) {
		return t.Exec(`DELETE FROM task WHERE id IN (SELECT task.id FROM instance JOIN task ON task.instance = instance.id
			WHERE swept = 1 AND forgotten > 0 AND forgotten < ? LIMIT ?)`, forgottenBefore.UnixNano(), sweepRows)
	})
}

// sweep repeats a deletion until it finds nothing more.
func (s *Store) sweep(ctx context.Context, some func(*Tx) (rows int64, err error)) error {
	for {
		var rows int64
		if err := s.Write(ctx, func(t *Tx) (err error) {
			rows, err = some(t)
			return err
		}); err != nil || rows == 0 {
			return err
		}
		pause := time.NewTimer(sweepPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return context.Cause(ctx)
		}
	}
}
