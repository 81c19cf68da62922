package main

import (
	"context"
	"fmt"
	"time"

	"imagebatch/testsuite/remains"
	"imagebatch/testsuite/workload"
)

// stretch makes the run of the rolling measurement so many times longer than the
// others: it has to be under way all the while.
const stretch = 3

// stopping is how long a worker may take to stop; it gives up earlier by itself.
const stopping = 90 * time.Second

// measureRolling replaces workers while a task runs, each by a SIGTERM and a new
// one, and counts what became of the attempts at slices.
func (d *drill) measureRolling(ctx context.Context) error {
	lines := stretch * d.work.Lines
	manifest, err := workload.Manifest(lines, entangled(d.work, lines))
	if err != nil {
		return err
	}
	number, err := d.begin(ctx, "rolling", manifest)
	if err != nil {
		return err
	}
	figures := &RollingFigures{Lines: lines}
	for n := range d.replacements {
		if err := d.reach(ctx, number, float64(n+1)/float64(d.replacements+2)); err != nil {
			return err
		}
		took, err := d.replace(n)
		if err != nil {
			return err
		}
		figures.Replacements++
		figures.SlowestStop = max(figures.SlowestStop, took.Seconds())
		fmt.Printf("rolling     worker %d stopped after %.1f s\n", n+1, took.Seconds())
	}
	if _, err := d.share(ctx, number); err != nil {
		return err // no worker was replaced for nothing
	}
	task, err := d.ended(ctx, number)
	if err != nil {
		return err
	}
	if err := d.ground.judge(ctx, task, manifest, clean); err != nil {
		return err
	}
	figures.Seconds = seconds(task)
	figures.Attempts, err = remains.ReadAttempts(ctx, d.ledger, d.temporal, task)
	d.figures.Rolling = figures
	return err
}

// replace asks the oldest worker to stop, starts another, and waits until the old
// one is gone.
func (d *drill) replace(oldest int) (took time.Duration, err error) {
	old, asked := d.stack.Workers[oldest], time.Now()
	gone := make(chan error, 1)
	go func() {
		err := old.Stop(stopping)
		took = time.Since(asked)
		gone <- err
	}()
	_, err = d.stack.StartWorker(nil)
	if stopped := <-gone; err == nil {
		err = stopped
	}
	return took, err
}
