package main

import (
	"fmt"
	"time"

	"imagebatch/workflows/contract"
)

type batchCallback struct {
	Task   int64 `arg:"" help:"Number of the task."`
	Resend bool  `help:"Send the callback of an ended task once more, under the same webhook-id."`
}

// callbackView is where a task's callback stands.
type callbackView struct {
	Task     int64                  `json:"taskId"`
	Callback string                 `json:"callback"`
	State    contract.CallbackState `json:"state"`
	Error    string                 `json:"error,omitempty"` // what the last attempt met
	Attempts int                    `json:"attempts,omitempty"`
	Next     time.Time              `json:"next,omitzero"` // when the next attempt is due
}

// Run shows the callback, or has it sent again.
func (c *batchCallback) Run(a *app) error {
	if c.Resend {
		return c.resend(a)
	}
	task, err := a.task(c.Task)
	if err != nil {
		return err
	}
	v := callbackView{Task: task.ID, Callback: task.Callback, State: task.CallbackState, Error: task.CallbackError, Attempts: task.CallbackAttempts, Next: task.CallbackNext}
	if a.json {
		return a.printJSON(v)
	}
	if v.Callback == "" {
		return a.printf("task %d has no callback\n", v.Task)
	}
	state := string(v.State)
	if state == "" {
		state = "sent when the task has ended"
	}
	attempts := ""
	if v.Attempts > 0 {
		attempts = contract.Grouped(int64(v.Attempts))
	}
	return facts(a.stdout, "task", fmt.Sprint(v.Task), "callback", v.Callback, "state", state, "attempts", attempts,
		"error", v.Error, "next", a.moment(v.Next))
}

// callbackStanding is where a task's callback stands, in one line.
func (a *app) callbackStanding(task contract.Task) string {
	if task.Callback == "" {
		return ""
	}
	text := task.Callback + " " + dash(string(task.CallbackState))
	if task.CallbackAttempts > 0 {
		text += ", " + plural(int64(task.CallbackAttempts), "attempt")
	}
	if task.CallbackError != "" {
		text += ": " + task.CallbackError
	}
	if !task.CallbackNext.IsZero() {
		text += "; next attempt " + a.moment(task.CallbackNext)
	}
	return text
}

func (c *batchCallback) resend(a *app) error {
	if c.Task < 1 {
		return usagef("%d is not the number of a task; see: starter batch list", c.Task)
	}
	resent, err := operate(a.ctx, a, contract.Operation[contract.TaskRef, contract.Resent](contract.ResendCallback), operationLimit, contract.TaskRef{Task: c.Task})
	switch {
	case err != nil:
		return err
	case a.json:
		return a.printJSON(resent)
	case !resent.Started:
		return a.printf("task %d: an earlier delivery is still being tried, and goes on; see: starter batch callback %d\n", resent.Task, resent.Task)
	}
	return a.printf("task %d: the callback is being sent again, as %s; see: starter batch callback %d\n", resent.Task, resent.ID, resent.Task)
}
