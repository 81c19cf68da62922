package store

import (
	"context"

	"imagebatch/workflows/contract"
)

// next takes the next number of the sequence.
func (t *Tx) next() (number int64, err error) {
	_, err = t.Row([]any{&number}, "UPDATE sequence SET last = last + 1 RETURNING last")
	return number, err
}

// fence is the instance of a task whose fence is open, and its work list, as
// JSON, if it is planned. CodeTaskNotFound, CodeFenceClosed.
func (t *Tx) fence(task int64) (instance int64, planned bool, list string, err error) {
	var state contract.State
	found, err := t.Row([]any{&state, &instance, &planned, &list}, "SELECT state, instance, planned, list FROM task WHERE id = ?", task)
	switch {
	case err != nil:
		return 0, false, "", err
	case !found:
		return 0, false, "", taskNotFound(task)
	case state.Final():
		return 0, false, "", contract.Errorf(contract.CodeFenceClosed, "task %d is closed as %s; nothing of it is applied any more", task, state)
	}
	return instance, planned, list, nil
}

func taskNotFound(task int64) error {
	return contract.Errorf(contract.CodeTaskNotFound, "there is no task %d; list the tasks to see which there are", task)
}

// OpenOperation takes a number for a change that is no task, such as the update
// of one picture, once per run id. The number stays open, and so keeps
// tombstones that are newer, until the operation is closed.
func (s *Store) OpenOperation(ctx context.Context, runID, instance string) (number int64, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		if found, err := t.Row([]any{&number}, "SELECT id FROM operation WHERE run_id = ?", runID); found || err != nil {
			return err
		}
		target, err := t.Instance(instance)
		if err != nil {
			return err
		}
		if number, err = t.next(); err != nil {
			return err
		}
		_, err = t.Exec("INSERT INTO operation (id, run_id, instance) VALUES (?, ?, ?)", number, runID, target.Number)
		return err
	})
	return number, err
}

// CloseOperation closes the number of an operation that is given up, and drops
// the tombstones that it kept. It is safe to repeat.
func (s *Store) CloseOperation(ctx context.Context, number int64) error {
	var instance int64
	if err := s.Write(ctx, func(t *Tx) (err error) {
		instance, _, err = t.CloseOperation(number)
		return err
	}); err != nil {
		return err
	}
	return s.dropTombstones(ctx, instance)
}

// CloseOperation closes the number of an operation in the transaction of its
// effect. It tells of which instance it is, and whether it was open: the effect
// is applied only if it was.
func (t *Tx) CloseOperation(number int64) (instance int64, wasOpen bool, err error) {
	found, err := t.Row([]any{&instance, &wasOpen}, "SELECT instance, open FROM operation WHERE id = ?", number)
	if err != nil {
		return 0, false, err
	}
	if !found {
		return 0, false, contract.Errorf(contract.CodeInternalError, "there is no operation %d; open one first", number)
	}
	_, err = t.Exec("UPDATE operation SET open = 0 WHERE id = ?", number)
	return instance, wasOpen, err
}

// oldestOpen is the smallest open number of an instance, of a task or of an
// operation. Without any it is larger than every number.
func (t *Tx) oldestOpen(instance int64) (number int64, err error) {
	_, err = t.Row([]any{&number}, `SELECT min(
		ifnull((SELECT min(id) FROM task WHERE instance = ?1 AND state = 'PROCESSING'), 0x7fffffffffffffff),
		ifnull((SELECT min(id) FROM operation WHERE instance = ?1 AND open = 1), 0x7fffffffffffffff))`, instance)
	return number, err
}
