package store

import (
	"context"
	"encoding/json"
	"fmt"

	"imagebatch/workflows/contract"
)

// Task is what is known of a task. CodeTaskNotFound.
func (s *Store) Task(ctx context.Context, id int64) (task contract.Task, err error) {
	err = s.Read(ctx, func(t *Tx) (err error) {
		task, err = t.task(id)
		return err
	})
	return task, err
}

// OpenTasks are the tasks whose fence is open, the oldest first.
func (s *Store) OpenTasks(ctx context.Context) (open []contract.Task, err error) {
	err = s.Read(ctx, func(t *Tx) (err error) {
		open, err = t.tasks("WHERE state = 'PROCESSING' ORDER BY id")
		return err
	})
	return open, err
}

// Pages of a task list.
const (
	defaultTasks = 20
	maxTasks     = 500
)

// Tasks lists tasks, the newest first. The state of a task whose fence is open
// is PROCESSING here, whatever its workflow is doing.
func (s *Store) Tasks(ctx context.Context, filter contract.ListTasksInput) (list contract.TaskList, err error) {
	limit := filter.Limit
	if limit <= 0 {
		limit = defaultTasks
	}
	limit = min(limit, maxTasks)
	err = s.Read(ctx, func(t *Tx) (err error) {
		list.Tasks, err = t.tasks(`WHERE (?1 = '' OR instance_name = ?1) AND (?2 = '' OR bucket = ?2) AND (?3 = '' OR path = ?3)
			AND (?4 = '' OR state = ?4) AND (?5 = 0 OR id = ?5) AND (?6 = 0 OR id < ?6) ORDER BY id DESC LIMIT ?7`,
			filter.Instance, filter.Bucket, filter.Path, filter.State, filter.ID, filter.Before, limit+1)
		return err
	})
	if len(list.Tasks) > limit {
		list = contract.TaskList{Tasks: list.Tasks[:limit], More: true}
	}
	return list, err
}

func (t *Tx) task(id int64) (contract.Task, error) {
	found, err := t.tasks("WHERE id = ?", id)
	if err != nil {
		return contract.Task{}, err
	}
	if len(found) == 0 {
		return contract.Task{}, taskNotFound(id)
	}
	return found[0], nil
}

// tasks reads tasks with their counts. The condition is a constant.
func (t *Tx) tasks(condition string, args ...any) (tasks []contract.Task, err error) {
	err = t.Each(func(scan func(...any) error) error {
		var task contract.Task
		var list, tally string
		var started int64
		var ended, callbackNext *int64
		if err := scan(&task.ID, &task.Kind, &task.WorkflowID, &task.RunID, &started, &task.Instance, &task.InstanceID,
			&task.ServiceType, &task.Region, &task.Bucket, &task.Path, &task.Callback, &task.RoleARN, &task.FromRoot,
			&task.State, &task.Code, &task.Message, &task.Planned, &list, &tally, &ended,
			&task.ReportKey, &task.CSVKey, &task.CallbackState, &task.CallbackError,
			&task.MaxFailures, &task.MaxDeletes, &task.ReportError, &task.CallbackAttempts, &callbackNext, &task.Unread, &task.Dump); err != nil {
			return err
		}
		task.StartedAt = instant(started)
		if ended != nil {
			task.EndedAt = instant(*ended)
		}
		if callbackNext != nil {
			task.CallbackNext = instant(*callbackNext)
		}
		if err := json.Unmarshal([]byte(list), &task.List); err != nil {
			return fmt.Errorf("read the work list of task %d: %w", task.ID, err)
		}
		if err := json.Unmarshal([]byte(tally), &task.Tally); err != nil {
			return fmt.Errorf("read the counts of task %d: %w", task.ID, err)
		}
		tasks = append(tasks, task)
		return nil
	}, `SELECT id, kind, workflow_id, run_id, run_started, instance_name, public_id, service_type, region, bucket, path,
		callback, role, from_root, state, code, message, planned, list, tally, ended, report_key, csv_key,
		callback_state, callback_error, max_failures, max_deletes,
		report_error, callback_attempts, callback_next, unread, dump FROM task `+condition, args...)
	if err != nil {
		return nil, err
	}
	for i := range tasks {
		if tasks[i].State.Final() {
			continue
		}
		if tasks[i].Tally, err = t.tally(tasks[i].ID); err != nil {
			return nil, err
		}
	}
	return tasks, nil
}

// tally adds up what the slices of a task have to show.
func (t *Tx) tally(task int64) (sum contract.Tally, err error) {
	if _, err := t.Row([]any{&sum.Succeeded, &sum.Failed, &sum.Skipped, &sum.Fetched, &sum.Validated, &sum.Featurized, &sum.Indexed},
		`SELECT ifnull(sum(succeeded), 0), ifnull(sum(failed), 0), ifnull(sum(skipped), 0), ifnull(sum(fetched), 0),
		ifnull(sum(validated), 0), ifnull(sum(featurized), 0), ifnull(sum(indexed), 0) FROM slice WHERE task = ?`, task); err != nil {
		return sum, err
	}
	err = t.Each(func(scan func(...any) error) error {
		var codes string
		if err := scan(&codes); err != nil {
			return err
		}
		part := contract.Tally{}
		if err := json.Unmarshal([]byte(codes), &part.Codes); err != nil {
			return fmt.Errorf("read the codes of task %d: %w", task, err)
		}
		sum.Add(part)
		return nil
	}, "SELECT codes FROM slice WHERE task = ? AND codes != ''", task)
	return sum, err
}
