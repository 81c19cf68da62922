package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"imagebatch/workflows/contract"
)

type batchList struct {
	Instance string `placeholder:"NAME" help:"Only tasks of this instance."`
	Bucket   string `placeholder:"NAME" help:"Only tasks over this bucket."`
	Path     string `placeholder:"FOLDER" help:"Only tasks over this folder."`
	State    string `placeholder:"STATE" help:"Only tasks in this state: processing, suspended, stopping, success, fail or stop."`
	Limit    int    `default:"20" help:"At most so many, up to 500. Default: ${default}."`
	Before   int64  `placeholder:"TASK" help:"Only tasks older than this one, to go on where a list ended."`
}

// taskView is a task as it is shown: the ledger's, with what the running
// workflow adds to it.
type taskView struct {
	contract.Task
	Vendor  string  `json:"vendorStatus"`
	Percent int     `json:"percent"`
	Left    int64   `json:"left"`
	Rate    float64 `json:"linesPerSecond,omitempty"`
	ETA     float64 `json:"etaSeconds,omitempty"`
	HeldUp  setback `json:"heldUp,omitzero"`
}

// Run lists the tasks.
func (c *batchList) Run(a *app) error {
	filter, err := c.filter()
	if err != nil {
		return err
	}
	state := filter.State
	if state != "" && !state.Final() {
		filter.State = contract.StateProcessing // which the ledger calls every open task
	}
	list, err := a.listTasks(filter)
	if err != nil {
		return err
	}
	hideSecrets(list.Tasks)
	views := a.views(list.Tasks)
	views = slices.DeleteFunc(views, func(v taskView) bool { return state != "" && v.State != state })
	if a.json {
		return a.printJSON(struct {
			Tasks []taskView `json:"tasks"`
			More  bool       `json:"more"`
		}{append([]taskView{}, views...), list.More})
	}
	if len(views) == 0 {
		a.notef("no tasks match")
	} else {
		t := newTable("TASK", "STATE", "STATUS", "PROGRESS", "FAILED", "INSTANCE", "SOURCE", "STARTED", "DURATION", "CALLBACK", "MESSAGE")
		for _, v := range views {
			t.add(fmt.Sprint(v.ID), string(v.State), v.Vendor, v.progress(), contract.Grouped(v.Tally.Failed), v.Instance,
				source(v.Bucket, v.Path), a.moment(v.StartedAt), span(v.duration()), dash(string(v.CallbackState)), v.Message)
		}
		if err := t.writeTo(a.stdout); err != nil {
			return err
		}
	}
	if list.More && len(list.Tasks) > 0 {
		a.notef("older tasks match too; see them with --before %d", list.Tasks[len(list.Tasks)-1].ID)
	}
	return nil
}

// listTasks asks until it has as many tasks as were asked for: a page ends early
// where its texts would not fit an answer.
func (a *app) listTasks(filter contract.ListTasksInput) (list contract.TaskList, err error) {
	for want := filter.Limit; ; {
		page, err := operate(a.ctx, a, contract.ListTasks, operationLimit, filter)
		if err != nil {
			return list, err
		}
		list = contract.TaskList{Tasks: append(list.Tasks, page.Tasks...), More: page.More}
		if filter.Limit = want - len(list.Tasks); !page.More || len(page.Tasks) == 0 || filter.Limit <= 0 {
			return list, nil
		}
		filter.Before = page.Tasks[len(page.Tasks)-1].ID
	}
}

func (c *batchList) filter() (contract.ListTasksInput, error) {
	in := contract.ListTasksInput{Instance: c.Instance, Bucket: c.Bucket, Limit: c.Limit, Before: c.Before, State: contract.State(strings.ToUpper(c.State))}
	switch {
	case in.State != "" && !in.State.Known():
		return in, usagef("there is no state %q; use processing, suspended, stopping, success, fail or stop", c.State)
	case c.Limit < 1 || c.Limit > 500:
		return in, usagef("--limit is %d; give 1 to 500", c.Limit)
	case c.Before < 0:
		return in, usagef("--before is %d; give the number of a task", c.Before)
	}
	if c.Path != "" {
		path, err := contract.NormalizePath(c.Path)
		if err != nil {
			return in, invalid(err)
		}
		in.Path = path
	}
	return in, nil
}

type batchGet struct {
	Task int64 `arg:"" help:"Number of the task."`
}

// Run shows the task.
func (c *batchGet) Run(a *app) error {
	task, err := a.task(c.Task)
	if err != nil {
		return err
	}
	v := a.views([]contract.Task{task})[0]
	if !task.State.Final() {
		// Without an answer the rest is shown all the same.
		v.HeldUp, _ = within(a.ctx, 2*time.Second, func(ctx context.Context) (setback, error) {
			return a.server.Setback(ctx, task.WorkflowID)
		})
	}
	if v.State == contract.StateSuspended {
		v.HeldUp = setback{} // somebody holds it, and the message says who
	}
	if v.HeldUp.stops() {
		v.Rate, v.ETA = 0, 0
	}
	if a.json {
		return a.printJSON(v)
	}
	return a.printTask(v)
}

// task asks the ledger for a task.
func (a *app) task(id int64) (contract.Task, error) {
	if id < 1 {
		return contract.Task{}, usagef("%d is not the number of a task; see: starter batch list", id)
	}
	list, err := operate(a.ctx, a, contract.ListTasks, operationLimit, contract.ListTasksInput{ID: id, Limit: 1})
	switch {
	case err != nil:
		return contract.Task{}, err
	case len(list.Tasks) == 0:
		return contract.Task{}, contract.Errorf(contract.CodeTaskNotFound, "there is no task %d; see: starter batch list", id)
	}
	hideSecrets(list.Tasks)
	return list.Tasks[0], nil
}

// hideSecrets leaves out of tasks what older workers tell of their receivers.
func hideSecrets(tasks []contract.Task) {
	for i := range tasks {
		tasks[i].Callback = contract.ShownURL(tasks[i].Callback)
	}
}

// views adds to open tasks what their workflows say. A workflow that does not
// answer at once leaves the ledger's view, which is never wrong, only older.
func (a *app) views(tasks []contract.Task) []taskView {
	views := make([]taskView, len(tasks))
	var wait sync.WaitGroup
	places := make(chan struct{}, 8)
	for i, task := range tasks {
		views[i].Task = task
		if task.State.Final() || a.server == nil {
			continue
		}
		wait.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			status, err := within(a.ctx, 2*time.Second, func(ctx context.Context) (contract.Status, error) {
				return a.server.Status(ctx, task.WorkflowID)
			})
			if err == nil && status.Task == task.ID && !status.State.Final() {
				views[i].merge(status)
			}
		})
	}
	wait.Wait()
	for i := range views {
		views[i].finish()
	}
	return views
}

// merge takes over what the running workflow knows better than the ledger.
func (v *taskView) merge(status contract.Status) {
	v.State = status.State
	v.Rate, v.ETA = status.Rate, max(0, status.ETA)
	if status.Planned && !v.Planned {
		v.Planned, v.List.Lines = true, status.Total
	}
	if status.Done() >= v.Tally.Done() {
		v.Tally = status.Tally
	}
	if v.Message == "" {
		v.Message = status.Message
	}
	if status.Unread != "" {
		v.Unread = status.Unread
	}
}

// finish derives what follows from the rest.
func (v *taskView) finish() {
	v.Vendor = v.State.Vendor()
	v.Left = v.Task.Left()
	v.Percent = share(v.State, v.Tally.Counts, v.List.Lines)
}

func (v taskView) progress() string {
	if !v.Planned {
		return "-"
	}
	return fmt.Sprintf("%s/%s %d%%", contract.Grouped(v.Tally.Done()-v.Tally.Canceled), contract.Grouped(v.List.Lines), v.Percent)
}

// share is how much of a task has been run, 0 to 100. Lines that were not run
// have an outcome too, but a person who stopped a task at half means half.
func share(state contract.State, counts contract.Counts, total int64) int {
	counts.Canceled = 0
	return contract.Status{State: state, Total: total, Tally: contract.Tally{Counts: counts}}.Percent()
}

func (v taskView) duration() time.Duration {
	switch {
	case v.StartedAt.IsZero():
		return -1
	case v.EndedAt.IsZero():
		return time.Since(v.StartedAt)
	}
	return v.EndedAt.Sub(v.StartedAt)
}

// printTask shows all that is known of a task.
func (a *app) printTask(v taskView) error {
	state := string(v.State)
	if v.Vendor != state {
		state += " (" + v.Vendor + ")"
	}
	message := v.Message
	if v.Code != "" {
		message = string(v.Code) + ": " + message
	}
	speed := ""
	if !v.State.Final() && v.Rate > 0 {
		speed = pace(v.Rate, v.ETA)
	}
	held := ""
	if v.HeldUp.found() {
		held = v.HeldUp.String()
	}
	pairs := []string{
		"task", fmt.Sprint(v.ID), "instance", v.Instance, "source", source(v.Bucket, v.Path),
		"state", state, "message", message, "held up", held, "not read", v.Unread, "progress", v.progress(), "speed", speed,
		"lines", outcomes(v.Tally.Counts),
	}
	for _, code := range v.Tally.CodesByCount() {
		pairs = append(pairs, "failed", fmt.Sprintf("%s %s", contract.Grouped(v.Tally.Codes[code]), code))
	}
	hint := ""
	switch {
	case !v.State.Final(), v.ReportKey == "" && !v.ForgottenAt.IsZero():
	case v.ReportKey == "":
		hint = unwritten(v.Task)
	default:
		hint = fmt.Sprintf("starter batch report %d", v.ID)
	}
	pairs = append(pairs, "limits", limits(v.Task), "started", a.moment(v.StartedAt), "ended", a.moment(v.EndedAt), "forgotten", forgotten(a, v.Task), "duration", span(v.duration()),
		"role", v.RoleARN, "callback", a.callbackStanding(v.Task), "report", hint, "workflow", v.WorkflowID)
	return facts(a.stdout, pairs...)
}

// forgotten says since when only the report tells of a task's lines, or nothing.
func forgotten(a *app, task contract.Task) string {
	if task.ForgottenAt.IsZero() {
		return ""
	}
	return a.moment(task.ForgottenAt) + ": its lines are deleted, and it is in no list"
}

// unwritten says that the report of an ended task is not there yet, and why.
func unwritten(task contract.Task) string {
	if task.ReportError == "" {
		return "still being written"
	}
	return "still being written; the last attempt failed: " + task.ReportError
}

// limits says what the task was told to stop at, or nothing.
func limits(task contract.Task) string {
	var parts []string
	if task.MaxFailures != "" {
		parts = append(parts, "at most "+string(task.MaxFailures)+" failed")
	}
	if task.MaxDeletes != "" {
		parts = append(parts, "at most "+string(task.MaxDeletes)+" deleted")
	}
	return strings.Join(parts, ", ")
}

// outcomes says how lines ended, leaving out what did not occur.
func outcomes(c contract.Counts) string {
	parts := []string{contract.Grouped(c.Succeeded) + " succeeded", contract.Grouped(c.Failed) + " failed"}
	if c.Skipped > 0 {
		parts = append(parts, contract.Grouped(c.Skipped)+" skipped")
	}
	if c.Canceled > 0 {
		parts = append(parts, contract.Grouped(c.Canceled)+" not run")
	}
	return strings.Join(parts, ", ")
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
