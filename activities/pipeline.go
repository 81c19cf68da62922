package activities

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// pipeline is one attempt at one slice. Its stages hand lines on through
// channels that every receiver drains to the end, also after a failure, so that
// nobody blocks and every held byte is given back.
type pipeline struct {
	*Slices
	task    contract.Task
	in      contract.SliceInput
	first   int64 // number of the slice's first line
	objects Objects
	source  *probe
	caution *caution // nil unless lines are tried one by one
	others  *otherNames
	failing *failing // nil where any number of lines may fail
	log     log.Logger

	feed context.Context    // ends when no more lines shall be taken on
	work context.Context    // ends when the attempt has failed
	more context.Context    // ends with the first of the two, and when too many lines have failed
	stop context.CancelFunc // ends more
	fail context.CancelCauseFunc

	record   SliceRecord // as of the last commit
	outcomes chan outcome
}

// addition is an ADD line on its way through the stages.
type addition struct {
	line     manifest.Line // without its text
	entry    manifest.Entry
	data     []byte
	attempts int
	release  func() // gives back the memory that data is counted against
}

// outcome is what a stage says of a line. A product to delete is not committed
// with the others: it may be many pictures.
type outcome struct {
	Outcome
	product string
}

func newPipeline(s *Slices, in contract.SliceInput, task contract.Task, objects Objects, done SliceRecord, care *caution) *pipeline {
	if care != nil {
		alone := *s
		alone.Limits.CommitLines = 1
		s = &alone
	}
	return &pipeline{
		Slices: s, task: task, in: in, first: in.List.FirstLine(in.Slice), objects: objects,
		source: newProbe(objects, task), caution: care, others: newOtherNames(sliceGuesses),
		failing: s.Limits.Failures.of(in, done),
		record:  done, outcomes: make(chan outcome, s.Limits.CommitLines),
	}
}

// run moves the lines that are not done through the stages until there are no
// more, feed ends or a stage fails. What is in hand is committed in each case.
func (p *pipeline) run(ctx, feed context.Context) (SliceRecord, error) {
	p.log = activity.GetLogger(ctx)
	p.feed = feed
	p.work, p.fail = context.WithCancelCause(context.WithoutCancel(ctx))
	defer p.fail(nil)
	defer context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), ErrWorkerStops) { // which waits no longer, not even for what is in hand
			p.fail(ErrWorkerStops)
		}
	})()
	p.more, p.stop = context.WithCancel(feed)
	defer p.stop()
	defer context.AfterFunc(p.work, p.stop)()

	adds := make(chan addition) // unbuffered: what waits here when work is to stop would have to be done
	fetched := make(chan addition, p.Limits.Featurizers)
	var producers sync.WaitGroup
	done := p.record.Done
	producers.Go(func() {
		defer close(adds)
		if err := caught(p.log, func() error { return p.readLines(done, adds) }); err != nil {
			p.fail(err)
		}
	})
	producers.Go(func() {
		defer close(fetched)
		var fetchers sync.WaitGroup
		for range p.Limits.Fetchers {
			fetchers.Go(func() { p.fetchStage(adds, fetched) })
		}
		fetchers.Wait()
	})
	for range p.Limits.Featurizers {
		producers.Go(func() { p.featurizeStage(fetched) })
	}
	go func() {
		producers.Wait()
		close(p.outcomes)
	}()
	if err := caught(p.log, func() error { p.commitStage(context.WithoutCancel(ctx)); return nil }); err != nil {
		p.fail(fmt.Errorf("commit slice %d of task %d: %w", p.in.Slice, p.in.Task, err))
		for range p.outcomes { // the stages before must not block
		}
	}
	p.caution.release()
	p.record.TaskFailed = max(p.record.TaskFailed, p.failing.forget()) // other slices commit too
	return p.record, context.Cause(p.work)
}

// refuse isolates a line: it fails, and nothing else does. Once too many lines
// have failed it stays undone instead: its task is given up.
func (p *pipeline) refuse(a addition, stage Stage, code contract.Code, message string) {
	if p.failing.passed() {
		p.stop() // nobody may wait for the line
		return
	}
	refused := outcomeOf(a.line)
	refused.Ending, refused.Stage = Failed, stage
	refused.Failure = &Failure{
		Line: a.line.Number, Offset: a.line.Offset, Length: a.line.Length,
		Operation: string(a.entry.Operation), Product: a.entry.ProductID, Picture: a.entry.PicName,
		Code: code, Message: message, Attempts: max(1, a.attempts),
	}
	p.failing.found()
	p.outcomes <- outcome{Outcome: refused}
}

// isolating refuses the line if do panics. The reason is for the log: it may
// quote anything.
func (p *pipeline) isolating(a addition, stage Stage, code contract.Code, do func()) {
	if err := caught(p.log, func() error { do(); return nil }); err != nil {
		p.log.Error("line isolated after a panic", "taskId", p.in.Task, "slice", p.in.Slice, "line", a.line.Number, "picture", a.entry.PicName)
		p.refuse(a, stage, code, "this line brought an error of imagebatch itself to light; report it with the worker's log of that moment")
	}
}

// outcomeOf is an outcome of the line that says nothing yet.
func outcomeOf(line manifest.Line) Outcome {
	return Outcome{Line: line.Number, Offset: line.Offset, Length: line.Length}
}

// timed runs a stage of one line and tells the meter how long it took.
func (p *pipeline) timed(stage Stage, do func()) {
	start := time.Now()
	do()
	p.Meter.Stage(stage, time.Since(start))
}
