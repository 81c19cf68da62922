package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"imagebatch/testsuite/oracle"
	"imagebatch/testsuite/remains"
	"imagebatch/workflows/contract"
)

// isolated are the lines that must fail, by number.
type isolated map[int64]contract.Code

// clean is that of a run without faults in its pictures.
var clean isolated

// begin starts a task over a manifest, in an instance of its own.
func (g *ground) begin(ctx context.Context, instance string, manifest []byte) (task int64, err error) {
	if err := g.stack.CreateInstance(ctx, instance); err != nil {
		return 0, err
	}
	if err := g.stack.PutManifest(ctx, folder, manifest); err != nil {
		return 0, err
	}
	if err := g.stack.StartBatch(ctx, instance, folder); err != nil {
		return 0, err
	}
	err = g.until(ctx, time.Minute, "task of "+instance+" has begun", func() (bool, error) {
		newest, err := g.ledger.Tasks(ctx, contract.ListTasksInput{Instance: instance, Limit: 1})
		if err != nil || len(newest.Tasks) == 0 {
			return false, err
		}
		task = newest.Tasks[0].ID
		return true, nil
	})
	return task, err
}

// patience is how long a task may go without coming to its end.
const patience = 30 * time.Minute

// ended waits for the end of a task, whose fence is closed then.
func (g *ground) ended(ctx context.Context, number int64) (task contract.Task, err error) {
	err = g.until(ctx, patience, fmt.Sprintf("task %d has ended", number), func() (bool, error) {
		task, err = g.ledger.Task(ctx, number)
		return task.State.Final(), err
	})
	return task, err
}

// run runs a task to its end and holds it against what it must come to.
func (g *ground) run(ctx context.Context, instance string, manifest []byte, planted isolated) (contract.Task, error) {
	number, err := g.begin(ctx, instance, manifest)
	if err != nil {
		return contract.Task{}, err
	}
	task, err := g.ended(ctx, number)
	if err != nil {
		return task, err
	}
	return task, g.judge(ctx, task, manifest, planted)
}

// judge holds what a task did against its manifest: its counts, the lines it
// isolated, and the index.
func (g *ground) judge(ctx context.Context, task contract.Task, manifest []byte, planted isolated) error {
	failures := isolated{}
	for failure, err := range g.ledger.Failures(ctx, task.ID) {
		if err != nil {
			return err
		}
		failures[failure.Line] = failure.Code
	}
	if err := outcome(task, failures, planted); err != nil {
		return err
	}
	want, err := oracle.Index{}.Apply(task.ID, manifest, func(line int64) bool { _, bad := planted[line]; return bad })
	if err != nil {
		return err
	}
	held, err := remains.ReadInstance(ctx, g.ledger, task.Instance)
	if err != nil {
		return err
	}
	if found := held.Differences(want); len(found) > 0 {
		return fmt.Errorf("task %d left another index than its lines in order do: %q", task.ID, found)
	}
	return nil
}

// outcome says what is wrong with how a task ended.
func outcome(task contract.Task, failures, planted isolated) error {
	want := contract.Counts{Succeeded: task.List.Lines - int64(len(planted)), Failed: int64(len(planted))}
	switch {
	case task.State != contract.StateSuccess:
		return fmt.Errorf("task %d ended as %s: %s %s", task.ID, task.State, task.Code, task.Message)
	case task.Tally.Counts != want:
		return fmt.Errorf("task %d counts %+v, want %+v; by code: %v", task.ID, task.Tally.Counts, want, task.Tally.Codes)
	}
	for _, line := range slices.Sorted(maps.Keys(failures)) {
		if code := planted[line]; code != failures[line] {
			return fmt.Errorf("task %d isolated line %d as %s; planted there is %q", task.ID, line, failures[line], code)
		}
	}
	if len(failures) != len(planted) {
		return fmt.Errorf("task %d lists %d isolated lines, planted are %d", task.ID, len(failures), len(planted))
	}
	return nil
}

// seconds is how long a task took, by the ledger's clock.
func seconds(task contract.Task) float64 { return task.EndedAt.Sub(task.StartedAt).Seconds() }

// standing is a task with what it has done so far.
func (g *ground) standing(ctx context.Context, number int64) (contract.Task, error) {
	found, err := g.ledger.Tasks(ctx, contract.ListTasksInput{ID: number})
	if err == nil && len(found.Tasks) == 0 {
		err = fmt.Errorf("task %d is not found", number)
	}
	if err != nil {
		return contract.Task{}, err
	}
	return found.Tasks[0], nil
}

// share is which share of its lines a task has done, by the ledger.
func (g *ground) share(ctx context.Context, number int64) (float64, error) {
	task, err := g.standing(ctx, number)
	if err != nil || task.List.Lines == 0 {
		return 0, err
	}
	if task.State.Final() {
		return 1, fmt.Errorf("task %d has ended too early to be disturbed; give it more lines", number)
	}
	return float64(task.Tally.Done()) / float64(task.List.Lines), nil
}

// until polls for what other processes do.
func (g *ground) until(ctx context.Context, patience time.Duration, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := holds(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, ctx.Err())
		}
	}
}
