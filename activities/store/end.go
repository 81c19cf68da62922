package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"imagebatch/workflows/contract"
)

// End closes the fence of a task: from then on its index effects and its counts
// cannot change. It is safe to repeat: the first ending stays. A task cannot end
// as a success while lines have no outcome; that is CodeInternalError.
func (s *Store) End(ctx context.Context, ending contract.Ending) (task contract.Task, err error) {
	var instance int64
	err = s.Write(ctx, func(t *Tx) error {
		task, err = t.task(ending.Task)
		if err != nil {
			return err
		}
		if !task.State.Final() {
			if err := t.closeTask(ending); err != nil {
				return err
			}
			if task, err = t.task(ending.Task); err != nil {
				return err
			}
		}
		_, err = t.Row([]any{&instance}, "SELECT instance FROM task WHERE id = ?", ending.Task)
		return err
	})
	if err != nil {
		return contract.Task{}, err
	}
	return task, s.dropTombstones(ctx, instance)
}

// closeTask closes the fence of an open task and fixes its counts.
func (t *Tx) closeTask(ending contract.Ending) error {
	if !ending.State.Final() {
		return contract.Errorf(contract.CodeInternalError, "task %d cannot end in state %q, which is not final", ending.Task, ending.State)
	}
	task, err := t.task(ending.Task)
	if err != nil {
		return err
	}
	if ending.State == contract.StateSuccess && (!task.Planned || task.Left() != 0) {
		return contract.Errorf(contract.CodeInternalError, "task %d cannot end as a success: planned %t, %d of %d lines have no outcome",
			ending.Task, task.Planned, task.Left(), task.List.Lines)
	}
	task.Tally.Canceled = max(0, task.Left())
	tally, err := json.Marshal(task.Tally)
	if err != nil {
		return fmt.Errorf("write the counts of task %d: %w", ending.Task, err)
	}
	_, err = t.Exec(`UPDATE task SET state = ?, code = ?, message = ?, ended = ?, tally = ?,
		callback_state = iif(callback = '', '', 'pending') WHERE id = ? AND state = 'PROCESSING'`,
		ending.State, ending.Code, clip(ending.Message, maxMessage), time.Now().UnixNano(), string(tally), ending.Task)
	return err
}

// Bounds of what is dropped at a time. What is left over is dropped by the next
// ending of the instance.
const (
	dropRows         = 1000
	dropTransactions = 200
)

// dropTombstones removes what deletions and updates of an instance left behind
// and no open number can be older than: the commits it guards against cannot
// come any more.
func (s *Store) dropTombstones(ctx context.Context, instance int64) error {
	statements := []string{
		`DELETE FROM picture_tombstone WHERE id IN
			(SELECT id FROM picture_tombstone WHERE instance = ?1 AND task < ?2 LIMIT ?3)`,
		`DELETE FROM product_tombstone WHERE id IN
			(SELECT id FROM product_tombstone WHERE instance = ?1 AND task < ?2 LIMIT ?3)`,
		`DELETE FROM field WHERE (instance, product, name, field) IN
			(SELECT instance, product, name, field FROM field f WHERE instance = ?1 AND task < ?2 LIMIT ?3)`,
	}
	for range dropTransactions {
		dropped := int64(0)
		err := s.Write(ctx, func(t *Tx) error {
			oldest, err := t.oldestOpen(instance)
			for _, statement := range statements {
				if err != nil || dropped >= dropRows {
					return err
				}
				var rows int64
				rows, err = t.Exec(statement, instance, oldest, dropRows-dropped)
				dropped += rows
			}
			return err
		})
		if err != nil || dropped < dropRows {
			return err
		}
	}
	return nil
}
