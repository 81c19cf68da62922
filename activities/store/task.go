package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"imagebatch/workflows/contract"
)

// Begin opens a task and closes older open ones of the instance, whose runs must
// be over: before anything is changed, ask is given them and may refuse. It is
// asked again when another task of the instance has begun meanwhile, so that what
// it has found out is true of the moment at which the task begins, however long
// this process slept in between. No clock has a say. A nil ask refuses nothing.
//
// It is safe to repeat: a run id has one task, and the answer stays the same.
func (s *Store) Begin(ctx context.Context, in contract.BeginInput, ask func(ctx context.Context, open []contract.Task) error) (contract.BeginResult, error) {
	for {
		begun, newest, err := s.begunBy(ctx, in)
		if err != nil {
			return contract.BeginResult{}, err
		}
		if begun.Task != 0 {
			return begun, s.settleAll(ctx, begun.Terminated)
		}
		if ask != nil {
			open, err := s.plain(ctx, "WHERE instance_name = ? AND "+isOpen+" ORDER BY id", in.Instance)
			if err != nil {
				return contract.BeginResult{}, err
			}
			if err := ask(ctx, open); err != nil {
				return contract.BeginResult{}, err
			}
		}
		if err := s.Write(ctx, func(t *Tx) error {
			instance, err := t.Instance(in.Instance)
			if err != nil {
				return err
			}
			if now, err := t.newestTask(in.Instance); err != nil || now != newest {
				return err // with a newer task there is something new to ask
			}
			return t.insertTask(in, instance)
		}); err != nil {
			return contract.BeginResult{}, err
		}
	}
}

// begunBy is what a run has begun, with no task if nothing, and the number of
// the newest task of the instance's name.
func (s *Store) begunBy(ctx context.Context, in contract.BeginInput) (begun contract.BeginResult, newest int64, err error) {
	err = s.Read(ctx, func(t *Tx) error {
		if _, err := t.Row([]any{&begun.Task}, "SELECT id FROM task WHERE run_id = ?", in.RunID); err != nil {
			return err
		}
		if newest, err = t.newestTask(in.Instance); err != nil || begun.Task == 0 {
			return err
		}
		return t.Each(func(scan func(...any) error) error {
			var older int64
			err := scan(&older)
			begun.Terminated = append(begun.Terminated, older)
			return err
		}, "SELECT id FROM task WHERE closed_by = ? ORDER BY id", begun.Task)
	})
	return begun, newest, err
}

// settleAll adds up tasks that are closed.
func (s *Store) settleAll(ctx context.Context, closed []int64) error {
	for _, id := range closed {
		if _, err := s.settle(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// newestTask is the largest number of a task of an instance of that name, 0
// without any.
func (t *Tx) newestTask(instance string) (newest int64, err error) {
	_, err = t.Row([]any{&newest}, "SELECT ifnull(max(id), 0) FROM task WHERE instance_name = ?", instance)
	return newest, err
}

func (t *Tx) insertTask(in contract.BeginInput, instance Instance) error {
	task, err := t.next()
	if err != nil {
		return err
	}
	if err := t.closeTerminated(instance.Number, task); err != nil {
		return err
	}
	started := in.RunStarted
	if started.IsZero() {
		started = time.Now()
	}
	_, err = t.Exec(`INSERT INTO task (id, kind, workflow_id, run_id, run_started, instance, instance_name, public_id,
		service_type, region, bucket, path, callback, role, from_root, dump, max_failures, max_deletes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		task, in.Kind, in.WorkflowID, in.RunID, started.UnixNano(), instance.Number, instance.Name, instance.ID,
		instance.ServiceType, instance.Region, in.Bucket, in.Path, in.Callback, in.RoleARN, in.FromRoot, in.Dump,
		clip(string(in.MaxFailures), maxName), clip(string(in.MaxDeletes), maxName))
	return err
}

// closeTerminated closes the open tasks of an instance for a newer one. Their
// workflows no longer run: whoever begins has asked.
func (t *Tx) closeTerminated(instance, successor int64) error {
	var open []int64
	if err := t.Each(func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		open = append(open, id)
		return err
	}, "SELECT id FROM task WHERE instance = ? AND state = 'PROCESSING' ORDER BY id", instance); err != nil {
		return err
	}
	for _, id := range open {
		if err := t.closeTask(contract.Ending{Task: id, State: contract.StateStop, Code: contract.CodeTerminated, Message: contract.TerminatedMessage}, unsettled); err != nil {
			return err
		}
		if _, err := t.Exec("UPDATE task SET closed_by = ? WHERE id = ?", successor, id); err != nil {
			return err
		}
	}
	return nil
}

// SetPlan records the work list. The first one stays and is returned, whether or
// not it is the same. CodeFenceClosed.
func (s *Store) SetPlan(ctx context.Context, id int64, list contract.WorkList) (kept contract.WorkList, err error) {
	err = s.Write(ctx, func(t *Tx) error {
		open, err := t.fence(id)
		if err != nil {
			return err
		}
		if open.planned {
			if err := json.Unmarshal([]byte(open.list), &kept); err != nil {
				return fmt.Errorf("read the work list of task %d: %w", id, err)
			}
			return nil
		}
		kept = list
		encoded, err := json.Marshal(list)
		if err != nil {
			return fmt.Errorf("write the work list of task %d: %w", id, err)
		}
		_, err = t.Exec("UPDATE task SET planned = 1, list = ? WHERE id = ?", string(encoded), id)
		return err
	})
	return kept, err
}

// SetReport records where the report is. CodeTaskNotFound.
func (s *Store) SetReport(ctx context.Context, id int64, report contract.ReportResult) error {
	return s.updateTask(ctx, id, "UPDATE task SET report_key = ?, csv_key = ?, report_error = '' WHERE id = ?", report.Key, report.CSVKey, id)
}

// SetReportError records what keeps the report from being written, unless it is
// there. CodeTaskNotFound.
func (s *Store) SetReportError(ctx context.Context, id int64, cause string) error {
	return s.updateTask(ctx, id, "UPDATE task SET report_error = iif(report_key = '', ?, '') WHERE id = ?", clip(cause, maxMessage), id)
}

// NoteCallback records what an attempt at a pending callback met. CodeTaskNotFound.
func (s *Store) NoteCallback(ctx context.Context, attempt contract.CallbackOutcome) error {
	var next *int64
	if !attempt.Next.IsZero() {
		next = new(attempt.Next.UnixNano())
	}
	return s.updateTask(ctx, attempt.Task, `UPDATE task SET
		callback_error    = CASE WHEN callback_state = ?1 THEN ?2 ELSE callback_error END,
		callback_attempts = CASE WHEN callback_state = ?1 THEN ?3 ELSE callback_attempts END,
		callback_next     = CASE WHEN callback_state = ?1 THEN ?4 ELSE callback_next END
		WHERE id = ?5`, contract.CallbackPending, clip(attempt.Error, maxMessage), attempt.Attempts, next, attempt.Task)
}

// SetUnread records the last signal that the task could not read. CodeTaskNotFound.
func (s *Store) SetUnread(ctx context.Context, id int64, text string) error {
	return s.updateTask(ctx, id, "UPDATE task SET unread = ? WHERE id = ?", clip(text, maxMessage), id)
}

// SetCallback records what became of the callback. CodeTaskNotFound.
func (s *Store) SetCallback(ctx context.Context, outcome contract.CallbackOutcome) error {
	return s.updateTask(ctx, outcome.Task, `UPDATE task SET callback_state = ?1, callback_error = ?2, callback_next = NULL,
		callback_attempts = CASE WHEN ?1 = ?4 OR ?3 > 0 THEN ?3 ELSE callback_attempts END WHERE id = ?5`,
		outcome.State, clip(outcome.Error, maxMessage), outcome.Attempts, contract.CallbackPending, outcome.Task)
}

func (s *Store) updateTask(ctx context.Context, id int64, statement string, args ...any) error {
	return s.Write(ctx, func(t *Tx) error {
		changed, err := t.Exec(statement, args...)
		if err == nil && changed == 0 {
			return taskNotFound(id)
		}
		return err
	})
}
