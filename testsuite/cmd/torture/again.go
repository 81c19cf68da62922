package main

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"imagebatch/workflows/contract"
)

// closed is a task as it was when it was judged.
type closed struct {
	task contract.Task
	outcome
}

// settled is how long a worker that was just woken may take to bring what it has
// in hand.
const settled = 3 * time.Second

// judgeAgain sees at the end of a lane that its closed tasks are what they were
// when they were judged, and so is the index: that nothing came late.
func (l *lane) judgeAgain(ctx context.Context) error {
	if !sleep(ctx, settled) {
		return ctx.Err()
	}
	for _, before := range l.closed {
		var after closed
		if err := l.until(ctx, fmt.Sprintf("task %d is read again", before.task.ID), func() bool {
			task, err := l.ledger.Task(ctx, before.task.ID)
			if err != nil {
				return false
			}
			o, err := l.outcome(ctx, task)
			after = closed{task, o}
			return err == nil
		}); err != nil {
			return err
		}
		before.changed(after, l.accuse(before.task))
	}
	if len(l.closed) == 0 {
		return nil
	}
	return l.judgeIndex(ctx, l.accuse(l.closed[len(l.closed)-1].task))
}

// changed says what of a closed task is not what it was.
func (before closed) changed(after closed, wrong func(string, ...any)) {
	switch {
	case before.task.State != after.task.State:
		wrong("closed, it became %s", after.task.State)
	case !reflect.DeepEqual(before.task.Tally, after.task.Tally):
		wrong("closed, its totals changed from %+v to %+v", before.task.Tally, after.task.Tally)
	case !reflect.DeepEqual(before.failures, after.failures):
		wrong("closed, its failed lines changed from %d to %d", len(before.failures), len(after.failures))
	case !reflect.DeepEqual(before.ranges, after.ranges):
		wrong("closed, it went on: %d runs of lines without an outcome became %d", len(before.ranges), len(after.ranges))
	}
}
