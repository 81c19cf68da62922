package main

import (
	"context"
	"fmt"
	"time"

	"imagebatch/workflows/contract"
)

// processes are those of the whole system.
func (b *bench) processes() map[string]int {
	pids := map[string]int{"temporal": b.stack.Temporal.PID(), "ossserver": b.stack.OSS.PID()}
	for n, worker := range b.stack.Workers {
		pids[fmt.Sprintf("worker-%d", n+1)] = worker.PID()
	}
	return pids
}

// wholeSystem is (c): a user's batch, into a fresh instance.
func (b *bench) wholeSystem(ctx context.Context, round int) (Figure, error) {
	instance := fmt.Sprintf("bench-%d", round)
	if err := b.stack.CreateInstance(ctx, instance); err != nil {
		return Figure{}, err
	}
	var task contract.Task
	start := time.Now()
	figure, err := measure(ctx, b.work.Lines, b.processes(), func() (err error) {
		task, err = b.batch(ctx, instance, folder)
		return err
	})
	if err != nil {
		return Figure{}, err
	}
	// The starter notices the end at its next look; the ledger knows when it was.
	figure.PerSecond = float64(b.work.Lines) / task.EndedAt.Sub(start).Seconds()
	events, err := b.events(ctx, task.WorkflowID, task.RunID)
	if err != nil {
		return Figure{}, err
	}
	figure.EventsPerThousand = float64(events.count) * 1000 / float64(b.work.Lines)
	return figure, nil
}

// batch runs a batch task to its end. Every line must succeed.
func (b *bench) batch(ctx context.Context, instance, folder string) (contract.Task, error) {
	task, err := b.stack.RunBatch(ctx, instance, folder)
	if err == nil && task.Tally.Succeeded != task.List.Lines {
		err = fmt.Errorf("task %d: %d of %d lines succeeded: %v", task.ID, task.Tally.Succeeded, task.List.Lines, task.Tally.Codes)
	}
	return task, err
}
