package activities

import (
	"context"
	"sync"

	"imagebatch/workflows/contract"
)

// FailureCounts keeps the slices of a process within the number of lines of a
// task that may fail. What has failed is in the ledger, which tells it at every
// commit; what this process has found to fail and not committed yet is here, so
// that many slices together do not run far past the limit between two commits.
// The zero value is ready to use.
type FailureCounts struct {
	mu    sync.Mutex
	tasks map[int64]*failures // of which slices are under way
}

// failures are the failed lines of a task.
type failures struct {
	slices   int // under way
	recorded int64
	found    int64         // since, and not committed yet
	changed  chan struct{} // closed when more is known
}

// failing is the failures of a task as an attempt at one of its slices counts
// them. A nil one counts nothing: any number of lines may fail.
type failing struct {
	counts *FailureCounts
	task   *failures
	in     contract.SliceInput
	own    int64 // of task.found
}

// of is for an attempt that finds this record. It must be forgotten.
func (c *FailureCounts) of(in contract.SliceInput, record SliceRecord) *failing {
	if in.MaxFailures == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tasks == nil {
		c.tasks = map[int64]*failures{}
	}
	task := c.tasks[in.Task]
	if task == nil {
		task = &failures{changed: make(chan struct{})}
		c.tasks[in.Task] = task
	}
	task.slices++
	task.recorded = max(task.recorded, record.TaskFailed)
	return &failing{counts: c, task: task, in: in}
}

// found counts a line that is to be committed as failed.
func (f *failing) found() {
	f.change(func() { f.own++; f.task.found++ })
}

// committed tells that so many of the found lines are in the ledger, and how many
// of the task are.
func (f *failing) committed(lines int, recorded int64) {
	f.change(func() {
		f.own -= int64(lines)
		f.task.found -= int64(lines)
		f.task.recorded = max(f.task.recorded, recorded)
	})
}

// forget ends the counting of an attempt, and returns how many lines of the task
// have failed as far as is known. What the attempt did not commit has not.
func (f *failing) forget() (recorded int64) {
	f.change(func() {
		f.task.found -= f.own
		f.own, recorded = 0, f.task.recorded
		if f.task.slices--; f.task.slices == 0 {
			delete(f.counts.tasks, f.in.Task)
		}
	})
	return recorded
}

func (f *failing) change(do func()) {
	if f == nil {
		return
	}
	f.counts.mu.Lock()
	defer f.counts.mu.Unlock()
	do()
	close(f.task.changed)
	f.task.changed = make(chan struct{})
}

// shareOfLeft is which part of the failures that are left to a task an attempt may
// have found and not committed: other processes learn of them from the ledger.
const shareOfLeft = 16

// pressing reports whether found lines are to be committed now.
func (f *failing) pressing() bool {
	if f == nil {
		return false
	}
	f.counts.mu.Lock()
	defer f.counts.mu.Unlock()
	return f.own > max(0, *f.in.MaxFailures-f.task.recorded)/shareOfLeft
}

// passed reports whether more lines have failed than may, for good.
func (f *failing) passed() bool {
	if f == nil {
		return false
	}
	f.counts.mu.Lock()
	defer f.counts.mu.Unlock()
	return f.task.recorded > *f.in.MaxFailures
}

// mayGoOn reports whether another line may be taken on. While the lines that are
// on their way to the ledger would exceed the limit, it waits for what the ledger
// says of them: one that another attempt has committed too has failed once.
func (f *failing) mayGoOn(ctx context.Context) bool {
	if f == nil {
		return true
	}
	for {
		f.counts.mu.Lock()
		recorded, found, changed := f.task.recorded, f.task.found, f.task.changed
		f.counts.mu.Unlock()
		switch most := *f.in.MaxFailures; {
		case recorded > most:
			return false
		case recorded+found <= most:
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}
