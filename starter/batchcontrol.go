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

// updateLimit is how long a worker may take to answer before the wish is left
// with Temporal as a signal.
const updateLimit = 5 * time.Second

// controlled is what a control command answers.
type controlled struct {
	Task      int64          `json:"taskId"`
	State     contract.State `json:"state,omitempty"`
	Confirmed bool           `json:"confirmed"` // else it is signalled, and takes effect with a worker
}

// control asks a task for a change. It prefers the update, which is answered,
// and leaves a signal where no worker is there to answer. Both name the task, so
// that a late one cannot hit the instance's next task.
func (a *app) control(id int64, wish, reason string) error {
	s, err := a.connect()
	if err != nil {
		return err
	}
	workflowID, answers, err := a.whereabouts(s, id)
	if err != nil {
		return err
	}
	order := contract.Control{Task: id, Reason: reason, By: a.by}
	done := controlled{Task: id}
	if answers {
		done.State, err = within(a.ctx, updateLimit, func(ctx context.Context) (contract.State, error) {
			return s.Update(ctx, workflowID, wish, order)
		})
		done.Confirmed = err == nil
		if err != nil && !isSilent(err) {
			return a.orFinished(id, err)
		}
	}
	if !done.Confirmed {
		if _, err := within(a.ctx, a.requestLimit(), func(ctx context.Context) (struct{}, error) {
			return struct{}{}, s.Signal(ctx, workflowID, wish, order)
		}); err != nil {
			return a.orFinished(id, err)
		}
	}
	switch {
	case a.json:
		return a.printJSON(done)
	case done.Confirmed:
		return a.printf("task %d: %s\n", id, done.State)
	}
	return a.printf("task %d: %s is signalled; no worker has confirmed it yet\n", id, wish)
}

// whereabouts finds the workflow of an open task: in the ledger, or, where no
// worker answers, among Temporal's own records.
func (a *app) whereabouts(s server, id int64) (workflowID string, answers bool, err error) {
	task, err := a.task(id)
	switch {
	case err == nil && task.State.Final():
		return "", true, finished(id, task.State)
	case err == nil:
		return task.WorkflowID, true, nil
	case !isSilent(err):
		return "", false, err
	}
	found, findErr := within(a.ctx, a.requestLimit(), func(ctx context.Context) (execution, error) { return s.Find(ctx, id) })
	switch {
	case errors.Is(findErr, errNoExecution):
		return "", false, err
	case findErr != nil:
		return "", false, findErr
	case !found.Open:
		return "", false, finished(id, found.End)
	}
	return found.WorkflowID, false, nil
}

// orFinished explains a failed wish by the task having ended meanwhile, where
// that is so.
func (a *app) orFinished(id int64, err error) error {
	if task, asked := a.task(id); asked == nil && task.State.Final() {
		return finished(id, task.State)
	}
	if errors.Is(err, errNoExecution) {
		return contract.Errorf(contract.CodeTaskNotFound, "task %d has no running workflow; see: starter batch get %d", id, id)
	}
	return err
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
