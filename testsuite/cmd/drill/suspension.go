package main

import (
	"context"
	"fmt"
	"time"

	"imagebatch/testsuite/workload"
	"imagebatch/workflows/contract"
)

// suspendAt is the share of its lines at which a run is suspended.
const suspendAt = 0.3

// measureSuspension runs a manifest twice. The second run is suspended; when
// nothing of it is under way any more, every process is killed, started again,
// and the run resumed.
func (d *drill) measureSuspension(ctx context.Context) error {
	manifest, err := workload.Manifest(d.work.Lines, d.work.Add)
	if err != nil {
		return err
	}
	warm, err := d.ground.run(ctx, "warm", manifest, clean)
	if err != nil {
		return err
	}
	lines := max(d.work.Lines, int(float64(d.work.Lines)/seconds(warm)*d.long.Seconds()))
	fmt.Printf("suspension  %d lines a run\n", lines)
	if manifest, err = workload.Manifest(lines, entangled(d.work, lines)); err != nil {
		return err
	}
	whole, err := d.ground.run(ctx, "whole", manifest, clean)
	if err != nil {
		return err
	}
	fmt.Printf("suspension  uninterrupted  %6.1f s\n", seconds(whole))
	task, moments, err := d.interrupt(ctx, "held", manifest)
	if err != nil {
		return err
	}
	if err := d.ground.judge(ctx, task, manifest, clean); err != nil {
		return err
	}
	figures := moments.figures(task)
	figures.Lines, figures.Whole = lines, seconds(whole)
	figures.Ratio = figures.Net / figures.Whole
	d.figures.Suspension = &figures
	fmt.Printf("suspension  suspended      %6.1f s without its pause of %.1f s\n", figures.Net, figures.Pause)
	return nil
}

// entangled are lines of which many undo or redo what lines long before them did,
// so that what is done twice, or not at all, shows in the index.
func entangled(work workload.Workload, lines int) func(int) any {
	return func(line int) any {
		before := line - lines/2
		switch {
		case before >= 0 && line%8 == 0:
			return map[string]any{
				"OperationType": "ADD", "ProductId": work.Product(before), "PicName": work.Picture(before),
				"CustomContent": fmt.Sprintf("line %d", line+1),
			}
		case before >= 0 && line%40 == 1:
			return map[string]any{"OperationType": "DELETE", "ProductId": work.Product(before)}
		}
		return work.Add(line)
	}
}

// moments are those of a run that was suspended.
type moments struct {
	asked   time.Time // somebody asked for it to be suspended,
	still   time.Time // nothing of it was under way any more,
	resumed time.Time // and somebody asked for it to go on,
	moving  time.Time // after which the first line was done
}

// figures takes the pause out of what the run took. The pause is the time in
// which nothing was done because somebody wanted it so: from when the last chunk
// had come back, not from the request, to the request to go on, not to the first
// line after it. So what recalling the chunks and warming up again cost counts.
func (m moments) figures(task contract.Task) SuspensionFigures {
	pause := m.resumed.Sub(m.still).Seconds()
	return SuspensionFigures{
		Pause: pause, Net: seconds(task) - pause,
		Recall: m.still.Sub(m.asked).Seconds(), WarmUp: m.moving.Sub(m.resumed).Seconds(),
	}
}

// interrupt runs a task with a break in it.
func (d *drill) interrupt(ctx context.Context, instance string, manifest []byte) (task contract.Task, m moments, err error) {
	number, err := d.begin(ctx, instance, manifest)
	if err != nil {
		return task, m, err
	}
	if err := d.reach(ctx, number, suspendAt); err != nil {
		return task, m, err
	}
	m.asked = time.Now()
	if err := d.stack.Control(ctx, "suspend", number); err != nil {
		return task, m, err
	}
	if err := d.until(ctx, time.Minute, "the chunks have come back", func() (bool, error) { return d.still(ctx, instance) }); err != nil {
		return task, m, err
	}
	m.still = time.Now()
	held, err := d.standing(ctx, number)
	if err != nil {
		return task, m, err
	}
	if err := d.restartAll(ctx); err != nil {
		return task, m, err
	}
	m.resumed = time.Now()
	if err := d.stack.Control(ctx, "resume", number); err != nil {
		return task, m, err
	}
	if err := d.until(ctx, 5*time.Minute, "the task goes on", func() (bool, error) {
		now, err := d.standing(ctx, number)
		return now.Tally.Done() > held.Tally.Done(), err
	}); err != nil {
		return task, m, err
	}
	m.moving = time.Now()
	task, err = d.ended(ctx, number)
	return task, m, err
}

// reach waits until a task has done a share of its lines.
func (d *drill) reach(ctx context.Context, number int64, share float64) error {
	return d.until(ctx, patience, fmt.Sprintf("%.0f%% of task %d are done", 100*share, number), func() (bool, error) {
		done, err := d.share(ctx, number)
		return done >= share, err
	})
}

// still reports whether the instance's task is suspended and none of its chunks open.
func (d *drill) still(ctx context.Context, instance string) (bool, error) {
	answer, err := d.temporal.QueryWorkflow(ctx, contract.BatchTaskWorkflowID(instance), "", contract.StatusQuery.Name)
	if err != nil {
		return false, fmt.Errorf("ask for the status: %w", err)
	}
	var status contract.Status
	if err := answer.Get(&status); err != nil {
		return false, fmt.Errorf("read the status: %w", err)
	}
	return status.State == contract.StateSuspended && len(status.Open) == 0, nil
}

// restartAll kills every process, none of which can notice, and starts them again.
func (d *drill) restartAll(ctx context.Context) error {
	for _, worker := range d.stack.Workers {
		worker.Kill()
	}
	d.stack.Temporal.Kill()
	d.stack.OSS.Kill()
	if err := d.stack.StartOSS(ctx); err != nil {
		return err
	}
	if err := d.stack.StartTemporal(ctx); err != nil {
		return err
	}
	_, err := d.stack.StartWorker(nil)
	return err
}
