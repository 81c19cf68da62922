package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"imagebatch/testsuite/catalogue"
	"imagebatch/testsuite/oracle"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// How long a task may go without a line done, and everything else without
// coming to its end. Two lost heartbeats and a receiver that was away are minutes
// short of it.
const patience = 4 * time.Minute

// askAgain is how long a task may take to stop before it is asked again.
const askAgain = 15 * time.Second

const statusRunning = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING

// lane is an instance and its tasks, one after the other.
type lane struct {
	*torture
	name      string
	r         *rand.Rand
	fates     fates
	replaces  bool         // pictures, while tasks read them
	fickle    fickle       // those that are
	index     oracle.Index // what the instance must hold after the last task
	last      int64        // number of the last task
	closed    []closed
	triggered int // starts that its schedule was asked for
	owed      sync.WaitGroup
}

// tried is a task as it was started, and what was done to it.
type tried struct {
	number     int64
	batch      catalogue.Batch
	fate       fate
	stopping   bool // somebody asked for its end
	miscounted bool // it was seen, and has been told
}

// newLane is the n-th lane. In every second one pictures are replaced while tasks
// read them.
func newLane(t *torture, n int) *lane {
	l := &lane{torture: t, name: laneName(n), r: t.random(uint64(2 + n)), replaces: n%2 == 1, index: oracle.Index{}}
	l.fates = fates{r: l.r, opening: openings[n%len(openings)]}
	return l
}

func laneName(n int) string { return "torture-" + strconv.Itoa(n) }

// mix is what a task is made of. Planted faults are for every second task: the
// database itself refuses a failed line that is listed again, which would hide
// that a line was counted again. Where pictures are replaced there are so many
// products that what a line left behind is seldom undone by later ones.
func (l *lane) mix(tasks int) catalogue.Mix {
	mix := catalogue.Mix{Products: max(12, l.lines/100), Bad: tasks%2 == 0, Blank: true}
	if l.replaces {
		mix.Products, mix.Bad = max(12, l.lines/8), false
	}
	return mix
}

// run runs tasks until the time is over, and judges each. An error means that
// the lane cannot go on.
func (l *lane) run(ctx context.Context) error {
	if err := l.until(ctx, "the instance is created", func() bool {
		if l.starter(ctx, 30*time.Second, "instance", "create", l.name, "--region", stack.Region) == nil {
			return true
		}
		return l.starter(ctx, 30*time.Second, "instance", "get", l.name) == nil
	}); err != nil {
		return err
	}
	var before *tried // ended, but left for the next task to find
	for tasks := 0; tasks == 0 || !l.over(); tasks++ {
		now, err := l.start(ctx, tasks)
		if err != nil {
			return err
		}
		if before != nil {
			if err := l.judge(ctx, before, false); err != nil {
				return err
			}
		}
		if err := l.follow(ctx, now); err != nil {
			return err
		}
		if now.fate.forgotten && now.stopping && !l.over() {
			before = now
			continue
		}
		before = nil
		if err := l.judge(ctx, now, true); err != nil {
			return err
		}
	}
	if before != nil {
		if err := l.judge(ctx, before, true); err != nil {
			return err
		}
	}
	l.owed.Wait()
	return l.judgeAgain(ctx)
}

// start writes a manifest and starts a task over it.
func (l *lane) start(ctx context.Context, tasks int) (*tried, error) {
	batch, err := catalogue.Random(l.r.Uint64(), l.lines, l.mix(tasks))
	if err != nil {
		return nil, err
	}
	now := &tried{batch: batch, fate: l.fates.next()}
	if tasks == 0 {
		for name, content := range batch.Pictures {
			if err := l.put(ctx, name, content); err != nil {
				return nil, err
			}
		}
		if l.replaces {
			l.fickle = batch.Pictures
			go l.replacePictures(ctx, rand.New(rand.NewPCG(l.r.Uint64(), 0))) // ends with the faults
		}
	}
	if err := l.put(ctx, contract.ManifestName, batch.Manifest); err != nil {
		return nil, err
	}
	if err := l.until(ctx, "a task has begun", func() bool {
		if open, err := l.running(ctx); err != nil {
			return false
		} else if !open && !l.begun(ctx, now) {
			// Whether it worked shows in the ledger.
			if tasks%2 == 0 {
				_ = l.starter(ctx, time.Minute,
					"batch", "start", l.name, "--bucket", stack.Bucket, "--path", l.name, "--callback", l.receiver.address, "--callback-retry", firstRetry.String(),
					"--slice-lines", strconv.Itoa(sizes.SliceLines), "--chunk-slices", strconv.Itoa(sizes.ChunkSlices),
					"--window", strconv.Itoa(sizes.Window), "--continue-after-chunks", strconv.Itoa(sizes.ContinueAfterChunks))
			} else {
				_ = l.byItsSchedule(ctx)
			}
		}
		return l.begun(ctx, now)
	}); err != nil {
		return nil, err
	}
	if l.triggered == 0 {
		return now, nil
	}
	return now, l.until(ctx, "its schedule has nothing more to start", func() bool { return l.scheduleIsQuiet(ctx) })
}

// begun learns the number of the task that was started.
func (l *lane) begun(ctx context.Context, now *tried) bool {
	newest, err := l.ledger.Tasks(ctx, contract.ListTasksInput{Instance: l.name, Limit: 1})
	if err != nil || len(newest.Tasks) == 0 || newest.Tasks[0].ID <= l.last {
		return false
	}
	now.number, l.last = newest.Tasks[0].ID, newest.Tasks[0].ID
	l.figures.tell("%s: task %d begins", l.name, now.number)
	return true
}

func (l *lane) put(ctx context.Context, name string, content []byte) error {
	return l.until(ctx, "the object store takes "+name, func() bool {
		return l.objects.Put(ctx, stack.Bucket, l.name+"/"+name, "application/octet-stream", bytes.NewReader(content)) == nil
	})
}

// standing is a task with what it has done so far.
func (l *lane) standing(ctx context.Context, number int64) (contract.Task, error) {
	found, err := l.ledger.Tasks(ctx, contract.ListTasksInput{ID: number})
	if err == nil && len(found.Tasks) != 1 {
		err = fmt.Errorf("look up task %d: it is not there", number)
	}
	if err != nil {
		return contract.Task{}, err
	}
	return found.Tasks[0], nil
}

// follow lets a task's fate befall it, until its workflow has closed.
func (l *lane) follow(ctx context.Context, now *tried) error {
	var befalls sync.WaitGroup
	defer befalls.Wait()
	asking, enough := context.WithCancel(ctx)
	defer enough()
	suspended, busy := false, make(chan struct{}, 1)
	done, moved, looked, counted := int64(-1), time.Now(), time.Now(), time.Now()
	for {
		task, err := l.standing(ctx, now.number)
		if err == nil && task.Tally.Done() != done {
			done, moved = task.Tally.Done(), time.Now()
		}
		share := 0.0
		if task.List.Lines > 0 {
			share = float64(done) / float64(task.List.Lines)
		}
		if err == nil && task.Planned && time.Since(counted) > 3*time.Second && !now.miscounted {
			counted = time.Now()
			now.miscounted = !l.judgeOpen(ctx, now, task)
		}
		late := l.over() && share < 0.9
		switch {
		case err != nil:
		case task.State.Final() || time.Since(looked) > 2*time.Second:
			looked = time.Now()
			if open, err := l.running(ctx); err == nil && !open {
				return nil
			}
			if status, err := l.status(ctx); err == nil && status.State == contract.StateSuspended && len(busy) == 0 {
				l.control(ctx, now.number, contract.Resume.Name, 1)
			}
		case len(busy) > 0:
		case late && l.figures.judged() > 0 || now.fate.stopping() && share >= now.fate.endAt:
			if late && !now.fate.stopping() {
				now.fate.ending = canceled
			}
			now.stopping = true
			busy <- struct{}{}
			befalls.Go(func() {
				l.stop(ctx, now.number, now.fate)
				sleep(asking, askAgain) // lest that was in vain
				<-busy
			})
		case !suspended && share >= now.fate.suspendAt && !l.over():
			suspended = true
			busy <- struct{}{}
			befalls.Go(func() { l.suspend(ctx, now.number, now.fate); <-busy })
		}
		if time.Since(moved) > patience {
			status, err := l.status(ctx)
			l.figures.violation("%s: task %d: no line done for %s; the ledger says %s, %d of %d lines; status %+v, %v",
				l.name, now.number, patience, task.State, done, task.List.Lines, status, err)
			return errViolated
		}
		if !sleep(ctx, 100*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// until repeats what may fail while everything does.
func (l *lane) until(ctx context.Context, what string, holds func() bool) error {
	for begin := time.Now(); ; {
		if holds() {
			return nil
		}
		if time.Since(begin) > patience {
			l.figures.violation("%s: waited %s in vain until %s", l.name, patience, what)
			return errViolated
		}
		if !sleep(ctx, 250*time.Millisecond) {
			return fmt.Errorf("wait until %s: %w", what, ctx.Err())
		}
	}
}

func isNotFound(err error) bool {
	var missing *serviceerror.NotFound
	return errors.As(err, &missing)
}
