package main

import (
	"context"
	"errors"
	"time"

	"imagebatch/workflows/contract"
)

type batchCancel struct {
	Task   int64  `arg:"" help:"Number of the task."`
	Reason string `placeholder:"TEXT" help:"Why; shown with the task."`
}

// Run stops the task.
func (c *batchCancel) Run(a *app) error { return a.control(c.Task, contract.Cancel.Name, c.Reason) }

type batchSuspend struct {
	Task   int64  `arg:"" help:"Number of the task."`
	Reason string `placeholder:"TEXT" help:"Why; shown with the task."`
}

// Run suspends the task.
func (c *batchSuspend) Run(a *app) error { return a.control(c.Task, contract.Suspend.Name, c.Reason) }

type batchResume struct {
	Task   int64  `arg:"" help:"Number of the task."`
	Reason string `placeholder:"TEXT" help:"Why; shown with the task."`
}

// Run resumes the task.
func (c *batchResume) Run(a *app) error { return a.control(c.Task, contract.Resume.Name, c.Reason) }

// answerLimit is how long a worker may take to say where a task stands.
const answerLimit = 5 * time.Second

// controlled is what a control command answers.
type controlled struct {
	Task      int64          `json:"taskId"`
	State     contract.State `json:"state,omitempty"`
	Confirmed bool           `json:"confirmed"` // else it is signalled, and takes effect with a worker
}

// control asks a task for a change. The wish is left with Temporal first, which
// needs no worker, and so takes effect as soon as any has a hand free; only then
// is the task asked where it stands. The wish names the task, so that a late one
// cannot hit the instance's next task, and may be repeated.
func (a *app) control(id int64, wish, reason string) error {
	s, err := a.connect()
	if err != nil {
		return err
	}
	workflowID, err := a.whereabouts(s, id)
	if err != nil {
		return err
	}
	order := contract.Control{Task: id, Reason: reason, By: a.by}
	if _, err := within(a.ctx, a.requestLimit(), func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.Signal(ctx, workflowID, wish, order)
	}); err != nil {
		return a.orFinished(id, err)
	}
	done := controlled{Task: id}
	done.State, err = within(a.ctx, answerLimit, func(ctx context.Context) (contract.State, error) {
		return a.obeyed(ctx, s, workflowID, id, wish)
	})
	done.Confirmed = err == nil
	if err != nil && !isSilent(err) {
		return a.unlessInterrupted(err, "task %d: %s is signalled; see: starter batch get %d", id, wish, id)
	}
	switch {
	case a.json:
		return a.printJSON(done)
	case done.Confirmed:
		return a.printf("task %d: %s\n", id, done.State)
	}
	return a.printf("task %d: %s is signalled; no worker has confirmed it yet\n", id, wish)
}

// obeyed waits until the task says that a wish which was signalled has been heard,
// and returns the state that came of it; one that cannot be granted any more is
// refused.
func (a *app) obeyed(ctx context.Context, s server, workflowID string, id int64, wish string) (contract.State, error) {
	for {
		status, err := s.Status(ctx, workflowID)
		switch {
		case errors.Is(err, errNoExecution) || err == nil && status.Task != id:
			return a.endedAs(id, wish, errNoExecution) // the instance's next task runs, or nothing
		case err != nil:
			return "", err
		case status.State.Final():
			return endOf(id, wish, status.State)
		case status.State == contract.StateStopping && wish != contract.Cancel.Name:
			return "", contract.Errorf(contract.CodeIncrementStatusError, "task %d is already stopping; wait for its end with: starter batch watch %d", id, id)
		case status.State == granted[wish]:
			return status.State, nil
		}
		if err := pause(ctx, startPause); err != nil {
			return "", err
		}
	}
}

// granted is the state that a task has once a wish was heard.
var granted = map[string]contract.State{
	contract.Cancel.Name:  contract.StateStopping,
	contract.Suspend.Name: contract.StateSuspended,
	contract.Resume.Name:  contract.StateProcessing,
}

// endOf is what a wish came to that met a task about to end.
func endOf(id int64, wish string, state contract.State) (contract.State, error) {
	if wish == contract.Cancel.Name && state == contract.StateStop {
		return state, nil
	}
	return "", finished(id, state)
}

// whereabouts finds the workflow of an open task: among Temporal's own records,
// which need no worker, or else in the ledger.
func (a *app) whereabouts(s server, id int64) (workflowID string, err error) {
	if id < 1 {
		return "", usagef("%d is not the number of a task; see: starter batch list", id)
	}
	found, err := within(a.ctx, a.requestLimit(), func(ctx context.Context) (execution, error) { return s.Find(ctx, id) })
	switch {
	case err == nil && found.Open:
		return found.WorkflowID, nil
	case err == nil && found.End.Final():
		return "", finished(id, found.End)
	case a.ctx.Err() != nil:
		return "", a.ctx.Err()
	}
	// Records lag behind a start, and are not kept for ever.
	task, err := a.task(id)
	switch {
	case err != nil:
		return "", err
	case task.State.Final():
		return "", finished(id, task.State)
	}
	return task.WorkflowID, nil
}

// orFinished explains a failed wish by the task having ended meanwhile, where
// that is so.
func (a *app) orFinished(id int64, err error) error {
	_, err = a.endedAs(id, "", err)
	return err
}

// endedAs is what a wish came to whose task no longer runs, by the ledger.
func (a *app) endedAs(id int64, wish string, err error) (contract.State, error) {
	if task, asked := a.task(id); asked == nil && task.State.Final() {
		return endOf(id, wish, task.State)
	}
	if errors.Is(err, errNoExecution) {
		return "", contract.Errorf(contract.CodeTaskNotFound, "task %d has no running workflow; see: starter batch get %d", id, id)
	}
	return "", err
}

func finished(id int64, state contract.State) error {
	return contract.Errorf(contract.CodeIncrementStatusError, "task %d has already finished: %s; see: starter batch get %d", id, state, id)
}

// isSilent reports whether nobody answered, as opposed to answering no.
func isSilent(err error) bool {
	var noWorker noWorkerError
	var silent silentError
	return errors.As(err, &noWorker) || errors.As(err, &silent) || errors.Is(err, context.DeadlineExceeded)
}
