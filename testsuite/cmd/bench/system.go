package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"imagebatch/testsuite/stack"
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
	if err := b.createInstance(ctx, instance); err != nil {
		return Figure{}, err
	}
	var task contract.Task
	start := time.Now()
	figure, err := measure(ctx, b.work.lines(), b.processes(), func() (err error) {
		task, err = b.batch(ctx, instance, folder)
		return err
	})
	if err != nil {
		return Figure{}, err
	}
	if task.Tally.Succeeded != int64(b.work.lines()) {
		return Figure{}, fmt.Errorf("task %d: %d of %d lines succeeded: %v", task.ID, task.Tally.Succeeded, b.work.lines(), task.Tally.Codes)
	}
	// The starter notices the end at its next look; the ledger knows when it was.
	figure.PerSecond = float64(b.work.lines()) / task.EndedAt.Sub(start).Seconds()
	events, err := b.events(ctx, task.WorkflowID, task.RunID)
	if err != nil {
		return Figure{}, err
	}
	figure.EventsPerThousand = float64(events.count) * 1000 / float64(b.work.lines())
	return figure, nil
}

func (b *bench) createInstance(ctx context.Context, name string) error {
	out, err := b.stack.Starter(ctx, "instance", "create", name, "--region", stack.Region, "--capacity", "100000000").CombinedOutput()
	if err != nil {
		return fmt.Errorf("create instance %s: %w: %s", name, err, out)
	}
	return nil
}

// batch runs a batch task to its end.
func (b *bench) batch(ctx context.Context, instance, folder string) (task contract.Task, err error) {
	out, err := b.stack.Starter(ctx, "batch", "start", instance, "--bucket", stack.Bucket, "--path", folder, "--wait", "--output", "json").Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return task, fmt.Errorf("batch start: exit status %d: %s", exit.ExitCode(), exit.Stderr)
	}
	if err != nil {
		return task, fmt.Errorf("batch start: %w", err)
	}
	return task, json.Unmarshal(out, &task)
}
