package activities

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// crashBudget is how many attempts a slice may lose before its lines are tried
// one by one. One is not enough: an attempt that is still under way after its
// heartbeats got lost looks the same, and so does a machine that was restarted.
const crashBudget = 2

// guiltyMarks is how many attempts have to be lost over a line before it is
// isolated. The first may have been lost by another slice of the same process;
// after that the line is tried alone.
const guiltyMarks = 2

// openSlice opens an attempt at a slice. The function that it returns ends it
// cleanly, and must be called however the attempt ends, as long as there is a
// process to call it. It uses contexts that do not end: a stopped attempt still
// tells the tally, and was no loss.
func (s *Slices) openSlice(ctx context.Context, in contract.SliceInput) (attempt Attempt, opened OpenedSlice, end func(), err error) {
	lasting := context.WithoutCancel(ctx)
	attempt = Attempt{Task: in.Task, Slice: in.Slice, ID: fmt.Sprintf("%d-%s", activity.GetInfo(ctx).Attempt, rand.Text())}
	lines := in.List.LinesOf(in.Slice)
	if opened, err = s.Ledger.OpenSlice(lasting, attempt, lines); err != nil || opened.Done.Count() == lines {
		return attempt, opened, func() {}, err
	}
	return attempt, opened, func() {
		if err := s.Ledger.CloseSlice(lasting, attempt); err != nil {
			activity.GetLogger(ctx).Warn("attempt not closed yet; it counts as lost until the database can be written", "taskId", in.Task, "slice", in.Slice, "error", err)
		}
	}, nil
}

// caution makes a pipeline try one line after the other: the next is taken on
// when the one before is committed. Each is marked in the ledger before a
// picture is decoded or a deletion applied, which is where a process can be
// lost. A nil caution does nothing.
type caution struct {
	ledger  Ledger
	attempt Attempt
	marked  map[int64]int // by attempts before this one
	settled chan struct{} // gets a value when the line in hand is committed
	free    func()        // gives back what the line in hand holds
}

// cautionFor is nil as long as the slice's budget lasts.
func cautionFor(ledger Ledger, attempt Attempt, opened OpenedSlice, logger log.Logger) *caution {
	if opened.Unclean < crashBudget {
		return nil
	}
	logger.Warn("workers were lost with this slice in hand; its lines are tried one by one",
		"taskId", attempt.Task, "slice", attempt.Slice, "lost", opened.Unclean)
	return &caution{ledger: ledger, attempt: attempt, marked: opened.Marked, settled: make(chan struct{}, 1), free: func() {}}
}

// suspect reports whether a line was in hand when a process was lost.
func (c *caution) suspect(line int64) bool { return c != nil && c.marked[line] > 0 }

// guilty reports whether a line is not to be tried any more.
func (c *caution) guilty(line int64) bool { return c != nil && c.marked[line] >= guiltyMarks }

// mark writes down the line that is about to be tried.
func (c *caution) mark(ctx context.Context, line int64) error {
	if c == nil {
		return nil
	}
	return c.ledger.MarkLine(ctx, c.attempt, line)
}

// commit tells that the line in hand is committed.
func (c *caution) commit() {
	if c != nil {
		c.release()
		c.settled <- struct{}{}
	}
}

// release gives back what the line in hand holds. It is for the goroutine that
// commits, and for whoever comes after all the others have ended.
func (c *caution) release() {
	if c != nil {
		c.free()
		c.free = func() {}
	}
}

// await waits until the line that was handed on is committed. The context ends
// when no more lines shall be taken on, which is when a line may get lost.
func (c *caution) await(ctx context.Context) {
	if c == nil {
		return
	}
	select {
	case <-c.settled:
	case <-ctx.Done():
	}
}

// borrowCores waits for a core to decode the line's picture with, and marks the
// line. A line that is under suspicion is tried alone, and holds all cores until
// it is committed: if the process is lost meanwhile, no other picture of it can
// have been the cause. Giving back is safe to repeat.
func (p *pipeline) borrowCores(line int64) (free func(), err error) {
	share, wait := int64(1), p.work
	alone := p.caution.suspect(line)
	if alone {
		share, wait = p.Limits.AllCores, p.more // others may hold them for long, and a stop shall not wait
	}
	if err := p.Limits.Cores.Acquire(wait, share); err != nil {
		return nil, err
	}
	free = sync.OnceFunc(func() { p.Limits.Cores.Release(share) })
	if err := p.caution.mark(p.work, line); err != nil {
		free()
		p.fail(err)
		return nil, err
	}
	if alone {
		p.caution.free = free
		return func() {}, nil
	}
	return free, nil
}

// spared isolates a line that has taken the worker down, instead of trying it
// once more, and reports whether it did. A deletion of a product is always tried:
// lost attempts may have removed a part of it, and a line that fails must not
// have any effect.
func (p *pipeline) spared(line manifest.Line, entry manifest.Entry) bool {
	if !p.caution.guilty(line.Number) || entry.Operation == manifest.Delete && entry.DeletesProduct() {
		return false
	}
	p.log.Error("line isolated: the worker was lost over it", "taskId", p.in.Task, "slice", p.in.Slice,
		"line", line.Number, "picture", entry.PicName, "times", p.caution.marked[line.Number])
	a := addition{line: line, entry: entry, attempts: p.caution.marked[line.Number]}
	if entry.Operation == manifest.Delete {
		p.refuse(a, NoStage, contract.CodeInvalidMetaItem, "this line took the worker down twice; report it with the worker's log of that moment")
		return true
	}
	p.refuse(a, NoStage, contract.CodeUnsupportedPicFormat, "the picture took the worker down twice, perhaps by running out of memory; re-encode it and upload it again")
	return true
}
