package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"imagebatch/workflows/contract"
)

// Task is what its row tells of a task, however many slices it has. The totals
// are there once its fence is closed; before, Tasks adds them up. CodeTaskNotFound.
func (s *Store) Task(ctx context.Context, id int64) (contract.Task, error) {
	task, err := s.facts(ctx, id)
	if err == nil && task.State.Final() && task.unsettled {
		err = s.addUp(ctx, &task)
	}
	return task.Task, err
}

// facts is the row of a task. CodeTaskNotFound.
func (s *Store) facts(ctx context.Context, id int64) (task row, err error) {
	err = s.Read(ctx, func(t *Tx) error {
		found, err := t.tasks("WHERE id = ?", id)
		if err == nil && len(found) == 0 {
			err = taskNotFound(id)
		}
		if err == nil {
			task = found[0]
		}
		return err
	})
	return task, err
}

// OpenTasks are the tasks whose fence is open, the oldest first, without totals.
func (s *Store) OpenTasks(ctx context.Context) (open []contract.Task, err error) {
	return s.plain(ctx, "WHERE "+isOpen+" ORDER BY id")
}

// Unreported are those among the latest tasks that have ended and have no
// report, the newest first.
func (s *Store) Unreported(ctx context.Context, latest int) ([]contract.Task, error) {
	return s.plain(ctx, `WHERE id >= ifnull((SELECT id FROM task ORDER BY id DESC LIMIT 1 OFFSET ?), 0)
		AND state <> 'PROCESSING' AND report_key = '' AND forgotten = 0 ORDER BY id DESC`, latest-1)
}

// plain reads the rows of tasks, without totals.
func (s *Store) plain(ctx context.Context, condition string, args ...any) (tasks []contract.Task, err error) {
	err = s.Read(ctx, func(t *Tx) error {
		rows, err := t.tasks(condition, args...)
		tasks = make([]contract.Task, len(rows))
		for i, row := range rows {
			tasks[i] = row.Task
		}
		return err
	})
	return tasks, err
}

// Pages of a task list.
const (
	defaultTasks = 20
	maxTasks     = 500
)

// Tasks lists tasks with their totals, the newest first. The state of a task
// whose fence is open is PROCESSING here, whatever its workflow is doing. One
// that is forgotten is found by its number alone.
func (s *Store) Tasks(ctx context.Context, filter contract.ListTasksInput) (list contract.TaskList, err error) {
	limit := filter.Limit
	if limit <= 0 {
		limit = defaultTasks
	}
	limit = min(limit, maxTasks)
	condition, args := conditionOf(filter)
	var rows []row
	if err := s.Read(ctx, func(t *Tx) (err error) {
		rows, err = t.tasks(condition+" ORDER BY id DESC LIMIT ?", append(args, limit+1)...)
		return err
	}); err != nil {
		return contract.TaskList{}, err
	}
	if list.More = len(rows) > limit; list.More {
		rows = rows[:limit]
	}
	for _, row := range rows {
		if row.unsettled {
			if err := s.addUp(ctx, &row); err != nil {
				return contract.TaskList{}, err
			}
		}
		list.Tasks = append(list.Tasks, row.Task)
	}
	return list, nil
}

// isOpen looks among the open tasks alone, however many others there are.
const isOpen = "id IN (SELECT id FROM task WHERE state = 'PROCESSING')"

// conditionOf names only what is asked for, so that a question by a key is
// answered by that key.
func conditionOf(filter contract.ListTasksInput) (condition string, args []any) {
	terms := []string{"forgotten = 0"}
	if filter.ID != 0 {
		terms, args = []string{"id = ?"}, []any{filter.ID}
	}
	for _, field := range []struct {
		term, value string
	}{
		{"instance_name = ?", filter.Instance}, {"bucket = ?", filter.Bucket}, {"path = ?", filter.Path},
	} {
		if field.value != "" {
			terms, args = append(terms, field.term), append(args, field.value)
		}
	}
	switch {
	case filter.State == contract.StateProcessing:
		terms = append(terms, isOpen)
	case filter.State != "":
		terms, args = append(terms, "state = ?"), append(args, filter.State)
	}
	if filter.Before != 0 {
		terms, args = append(terms, "id < ?"), append(args, filter.Before)
	}
	return "WHERE " + strings.Join(terms, " AND "), args
}

// row is a task as its row has it.
type row struct {
	contract.Task
	unsettled bool // the totals are not in the row
}

// unsettled stands in a row whose totals are those of its slices: while the
// fence is open, and from then on until somebody has added them up.
const unsettled = "{}"

// tasks reads the rows of tasks. The condition is a constant.
func (t *Tx) tasks(condition string, args ...any) (tasks []row, err error) {
	err = t.Each(func(scan func(...any) error) error {
		var task row
		var list, tally string
		var started, forgotten int64
		var ended, callbackNext *int64
		if err := scan(&task.ID, &task.Kind, &task.WorkflowID, &task.RunID, &started, &task.Instance, &task.InstanceID,
			&task.ServiceType, &task.Region, &task.Bucket, &task.Path, &task.Callback, &task.RoleARN, &task.FromRoot,
			&task.State, &task.Code, &task.Message, &task.Planned, &list, &tally, &ended,
			&task.ReportKey, &task.CSVKey, &task.CallbackState, &task.CallbackError,
			&task.MaxFailures, &task.MaxDeletes, &task.ReportError, &task.CallbackAttempts, &callbackNext, &task.Unread, &task.Dump, &forgotten); err != nil {
			return err
		}
		task.StartedAt, task.ForgottenAt = instant(started), instant(max(forgotten, -forgotten))
		if ended != nil {
			task.EndedAt = instant(*ended)
		}
		if callbackNext != nil {
			task.CallbackNext = instant(*callbackNext)
		}
		if err := json.Unmarshal([]byte(list), &task.List); err != nil {
			return fmt.Errorf("read the work list of task %d: %w", task.ID, err)
		}
		task.unsettled = tally == unsettled
		if err := json.Unmarshal([]byte(tally), &task.Tally); err != nil {
			return fmt.Errorf("read the counts of task %d: %w", task.ID, err)
		}
		tasks = append(tasks, task)
		return nil
	}, `SELECT id, kind, workflow_id, run_id, run_started, instance_name, public_id, service_type, region, bucket, path,
		callback, role, from_root, state, code, message, planned, list, tally, ended, report_key, csv_key,
		callback_state, callback_error, max_failures, max_deletes,
		report_error, callback_attempts, callback_next, unread, dump, forgotten FROM task `+condition, args...)
	return tasks, err
}
