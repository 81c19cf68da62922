package store

import (
	"context"
	"fmt"
	"time"

	"imagebatch/workflows/contract"
)

// End closes the fence of a task: from then on its index effects and its counts
// cannot change. It is safe to repeat: the first ending stays. The slices are
// added up outside the transaction that keeps others from writing.
//
// A task cannot end as a success while lines have no outcome, nor in a state that
// is not final. Whoever asks for that has lost count: the task ends as a failure,
// CodeInternalError, because a fence that stays open would hold the instance.
func (s *Store) End(ctx context.Context, ending contract.Ending) (task contract.Task, err error) {
	ending, tally, err := s.judge(ctx, ending)
	if err != nil {
		return contract.Task{}, err
	}
	var instance int64
	if err := s.Write(ctx, func(t *Tx) error {
		if err := t.closeTask(ending, tally); err != nil {
			return err
		}
		_, err := t.Row([]any{&instance}, "SELECT instance FROM task WHERE id = ?", ending.Task)
		return err
	}); err != nil {
		return contract.Task{}, err
	}
	if task, err = s.settle(ctx, ending.Task); err != nil {
		return contract.Task{}, err
	}
	return task, s.dropTombstones(ctx, instance)
}

// judge is how a task may end, with its totals where they cannot change any
// more: every line of a success has its outcome, and none gets a second one.
func (s *Store) judge(ctx context.Context, ending contract.Ending) (contract.Ending, string, error) {
	task, err := s.facts(ctx, ending.Task)
	if err != nil || task.State.Final() { // the first ending stays
		return ending, unsettled, err
	}
	lost := func(format string, args ...any) contract.Ending {
		return contract.Ending{Task: ending.Task, State: contract.StateFail, Code: contract.CodeInternalError,
			Message: fmt.Sprintf(format, args...) + "; what was done is kept: start the batch again for the rest, and report this as a fault of imagebatch"}
	}
	switch {
	case !ending.State.Final():
		return lost("it was to end in state %q, which is not final", ending.State), unsettled, nil
	case ending.State != contract.StateSuccess:
		return ending, unsettled, nil
	case !task.Planned:
		return lost("it was to end as a success before it was planned"), unsettled, nil
	}
	if err := s.addUp(ctx, &task); err != nil {
		return ending, unsettled, err
	}
	if left := task.Left(); left != 0 {
		return lost("it was to end as a success while %d of %d lines had no outcome", left, task.List.Lines), unsettled, nil
	}
	tally, err := tallyText(task.Task)
	return ending, tally, err
}

// closeTask closes the fence of a task, unless it is closed. CodeTaskNotFound is
// for the caller to find.
func (t *Tx) closeTask(ending contract.Ending, tally string) error {
	_, err := t.Exec(`UPDATE task SET state = ?, code = ?, message = ?, ended = ?, tally = ?,
		callback_state = iif(callback = '', '', 'pending') WHERE id = ? AND state = 'PROCESSING'`,
		ending.State, ending.Code, clip(ending.Message, maxMessage), time.Now().UnixNano(), tally, ending.Task)
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
