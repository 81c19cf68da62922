package store

import "imagebatch/workflows/contract"

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

// oldestOpen is the number of an instance's oldest task whose fence is open.
// Without any it is larger than every number.
func (t *Tx) oldestOpen(instance int64) (number int64, err error) {
	_, err = t.Row([]any{&number}, "SELECT ifnull(min(id), 0x7fffffffffffffff) FROM task WHERE instance = ? AND state = 'PROCESSING'", instance)
	return number, err
}
