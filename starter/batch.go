package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"imagebatch/workflows/contract"
)

type batchCmd struct {
	Start   batchStart   `cmd:"" help:"Start a batch task."`
	List    batchList    `cmd:"" help:"List tasks, the newest first."`
	Get     batchGet     `cmd:"" help:"Show a task."`
	Watch   batchWatch   `cmd:"" help:"Follow a task until it ends."`
	Cancel  batchCancel  `cmd:"" help:"Stop a task for good; what it has done is kept."`
	Suspend batchSuspend `cmd:"" help:"Let a task finish what is in hand, then hold it."`
	Resume  batchResume  `cmd:"" help:"Let a suspended task go on."`
	Report  batchReport  `cmd:"" help:"Show or save what failed in a task, and why."`
	Check   batchCheck   `cmd:"" help:"Check an increment.meta without changing anything."`

	Callback batchCallback `cmd:"" help:"Show where a task's callback stands, or send it again."`
}

type batchStart struct {
	Instance string `arg:"" help:"Instance whose pictures change."`
	Bucket   string `required:"" placeholder:"NAME" help:"Bucket that holds the folder."`
	Path     string `required:"" placeholder:"FOLDER" help:"Folder with increment.meta and the pictures; / is the bucket's root."`
	Callback string `placeholder:"URL" help:"http:// or https:// address that is told when the task ends."`
	RoleARN  string `name:"role-arn" placeholder:"ARN" help:"RAM role to read the bucket with; it must be on the worker's list."`
	FromRoot bool   `help:"Look for a picture from the bucket's root where the folder does not hold it."`
	Dump     bool   `help:"The manifest is one that instance dump wrote: fetch each picture from where its line says, whatever bucket that is."`
	Wait     bool   `help:"Follow the task until it ends."`

	MaxFailures string `placeholder:"N|P%" help:"Stop the task as FAIL once more lines have failed than this number, or this percentage of all lines; what is done is kept."`
	MaxDeletes  string `placeholder:"N|P%" help:"Refuse a manifest that would delete more pictures than this number, or this percentage of the instance's; a product counts with all its pictures."`

	SliceLines          int           `group:"sizes" placeholder:"N" help:"Lines in a slice, the unit of durable work: 1 to 1000."`
	ChunkSlices         int           `group:"sizes" placeholder:"N" help:"Slices in a chunk, one child workflow."`
	Window              int           `group:"sizes" placeholder:"N" help:"Chunks open at a time."`
	SlicesInFlight      int           `group:"sizes" placeholder:"N" help:"Slices scheduled at a time in a chunk."`
	ContinueAfterChunks int           `group:"sizes" placeholder:"N" help:"Chunks before the workflow continues as new."`
	CallbackRetry       time.Duration `group:"sizes" placeholder:"DURATION" help:"Pause before the second attempt of the callback."`
}

// How long a start waits to learn the task's number, and for a worker to appear.
const (
	numberLimit = 10 * time.Second
	workerLimit = 3 * time.Second
	startPause  = 250 * time.Millisecond
)

// started is what a start answers.
type started struct {
	Task       int64  `json:"taskId,omitempty"`
	Instance   string `json:"instance"`
	Bucket     string `json:"bucket"`
	Path       string `json:"path"`
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	Queued     bool   `json:"queued"` // no worker is there to run it yet
}

// Run starts the task, says its number, and follows it when asked to.
func (c *batchStart) Run(a *app) error {
	in, err := c.input()
	if err != nil {
		return err
	}
	s, err := a.connect()
	if err != nil {
		return err
	}
	workflowID := contract.BatchTaskWorkflowID(in.Instance)
	runID, err := within(a.ctx, a.requestLimit(), func(ctx context.Context) (string, error) { return s.Start(ctx, in) })
	if errors.Is(err, errAlreadyRunning) {
		return a.alreadyRunning(s, in.Instance)
	}
	if err != nil {
		return err
	}
	task := started{Instance: in.Instance, Bucket: in.Bucket, Path: in.Path, WorkflowID: workflowID, RunID: runID}
	if err := a.awaitNumber(s, &task); err != nil {
		return a.unlessInterrupted(err, "the task of instance %s is started; see: starter batch list --instance %s", in.Instance, in.Instance)
	}
	if err := a.tellStarted(task, c.Wait); err != nil || !c.Wait {
		return err
	}
	return a.watch(following{WorkflowID: workflowID, FirstRunID: runID, Task: task.Task, Instance: in.Instance, Bucket: in.Bucket, Path: in.Path})
}

// input is the contract's view of the flags.
func (c *batchStart) input() (contract.BatchTaskInput, error) {
	in := contract.BatchTaskInput{
		Instance: c.Instance, Bucket: c.Bucket, Path: c.Path, Callback: c.Callback, RoleARN: c.RoleARN, FromRoot: c.FromRoot, Dump: c.Dump,
		Sizes: contract.Sizes{
			SliceLines: c.SliceLines, ChunkSlices: c.ChunkSlices, Window: c.Window,
			SlicesInFlight: c.SlicesInFlight, ContinueAfterChunks: c.ContinueAfterChunks,
		},
		CallbackRetry: c.CallbackRetry,
	}
	if min(c.SliceLines, c.ChunkSlices, c.Window, c.SlicesInFlight, c.ContinueAfterChunks, int(c.CallbackRetry)) < 0 {
		return in, usagef("a size is negative; leave it out for the default")
	}
	var err error
	if in.MaxFailures, err = contract.ParseThreshold(c.MaxFailures); err != nil {
		return in, invalid(err)
	}
	if in.MaxDeletes, err = contract.ParseThreshold(c.MaxDeletes); err != nil {
		return in, invalid(err)
	}
	if err := in.Validate(); err != nil {
		return in, invalid(err)
	}
	path, err := contract.NormalizePath(in.Path)
	in.Path = path
	return in, invalid(err)
}

// alreadyRunning explains a refused start with what Temporal itself knows of the
// running task: a worker may not be there to ask.
func (a *app) alreadyRunning(s server, instance string) error {
	running, err := within(a.ctx, a.requestLimit(), func(ctx context.Context) (execution, error) {
		return s.Execution(ctx, contract.BatchTaskWorkflowID(instance))
	})
	if err != nil || running.Task == 0 {
		return contract.Errorf(contract.CodeIncrementStatusError,
			"instance %q already runs a task that has no number yet; wait for it, see: starter batch list --instance %s", instance, instance)
	}
	return contract.Errorf(contract.CodeIncrementStatusError,
		"instance %q already runs task %d (%d %%); wait for it, or stop it with: starter batch cancel %d", instance, running.Task, running.Percent, running.Task)
}

// awaitNumber waits until the task has begun, or has failed to, or nobody is
// there to begin it.
func (a *app) awaitNumber(s server, task *started) error {
	begin := time.Now()
	for {
		run, err := within(a.ctx, a.requestLimit(), func(ctx context.Context) (execution, error) { return s.Execution(ctx, task.WorkflowID) })
		if err != nil {
			return err
		}
		ours := run.RunID == task.RunID || run.FirstRunID == task.RunID
		switch {
		case !ours: // it has come and gone, and another task runs
			return nil
		case run.Task != 0:
			task.Task = run.Task
			return nil
		case !run.Open:
			result, err := within(a.ctx, a.requestLimit(), func(ctx context.Context) (contract.BatchTaskResult, error) {
				return s.Result(ctx, task.WorkflowID, task.RunID)
			})
			task.Task = result.Task
			return err
		}
		waited := time.Since(begin)
		if waited >= workerLimit && run.Untouched {
			since := run.Started.Add(-pollPause)
			if waited >= numberLimit {
				since = run.Started // a worker killed of late is still listed, but asks no more
			}
			polled, err := within(a.ctx, a.requestLimit(), func(ctx context.Context) (bool, error) { return s.Polled(ctx, since) })
			task.Queued = err == nil && !polled
		}
		if task.Queued || waited >= numberLimit {
			return nil
		}
		if err := pause(a.ctx, startPause); err != nil {
			return err
		}
	}
}

// tellStarted prints what became of the start. With --wait the result is printed
// at the end instead, and this is a note.
func (a *app) tellStarted(task started, wait bool) error {
	where := fmt.Sprintf("instance %s, %s", task.Instance, source(task.Bucket, task.Path))
	line := ""
	switch {
	case task.Queued:
		line = fmt.Sprintf("queued: no worker polls %s; the task (%s) begins when one does", a.queue, where)
	case task.Task == 0:
		line = fmt.Sprintf("task started: %s; it has no number yet, see: starter batch list --instance %s", where, task.Instance)
	default:
		line = fmt.Sprintf("task %d started: %s; watch it with: starter batch watch %d", task.Task, where, task.Task)
	}
	switch {
	case wait:
		a.notef("%s", line)
		return nil
	case a.json:
		return a.printJSON(task)
	}
	return a.printf("%s\n", line)
}

// requestLimit is how long one request to Temporal itself may take.
func (a *app) requestLimit() time.Duration {
	if a.timeout > 0 {
		return a.timeout
	}
	return 10 * time.Second
}

// unlessInterrupted explains an interrupted wait: what was waited for goes on.
func (a *app) unlessInterrupted(err error, format string, args ...any) error {
	if a.ctx.Err() == nil {
		return err
	}
	a.notef(format, args...)
	return exitStatus(exitError)
}
