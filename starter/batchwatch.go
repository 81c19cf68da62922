package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"imagebatch/workflows/contract"
)

type batchWatch struct {
	Task int64 `arg:"" help:"Number of the task."`
}

// Run follows the task until it ends.
func (c *batchWatch) Run(a *app) error {
	task, err := a.task(c.Task)
	if err != nil {
		return err
	}
	if task.State.Final() {
		return a.conclude(task)
	}
	return a.watch(following{
		WorkflowID: task.WorkflowID, FirstRunID: task.RunID, Task: task.ID,
		Instance: task.Instance, Bucket: task.Bucket, Path: task.Path,
	})
}

// following is a task that is watched.
type following struct {
	WorkflowID             string
	FirstRunID             string
	Task                   int64 // 0 while it has not begun
	Instance, Bucket, Path string

	began time.Time       // when watching began
	last  contract.Status // what was last shown
	first int64           // lines that were done when the first of them was
	moved time.Time       // when lines were last seen to get done
	asks  time.Time       // when a setback was last asked for
	held  string          // kind of what was said to hold the task up
}

// Pauses between two looks at a task, and while something does not answer.
const (
	watchPause = time.Second
	retryPause = 2 * time.Second
	heldPause  = 5 * time.Second // of a task that does not get on
)

// watch shows progress until the task ends, then its summary. It survives
// servers and workers that come and go: it says so once, and waits.
func (a *app) watch(f following) error {
	screen := newScreen(a.stderr)
	defer screen.close()
	err := a.follow(&f, screen)
	if err == nil {
		var task contract.Task
		if task, err = a.ending(&f, screen); err == nil {
			task = a.awaitReport(task, screen)
			screen.close()
			return a.conclude(task)
		}
	}
	screen.close()
	if f.Task == 0 {
		return a.unlessInterrupted(err, "stopped watching; the task of instance %s goes on, see: starter batch list --instance %s", f.Instance, f.Instance)
	}
	return a.unlessInterrupted(err, "stopped watching; task %d goes on, watch it again with: starter batch watch %d", f.Task, f.Task)
}

// follow shows progress until the workflow of the task has closed.
func (a *app) follow(f *following, screen *screen) error {
	for {
		closed, err := a.look(f, screen)
		switch {
		case closed || err != nil && a.ctx.Err() == nil && !isSilent(err):
			return err
		case a.ctx.Err() != nil:
			return a.ctx.Err()
		case err != nil:
			screen.trouble(err)
			err = pause(a.ctx, retryPause)
		default:
			screen.recovered()
			err = pause(a.ctx, watchPause)
		}
		if err != nil {
			return err
		}
	}
}

// look takes one look at the task and reports whether its workflow has closed.
func (a *app) look(f *following, screen *screen) (closed bool, err error) {
	run, err := within(a.ctx, a.requestLimit(), func(ctx context.Context) (execution, error) {
		return a.server.Execution(ctx, f.WorkflowID)
	})
	if errors.Is(err, errNoExecution) {
		return true, nil // Temporal has forgotten it: the ledger has not
	}
	if err != nil {
		return false, err
	}
	if f.Task == 0 && f.owns(run) {
		f.Task = run.Task
	}
	if !f.owns(run) || !run.Open {
		return true, nil
	}
	status, err := within(a.ctx, answerLimit, func(ctx context.Context) (contract.Status, error) {
		return a.server.Status(ctx, f.WorkflowID)
	})
	if isSilent(err) { // Temporal has just answered
		found, unasked := within(a.ctx, a.requestLimit(), func(ctx context.Context) (setback, error) { return a.server.Setback(ctx, f.WorkflowID) })
		if unasked == nil && found.Stuck {
			return false, silentError{who: found.Step + " fails again and again", cause: found.Cause}
		}
		return false, silentError{who: fmt.Sprintf("no worker answers on %s; if none runs, start one with \"make dev\"", a.queue)}
	}
	if err != nil {
		return false, err
	}
	if status.Task != 0 && status.Task == f.Task {
		f.sharpen(&status)
		screen.recovered()
		shown := a.explainDelay(f, status, screen)
		f.last = status
		screen.show(shown)
	}
	return false, nil
}

// sharpen makes of what a task says what is shown: counts never go back, and a
// task too young to know its rate has the one that was watched.
func (f *following) sharpen(status *contract.Status) {
	now := time.Now()
	if f.began.IsZero() {
		f.began, f.first = now, status.Done()
	}
	if !status.Planned || status.State.Final() {
		return
	}
	if f.last.Done() > status.Done() {
		status.Tally = f.last.Tally
	}
	status.Left = max(0, status.Total-status.Done())
	if watched := now.Sub(f.began).Seconds(); status.Rate == 0 && watched > 0 {
		status.Rate = float64(status.Done()-f.first) / watched
	}
	if status.Rate > 0 {
		status.ETA = float64(status.Left) / status.Rate
	}
}

// explainDelay says, once for each cause, what holds up a task that does not get
// on, and that it does again. What it returns has no rate, and no time that is
// left, while nothing moves.
func (a *app) explainDelay(f *following, status contract.Status, screen *screen) contract.Status {
	now := time.Now()
	switch {
	case f.moved.IsZero() || status.Done() > f.last.Done() || status.Planned != f.last.Planned || status.State != f.last.State:
		f.moved, f.asks = now, now
		if f.held != "" {
			f.held = ""
			screen.note("it gets on again")
		}
	case now.Sub(f.asks) >= heldPause && status.State != contract.StateSuspended:
		f.asks = now
		found, err := within(a.ctx, a.requestLimit(), func(ctx context.Context) (setback, error) {
			return a.server.Setback(ctx, f.WorkflowID)
		})
		if err == nil && found.found() && found.kind() != f.held {
			f.held = found.kind()
			screen.note("held up: " + found.String())
		}
	}
	screen.held = f.held != ""
	if screen.held || now.Sub(f.moved) >= stillAfter(status.Rate) {
		status.Rate, status.ETA = 0, -1
	}
	return status
}

// stillAfter is how long no line may get done before the rate says nothing any
// more. Lines are committed by the dozen: a slow task is not one that stands.
func stillAfter(rate float64) time.Duration {
	const commits = 2 * 64 // lines
	if rate <= 0 {
		return heldPause
	}
	return max(heldPause, min(time.Duration(commits/rate*float64(time.Second)), 2*time.Minute))
}

// owns reports whether a run belongs to the task: the instance's next task has
// the same workflow id.
func (f *following) owns(run execution) bool {
	if run.Task != 0 && f.Task != 0 {
		return run.Task == f.Task
	}
	return f.FirstRunID == "" || run.RunID == f.FirstRunID || run.FirstRunID == f.FirstRunID
}

// ending asks the ledger how a task whose workflow has closed ended. Asking also
// makes the ledger close a task that Temporal has terminated. Where no worker
// answers, a completed workflow's own result serves.
func (a *app) ending(f *following, screen *screen) (contract.Task, error) {
	for {
		var task contract.Task
		err := error(silentError{who: "the ledger has not closed the task yet"})
		if f.Task != 0 {
			var asked error
			if task, asked = a.task(f.Task); asked != nil {
				err = asked
			} else if task.State.Final() {
				return task, nil
			}
		}
		if !isSilent(err) {
			return task, err
		}
		if a.ctx.Err() != nil {
			return task, a.ctx.Err()
		}
		result, failed := within(a.ctx, a.requestLimit(), func(ctx context.Context) (contract.BatchTaskResult, error) {
			return a.server.Result(ctx, f.WorkflowID, f.FirstRunID)
		})
		var refusal *contract.Error
		var noWorker noWorkerError
		switch {
		case failed == nil && (f.Task == 0 || errors.As(err, &noWorker)):
			return f.fromResult(result), nil
		case errors.As(failed, &refusal) && f.Task == 0:
			return task, refusal
		case failed != nil && f.Task == 0 && !isSilent(failed):
			return task, failed
		}
		screen.trouble(err)
		if err := a.awaitAnswerer(err); err != nil {
			return task, err
		}
	}
}

// awaitReport waits for the report of an ended task, for a while: it may have to
// wait for a person who makes room for it. What is shown later says the rest.
func (a *app) awaitReport(task contract.Task, screen *screen) contract.Task {
	cause := ""
	for until := time.Now().Add(reportLimit); task.ReportKey == "" && time.Now().Before(until); {
		if task.ReportError != "" && task.ReportError != cause {
			cause = task.ReportError
			screen.note(fmt.Sprintf("task %d has ended as %s; its report is %s", task.ID, task.State, oneLine(unwritten(task))))
		}
		if pause(a.ctx, retryPause) != nil {
			break
		}
		later, err := a.task(task.ID)
		if err != nil {
			break // nobody is there to write it either
		}
		task = later
	}
	return task
}

// reportLimit is how long an ended task is watched for its report.
const reportLimit = 30 * time.Second

// answererLimit is how long no worker seeming to be there is believed.
const answererLimit = 10 * time.Minute

// awaitAnswerer pauses before the ledger is asked again and, where no worker was
// there to answer, until one seems to be: each question is a workflow. Where this
// machine's clock is ahead of Temporal's none ever seems to be; it is asked now and
// then all the same.
func (a *app) awaitAnswerer(silence error) error {
	begin := time.Now()
	for {
		if err := pause(a.ctx, retryPause); err != nil {
			return err
		}
		var noWorker noWorkerError
		if !errors.As(silence, &noWorker) {
			return nil
		}
		polled, err := within(a.ctx, a.requestLimit(), func(ctx context.Context) (bool, error) { return a.server.Polled(ctx, time.Time{}) })
		if err == nil && polled || time.Since(begin) > answererLimit {
			return nil
		}
	}
}

// fromResult makes a task of what its workflow returned.
func (f *following) fromResult(r contract.BatchTaskResult) contract.Task {
	return contract.Task{
		ID: r.Task, WorkflowID: f.WorkflowID, RunID: f.FirstRunID, Instance: f.Instance, Bucket: f.Bucket, Path: f.Path,
		State: r.State, Code: r.Code, Message: r.Message, Planned: true, List: contract.WorkList{Lines: r.Total},
		Tally: r.Tally, StartedAt: f.last.StartedAt, ReportKey: r.ReportKey,
	}
}

// conclude prints the summary of a finished task; the exit status says how it
// ended.
func (a *app) conclude(task contract.Task) error {
	if a.json {
		v := taskView{Task: task}
		v.finish()
		if err := a.printJSON(v); err != nil {
			return err
		}
	} else if err := a.printSummary(task); err != nil {
		return err
	}
	switch {
	case task.State == contract.StateStop:
		return exitStatus(exitStopped)
	case task.State != contract.StateSuccess:
		return exitStatus(exitError)
	case task.Tally.Failed > 0:
		return exitStatus(exitPartial)
	}
	return nil
}

// printSummary says how a task ended.
func (a *app) printSummary(task contract.Task) error {
	message := printable(task.Message)
	if task.Code != "" {
		message = string(task.Code) + ": " + message
	}
	took := ""
	if !task.StartedAt.IsZero() && !task.EndedAt.IsZero() {
		took = " in " + span(task.EndedAt.Sub(task.StartedAt))
	}
	if err := a.printf("task %d %s%s: %s\n", task.ID, task.State, took, message); err != nil {
		return err
	}
	if task.Planned {
		if err := a.printf("%s: %s\n", plural(task.List.Lines, "line"), outcomes(task.Tally.Counts)); err != nil {
			return err
		}
	}
	for _, code := range task.Tally.CodesByCount() {
		if err := a.printf("  %s %s\n", fmt.Sprintf("%8s", contract.Grouped(task.Tally.Codes[code])), printable(string(code))); err != nil {
			return err
		}
	}
	if task.ReportKey == "" {
		return a.printf("its report is %s; see it later with: starter batch report %d\n", printable(unwritten(task)), task.ID)
	}
	if task.Tally.Failed+task.Tally.Canceled > 0 {
		return a.printf("see each line with: starter batch report %d\n", task.ID)
	}
	return nil
}
