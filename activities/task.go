package activities

import (
	"context"
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

// Begin opens a task. Safe to repeat: the ledger knows the run.
func (t *Tasks) Begin(ctx context.Context, in contract.BeginInput) (contract.BeginResult, error) {
	return t.Ledger.Begin(ctx, in)
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
// receiver is not in them.
func (t *Tasks) List(ctx context.Context, filter contract.ListTasksInput) (contract.TaskList, error) {
	list, err := t.Ledger.Tasks(ctx, filter)
	for i := range list.Tasks {
		list.Tasks[i].Callback = contract.ShownURL(list.Tasks[i].Callback)
	}
	return list, err
}

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
	latest, err := t.Ledger.Tasks(ctx, contract.ListTasksInput{Limit: latestTasks})
	if err != nil {
		return nil, err
	}
	var unreported []int64
	for _, task := range latest.Tasks {
		if !task.State.Final() || task.ReportKey != "" {
			continue
		}
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
