package activities

import (
	"context"
	"fmt"
	"time"
)

// commitStage commits outcomes, some at a time, until there are no more. It uses
// a context that a failing stage does not end: what is in hand is kept even when
// the slice has to be tried again. Once a commit has failed it only drains.
func (p *pipeline) commitStage(ctx context.Context) {
	c := committer{pipeline: p, ctx: ctx, pending: make([]Outcome, 0, p.Limits.CommitLines)}
	tick := time.NewTicker(p.Limits.CommitAfter)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.flush()
		case o, more := <-p.outcomes:
			if !more {
				c.flush()
				return
			}
			c.take(o)
		}
	}
}

type committer struct {
	*pipeline
	ctx     context.Context
	pending []Outcome
	broken  bool
}

func (c *committer) take(o outcome) {
	if o.product != "" {
		c.flush()
		c.commit([]Outcome{o.Outcome}, func(batch Batch) (SliceRecord, error) {
			return c.Index.DeleteProduct(c.ctx, batch, o.product)
		})
		return
	}
	if c.pending = append(c.pending, o.Outcome); len(c.pending) >= c.Limits.CommitLines || c.failing.pressing() {
		c.flush()
	}
}

func (c *committer) flush() {
	c.commit(c.pending, func(batch Batch) (SliceRecord, error) { return c.Index.Commit(c.ctx, batch) })
	c.pending = c.pending[:0]
}

func (c *committer) commit(outcomes []Outcome, apply func(Batch) (SliceRecord, error)) {
	if c.broken || len(outcomes) == 0 {
		return
	}
	batch := Batch{
		Task: c.in.Task, Slice: c.in.Slice, First: c.first,
		Lines: c.in.List.LinesOf(c.in.Slice), Outcomes: outcomes,
	}
	c.timed(Indexed, func() {
		record, err := apply(batch)
		if err != nil {
			c.broken = true
			c.fail(fmt.Errorf("commit %d lines of slice %d of task %d: %w", len(outcomes), c.in.Slice, c.in.Task, err))
			return
		}
		c.record = record
	})
	if c.broken {
		return
	}
	c.caution.commit()
	failed := 0
	for _, o := range outcomes {
		if o.Failure != nil {
			failed++
			c.Meter.Line(o.Ending, o.Failure.Code)
		} else {
			c.Meter.Line(o.Ending, "")
		}
	}
	if c.failing.committed(failed, c.record.TaskFailed); c.failing.passed() {
		c.stop()
	}
}
