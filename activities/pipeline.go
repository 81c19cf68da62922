package activities

import (
	"context"
	"fmt"
	"sync"
	"time"

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

	feed context.Context // ends when no more lines shall be taken on
	work context.Context // ends when the attempt has failed
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

func newPipeline(s *Slices, in contract.SliceInput, task contract.Task, objects Objects, done SliceRecord) *pipeline {
	return &pipeline{
		Slices: s, task: task, in: in, first: in.List.FirstLine(in.Slice), objects: objects,
		source: &probe{objects: objects, task: task},
		record: done, outcomes: make(chan outcome, s.Limits.CommitLines),
	}
}

// run moves the lines that are not done through the stages until there are no
// more, feed ends or a stage fails. What is in hand is committed in each case.
func (p *pipeline) run(ctx, feed context.Context) (SliceRecord, error) {
	p.feed = feed
	p.work, p.fail = context.WithCancelCause(context.WithoutCancel(ctx))
	defer p.fail(nil)

	adds := make(chan addition) // unbuffered: what waits here when work is to stop would have to be done
	fetched := make(chan addition, p.Limits.Featurizers)
	var producers sync.WaitGroup
	done := p.record.Done
	producers.Go(func() {
		defer close(adds)
		if err := p.readLines(done, adds); err != nil {
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
	p.commitStage(context.WithoutCancel(ctx))
	return p.record, context.Cause(p.work)
}

// readLines reads the slice's part of the work list and sends each line that is
// not done where it belongs.
func (p *pipeline) readLines(done Bitmap, adds chan<- addition) error {
	from, to, err := p.Results.sliceRange(p.work, p.in.List, p.in.Slice)
	if err != nil {
		return err
	}
	list := p.in.List
	body, _, err := p.objects.Open(p.work, list.Bucket, list.Key, Want{From: from, To: to, IfMatch: list.ETag})
	if err != nil {
		return manifestError(p.task, err)
	}
	defer body.Close()
	rules := manifest.Rules{ServiceType: p.task.ServiceType}
	scanner := manifest.NewScanner(body, manifest.Position{Line: p.first, Offset: from})
	for n := 0; p.feed.Err() == nil && p.work.Err() == nil && scanner.Next(); n++ {
		if !done.Has(n) {
			p.dispatch(scanner.Line(), rules, adds)
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("read manifest oss://%s/%s: %w", list.Bucket, list.Key, err)
	}
	return nil
}

// dispatch decides what a line asks for.
func (p *pipeline) dispatch(line manifest.Line, rules manifest.Rules, adds chan<- addition) {
	if line.Blank {
		p.outcomes <- outcome{Outcome: Outcome{Line: line.Number, Ending: Blank}}
		return
	}
	var entry manifest.Entry
	var problem *manifest.Problem
	if line.TooLong {
		problem = manifest.TooLongProblem(line.Length)
	} else {
		entry, _, problem = manifest.Parse(line.Text, rules)
	}
	line.Text = nil // the scanner's own, valid until its next line
	switch {
	case problem != nil:
		p.refuse(addition{line: line, entry: problem.Entry}, NoStage, problem.Code, problem.Message)
	case entry.DeletesProduct():
		p.outcomes <- outcome{Outcome: Outcome{Line: line.Number, Stage: Indexed}, product: entry.ProductID}
	case entry.Operation == manifest.Delete:
		p.outcomes <- outcome{Outcome: Outcome{
			Line: line.Number, Stage: Indexed, Delete: &DeletePicture{Product: entry.ProductID, Picture: entry.PicName},
		}}
	default:
		select {
		case adds <- addition{line: line, entry: entry}:
		case <-p.feed.Done():
		case <-p.work.Done():
		}
	}
}

// refuse isolates a line: it fails, and nothing else does.
func (p *pipeline) refuse(a addition, stage Stage, code contract.Code, message string) {
	p.outcomes <- outcome{Outcome: Outcome{Line: a.line.Number, Ending: Failed, Stage: stage, Failure: &Failure{
		Line: a.line.Number, Offset: a.line.Offset, Length: int(a.line.Length),
		Operation: string(a.entry.Operation), Product: a.entry.ProductID, Picture: a.entry.PicName,
		Code: code, Message: message, Attempts: max(1, a.attempts),
	}}}
}

// timed runs a stage of one line and tells the meter how long it took.
func (p *pipeline) timed(stage Stage, do func()) {
	start := time.Now()
	do()
	p.Meter.Stage(stage, time.Since(start))
}
