package store

import "imagebatch/workflows/contract"

// next takes the next number of the sequence.
func (t *Tx) next() (number int64, err error) {
	_, err = t.Row([]any{&number}, "UPDATE sequence SET last = last + 1 RETURNING last")
	return number, err
}

// openTask is what a transaction finds of a task whose fence is open.
type openTask struct {
	instance int64
	planned  bool
	list     string // as JSON, if planned
	failed   int64  // lines
}

// fence finds a task whose fence is open. CodeTaskNotFound, CodeFenceClosed.
func (t *Tx) fence(task int64) (open openTask, err error) {
	var state contract.State
	found, err := t.Row([]any{&state, &open.instance, &open.planned, &open.list, &open.failed},
		"SELECT state, instance, planned, list, failed FROM task WHERE id = ?", task)
	switch {
	case err != nil:
		return openTask{}, err
	case !found:
		return openTask{}, taskNotFound(task)
	case state.Final():
		return openTask{}, contract.Errorf(contract.CodeFenceClosed, "task %d is closed as %s; nothing of it is applied any more", task, state)
	}
	return open, nil
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
