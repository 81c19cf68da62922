package main

import (
	"context"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"imagebatch/workflows/contract"
)

// ending is how a task is brought to its end.
type ending int

const (
	untouched  ending = iota // by its last line
	canceled                 // by its user
	terminated               // by an operator, in Temporal itself
	outlived                 // the same, while a worker with a slice in hand sleeps
)

// fate is what befalls a task, at which share of its lines.
type fate struct {
	ending    ending
	endAt     float64
	suspendAt float64 // above 1 for not at all
	suspended time.Duration
	by        int  // which of several ways is taken
	forgotten bool // a terminated task is found by the next one's begin
}

// fates deals what befalls the tasks of a lane.
type fates struct {
	r       *rand.Rand
	opening []ending // comes first
	cards   []ending
}

// endings are shuffled anew when they are used up, like the cards of chaos.
var endings = []ending{untouched, untouched, canceled, terminated, outlived}

// openings are how the first tasks of a lane end, lane by lane: soon one of them
// is outlived, and soon each lane has one that is left alone for long enough to
// see a worker sleep and wake.
var openings = [][]ending{{outlived, untouched}, {untouched, outlived}}

// next draws what befalls the next task.
func (d *fates) next() fate {
	f := fate{endAt: 0.05 + 0.9*d.r.Float64(), suspendAt: 0.05 + 1.5*d.r.Float64(), suspended: between(d.r, time.Second, 8*time.Second), by: d.r.IntN(3), forgotten: d.r.IntN(2) == 0}
	if len(d.opening) > 0 {
		f.ending, d.opening = d.opening[0], d.opening[1:]
		f.endAt /= 10 // soon also where a task takes the whole run
		f.suspendAt = 2
	} else {
		if len(d.cards) == 0 {
			d.cards = shuffled(d.r, endings)
		}
		f.ending, d.cards = d.cards[0], d.cards[1:]
	}
	f.forgotten = f.forgotten && f.ending == terminated
	return f
}

// stopping reports whether the task is to be stopped before its last line.
func (f fate) stopping() bool { return f.ending != untouched }

// suspend holds a task for a while. That it goes on is the business of follow,
// which sees it suspended: a wish to suspend that nobody answered may take
// effect later than the one to resume.
func (l *lane) suspend(ctx context.Context, number int64, f fate) {
	if !l.control(ctx, number, contract.Suspend.Name, f.by) {
		return
	}
	l.figures.fault("suspensions", 1)
	l.figures.tell("%s: task %d suspended for %.0fs", l.name, number, f.suspended.Seconds())
	sleep(ctx, f.suspended)
	l.control(ctx, number, contract.Resume.Name, f.by)
}

// stop brings a task to its end.
func (l *lane) stop(ctx context.Context, number int64, f fate) {
	switch f.ending {
	case canceled:
		if l.control(ctx, number, contract.Cancel.Name, f.by) {
			l.figures.fault("cancels", 1)
			l.figures.tell("%s: task %d is to be canceled", l.name, number)
		}
	case terminated:
		l.terminate(ctx, number)
	case outlived:
		l.outlive(ctx, number)
	}
}

// terminate reports whether it did: the task may have ended already, or the
// server be away, and then it is tried again.
func (l *lane) terminate(ctx context.Context, number int64) bool {
	if err := l.temporal.TerminateWorkflow(ctx, contract.BatchTaskWorkflowID(l.name), "", "torture"); err != nil {
		return false
	}
	l.figures.fault("terminations", 1)
	l.figures.tell("%s: task %d terminated", l.name, number)
	return true
}

// control asks for a change, by the starter, by a signal, or, where it is to be
// canceled, by Temporal's own cancel. It reports whether the wish was taken.
func (l *lane) control(ctx context.Context, number int64, wish string, by int) bool {
	switch {
	case by == 0:
		if l.starter(ctx, 30*time.Second, "batch", wish, strconv.FormatInt(number, 10)) == nil {
			return true
		}
	case by == 1 && wish == contract.Cancel.Name:
		if l.temporal.CancelWorkflow(ctx, contract.BatchTaskWorkflowID(l.name), "") == nil {
			return true
		}
	}
	return l.temporal.SignalWorkflow(ctx, contract.BatchTaskWorkflowID(l.name), "", wish, contract.Control{Task: number, By: "torture"}) == nil
}

// status asks a running task where it stands.
func (l *lane) status(ctx context.Context) (status contract.Status, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	answer, err := l.temporal.QueryWorkflow(ctx, contract.BatchTaskWorkflowID(l.name), "", contract.StatusQuery.Name)
	if err != nil {
		return status, err
	}
	return status, answer.Get(&status)
}

// running reports whether Temporal has an open run of the instance's task.
func (l *lane) running(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	answer, err := l.temporal.DescribeWorkflow(ctx, contract.BatchTaskWorkflowID(l.name), "")
	if isNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return answer.Status == statusRunning, nil
}

// list asks for the instance's tasks, which settles one that was terminated.
func (l *lane) list(ctx context.Context, limit time.Duration) {
	_ = l.starter(ctx, limit, "batch", "list", "--instance", l.name) // who asks looks into the ledger for the answer
}

// starter runs the starter.
func (l *lane) starter(ctx context.Context, limit time.Duration, arguments ...string) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(l.bin, "starter"), arguments...)
	command.Env = append(command.Environ(), "TEMPORAL_ADDRESS="+l.address)
	return command.Run()
}
