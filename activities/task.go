package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"imagebatch/workflows/contract"
)

// Runs knows which workflow runs are open.
type Runs interface {
	// Open reports whether the workflow that started as this first run still
	// runs, in that run or in one it continued as.
	Open(ctx context.Context, workflowID, firstRunID string) (bool, error)
}

// Tasks opens, closes and lists tasks of any kind.
type Tasks struct {
	Ledger Ledger
	Runs   Runs
}

// Begin opens a task. Safe to repeat: the ledger knows the run. While the run of
// an older task of the instance is open, it is refused: CodeIncrementStatusError.
func (t *Tasks) Begin(ctx context.Context, in contract.BeginInput) (contract.BeginResult, error) {
	return t.Ledger.Begin(ctx, in, func(ctx context.Context, open []contract.Task) error {
		for _, older := range open {
			if runs, err := t.Runs.Open(ctx, older.WorkflowID, older.RunID); err != nil {
				return err
			} else if runs {
				return contract.Errorf(contract.CodeIncrementStatusError,
					"task %d of instance %q still runs, as workflow %q; wait until it has ended, or cancel it, and start the batch again", older.ID, in.Instance, older.WorkflowID)
			}
		}
		// An attempt may have slept until its own run was over. No clock tells: that
		// of Temporal may have been ahead when the run started.
		runs, err := t.Runs.Open(ctx, in.WorkflowID, in.RunID)
		if err == nil && !runs {
			err = contract.Errorf(contract.CodeFenceClosed, "the run %s of workflow %q is over in Temporal and can begin no task any more; start the batch again", in.RunID, in.WorkflowID)
		}
		return err
	})
}

// End closes the fence of a task and reads what it has to show. Safe to repeat:
// the first ending stays.
func (t *Tasks) End(ctx context.Context, ending contract.Ending) (contract.Ended, error) {
	task, err := t.Ledger.End(ctx, ending)
	if err != nil {
		return contract.Ended{}, err
	}
	return contract.Ended{
		State: task.State, Code: task.Code, Message: task.Message,
		Planned: task.Planned, Total: task.List.Lines, Tally: task.Tally,
	}, nil
}

// NoteUnread keeps a signal that a task could not read, for whoever asks about
// the task.
func (t *Tasks) NoteUnread(ctx context.Context, in contract.UnreadSignal) (contract.Nothing, error) {
	return contract.Nothing{}, t.Ledger.SetUnread(ctx, in.Task, in.Text)
}

// List answers from the ledger, so that a task is there longer than Temporal
// keeps its history. Answers stand in histories too: what may be a secret of a
// receiver is not in them. A page ends early where it would not fit an answer.
func (t *Tasks) List(ctx context.Context, filter contract.ListTasksInput) (contract.TaskList, error) {
	list, err := t.Ledger.Tasks(ctx, filter)
	if err != nil {
		return contract.TaskList{}, err
	}
	size := 0
	for i := range list.Tasks {
		list.Tasks[i].Callback = contract.ShownURL(list.Tasks[i].Callback)
		text, err := json.Marshal(list.Tasks[i])
		if err != nil {
			return contract.TaskList{}, fmt.Errorf("list tasks: write task %d: %w", list.Tasks[i].ID, err)
		}
		if size += len(text); size > maxAnswer && i > 0 {
			return contract.TaskList{Tasks: list.Tasks[:i], More: true}, nil
		}
	}
	return list, nil
}

// maxAnswer is how many bytes of JSON an answer may have: Temporal takes 2 MiB.
// Source: https://docs.temporal.io/cloud/limits
const maxAnswer = 3 << 19

// CloseTerminated closes every open task whose workflow no longer runs. It names
// those, and the latest ones that ended without a report and have no workflow
// left to write it.
func (t *Tasks) CloseTerminated(ctx context.Context, _ contract.Nothing) ([]int64, error) {
	open, err := t.Ledger.OpenTasks(ctx)
	if err != nil {
		return nil, err
	}
	for _, task := range open {
		runs, err := t.Runs.Open(ctx, task.WorkflowID, task.RunID)
		if err != nil {
			return nil, err
		}
		if runs {
			continue
		}
		if _, err := t.Ledger.End(ctx, contract.Ending{
			Task: task.ID, State: contract.StateStop, Code: contract.CodeTerminated, Message: contract.TerminatedMessage,
		}); err != nil {
			return nil, err
		}
	}
	ended, err := t.Ledger.Unreported(ctx, latestTasks)
	if err != nil {
		return nil, err
	}
	var unreported []int64
	for _, task := range ended {
		runs, err := t.Runs.Open(ctx, task.WorkflowID, task.RunID)
		if err != nil {
			return nil, err
		}
		if !runs {
			unreported = append(unreported, task.ID)
		}
	}
	slices.Sort(unreported)
	return unreported, nil
}

// latestTasks is how many tasks are looked through for a missing report. An older
// one gets it when somebody asks for it.
const latestTasks = 500
