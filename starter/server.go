package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"imagebatch/workflows/contract"
)

// server is Temporal as the commands need it. A refusal by the application is a
// *contract.Error; the errors below are everything else that a command reacts
// to. Every call ends with its context.
type server interface {
	// Operate runs an operation and decodes its result into out. It gives up
	// with noWorkerError once it is clear that nobody will answer, and then the
	// operation does not happen later either. An input that has a WorkflowID is
	// refused with CodeTaskAlreadyExist while another of the same id runs.
	Operate(ctx context.Context, operation string, limit time.Duration, in, out any) error
	// Start starts a batch task. errAlreadyRunning.
	Start(ctx context.Context, in contract.BatchTaskInput) (runID string, err error)
	// Polled reports whether a worker has asked for work since a moment by
	// Temporal's clock; the zero moment asks whether one
	// seems to be there, as far as this machine's clock is Temporal's.
	Polled(ctx context.Context, since time.Time) (bool, error)
	// Execution is the latest run of a workflow, told by Temporal itself, so
	// that no worker is needed. errNoExecution.
	Execution(ctx context.Context, workflowID string) (execution, error)
	// Find looks for the workflow of a task without a worker. errNoExecution.
	Find(ctx context.Context, task int64) (execution, error)
	// Result waits for a batch task to end.
	Result(ctx context.Context, workflowID, runID string) (contract.BatchTaskResult, error)
	// Status asks the latest run of a workflow where it stands. It needs a worker.
	Status(ctx context.Context, workflowID string) (contract.Status, error)
	// Setback is what holds a task up, if anything: no worker, a paused step, or one
	// that fails and is tried again; told by Temporal itself.
	Setback(ctx context.Context, workflowID string) (setback, error)
	// Signal asks for a change and does not wait for a worker. errNoExecution.
	Signal(ctx context.Context, workflowID, name string, control contract.Control) error
	// Close ends the connection.
	Close()
}

// execution is a run of a workflow of a batch task.
type execution struct {
	WorkflowID string
	RunID      string
	FirstRunID string    // of the chain of runs that continued as new
	Started    time.Time // by Temporal's clock
	Untouched  bool      // no worker has picked it up yet
	Open       bool
	End        contract.State // once closed: what the way it was closed means
	Task       int64          // 0 until the task has begun
	Percent    int64
	Instance   string
	State      contract.State
}

// Errors of a server that commands react to.
var (
	errAlreadyRunning = errors.New("a task is already running")
	errNoExecution    = errors.New("no such workflow")
)

// noWorkerError says that nobody polls the task queue.
type noWorkerError struct{ queue string }

func (e noWorkerError) Error() string {
	return fmt.Sprintf("no worker polls %s; start one with \"make dev\", or name the task queue of a running one with --task-queue or IMAGEBATCH_TASK_QUEUE", e.queue)
}

// silentError says that Temporal, or the worker behind it, gave no answer in
// time; asking again may help.
type silentError struct {
	who   string // does not answer, as a sentence
	cause string // may differ each time; empty if there is nothing to add
}

func (e silentError) Error() string {
	if e.cause == "" {
		return e.who
	}
	return e.who + ": " + e.cause
}

// address is where Temporal is and how to get there.
type address struct {
	hostPort, namespace, profile, queue string
	env                                 environment
	by                                  string
}

// Limits of requests that commands do not set otherwise.
const (
	operationLimit = 30 * time.Second
	longLimit      = 10 * time.Minute // of what reads a whole work list, or deletes every picture
	dialLimit      = 5 * time.Second
)

// connect dials Temporal when a command first needs it.
func (a *app) connect() (server, error) {
	if a.server == nil {
		s, err := a.dial(a.ctx, a.to)
		if err != nil {
			return nil, err
		}
		a.server = s
	}
	return a.server, nil
}

func (a *app) close() {
	if a.server != nil {
		a.server.Close()
	}
}

// operate runs an operation. The limit holds unless the user has set one.
func operate[In, Out any](ctx context.Context, a *app, op contract.Operation[In, Out], limit time.Duration, in In) (out Out, err error) {
	s, err := a.connect()
	if err != nil {
		return out, err
	}
	if a.timeout > 0 {
		limit = a.timeout
	}
	err = s.Operate(ctx, op.Name, limit, in, &out)
	return out, err
}

// within runs one request under its own deadline.
func within[T any](ctx context.Context, limit time.Duration, do func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx)
}

// pause waits, or reports the end of the context.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
