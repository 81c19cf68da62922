package main

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"imagebatch/activities"
	"imagebatch/testsuite/remains"
	"imagebatch/workflows/contract"
)

// maxShown bounds the violations that are told of one task.
const maxShown = 12

// judge waits until an ended task is settled, and holds all it left behind
// against its manifest. With another task of the instance under way the index
// says nothing about this one, and is judged with that.
func (l *lane) judge(ctx context.Context, now *tried, alone bool) error {
	var task contract.Task
	if err := l.until(ctx, fmt.Sprintf("task %d is closed and reported", now.number), func() bool {
		if now.fate.ending == terminated || now.fate.ending == outlived {
			l.list(ctx, 15*time.Second)
		}
		found, err := l.ledger.Task(ctx, now.number)
		task = found
		return err == nil && task.State.Final() && task.ReportKey != ""
	}); err != nil {
		return err
	}
	var o outcome
	if err := l.until(ctx, fmt.Sprintf("the outcome of task %d is read", now.number), func() bool {
		read, err := l.outcome(ctx, task)
		o = read
		return err == nil
	}); err != nil {
		return err
	}
	wrong := l.accuse(task)
	l.fickle.blame(now, o)
	counts := l.judgeLines(now, task, o, wrong)
	if err := l.judgeReport(ctx, now, task, o, wrong); err != nil {
		return err
	}
	after, err := l.index.Apply(task.ID, now.batch.Manifest, func(line int64) bool {
		_, bad := now.batch.Failures[line]
		return bad || o.undone(line)
	})
	if err != nil {
		return err
	}
	l.index = after
	if alone {
		if err := l.judgeIndex(ctx, wrong); err != nil {
			return err
		}
	}
	l.closed = append(l.closed, closed{task, o})
	l.owe(ctx, task, wrong)
	l.figures.task(string(task.State), counts.Done()-counts.Canceled)
	l.figures.tell("%s: task %d judged: %s, %d succeeded, %d failed, %d canceled; %d pictures", l.name, task.ID, task.State,
		counts.Succeeded, counts.Failed, counts.Canceled, len(l.index))
	return nil
}

// accuse tells of violations of a task, and of the first ones only: they say
// enough.
func (l *lane) accuse(task contract.Task) func(format string, args ...any) {
	var found atomic.Int32 // also callbacks accuse
	return func(format string, args ...any) {
		if found.Add(1) <= maxShown {
			l.figures.violation("%s: task %d, %s: %s", l.name, task.ID, task.State, fmt.Sprintf(format, args...))
		}
	}
}

// outcome is what the ledger has of a closed task's lines.
type outcome struct {
	failures map[int64]contract.Code
	twice    []int64 // failed lines that are listed again
	ranges   []activities.LineRange
	planned  bool
}

func (l *lane) outcome(ctx context.Context, task contract.Task) (outcome, error) {
	o := outcome{failures: map[int64]contract.Code{}, planned: task.Planned}
	for failure, err := range l.ledger.Failures(ctx, task.ID) {
		if err != nil {
			return o, err
		}
		if _, again := o.failures[failure.Line]; again {
			o.twice = append(o.twice, failure.Line)
		}
		o.failures[failure.Line] = failure.Code
	}
	for run, err := range l.ledger.Undone(ctx, task.ID) {
		if err != nil {
			return o, err
		}
		o.ranges = append(o.ranges, run)
	}
	return o, nil
}

// undone reports whether a line was not run.
func (o outcome) undone(line int64) bool {
	if !o.planned {
		return true
	}
	low, high := 0, len(o.ranges)
	for low < high {
		if middle := (low + high) / 2; o.ranges[middle].Last < line {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low < len(o.ranges) && o.ranges[low].First <= line
}

// judgeLines counts the lines anew, from the manifest and what the ledger says of
// single lines, and holds the totals against it.
func (l *lane) judgeLines(now *tried, task contract.Task, o outcome, wrong func(string, ...any)) (counts contract.Counts) {
	var total int64
	for i, text := range bytes.Split(now.batch.Manifest, []byte("\n")) {
		line := int64(i + 1)
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		total++
		code, failed := o.failures[line]
		planted, bad := now.batch.Failures[line]
		switch {
		case o.undone(line):
			counts.Canceled++
			if failed {
				wrong("line %d has failed and was not run", line)
			}
		case failed && !bad:
			wrong("line %d failed with %s and is good: %s", line, code, text)
			counts.Failed++
		case failed && code != planted:
			wrong("line %d failed with %s instead of %s: %s", line, code, planted, text)
			counts.Failed++
		case failed:
			counts.Failed++
		case bad:
			wrong("line %d did not fail; it holds a planted %s: %s", line, planted, text)
			counts.Succeeded++
		default:
			counts.Succeeded++
		}
	}
	if !task.Planned {
		total, counts.Canceled = 0, 0
	}
	for _, line := range o.twice {
		wrong("line %d has failed twice", line)
	}
	switch {
	case task.List.Lines != total:
		wrong("the total is %d, the manifest has %d lines", task.List.Lines, total)
	case task.Tally.Counts != counts:
		wrong("the totals %+v differ from those of its lines, %+v", task.Tally.Counts, counts)
	case task.Left() != 0:
		wrong("%d lines have no outcome", task.Left())
	case task.State == contract.StateFail:
		wrong("it failed: %s %s", task.Code, task.Message)
	case task.State == contract.StateStop && !now.stopping:
		wrong("it stopped and nobody asked: %s %s", task.Code, task.Message)
	case task.State == contract.StateSuccess && counts.Canceled > 0:
		wrong("%d lines were not run", counts.Canceled)
	}
	return counts
}

// owe expects the task's callback, at the latest when the lane ends.
func (l *lane) owe(ctx context.Context, task contract.Task, wrong func(string, ...any)) {
	want := "NORMAL"
	if task.State != contract.StateSuccess {
		want = "FAIL"
	}
	l.owed.Go(func() {
		waiting, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		came, err := l.receiver.Await(waiting, task.ID)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			wrong("no callback within %s", patience)
			return
		}
		for _, delivery := range came {
			if delivery.ID != came[0].ID || delivery.Payload.Status != want || delivery.Payload.InstanceName != l.name {
				wrong("callback %s: %s, want status %s of %s under the id %s", delivery.ID, delivery.Body, want, l.name, came[0].ID)
			}
		}
	})
}

// judgeIndex holds every picture of the instance against the serial application
// of all its tasks.
func (l *lane) judgeIndex(ctx context.Context, wrong func(string, ...any)) error {
	var held remains.Instance
	if err := l.until(ctx, "the index is read", func() bool {
		read, err := remains.ReadInstance(ctx, l.ledger, l.name)
		held = read
		return err == nil
	}); err != nil {
		return err
	}
	for _, difference := range held.Differences(l.index) {
		wrong("%s", difference)
	}
	return nil
}
