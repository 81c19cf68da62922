package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.temporal.io/sdk/activity"

	"imagebatch/workflows/contract"
)

// Reports writes what a user gets of a closed task: the failed lines, the lines
// that were not run, and the totals.
type Reports struct {
	Ledger     Ledger
	Identities Identities
	Results    Results
}

// Write writes the report as NDJSON and as CSV. Safe to repeat: the ledger of a
// closed task does not change, so every attempt writes the same, but for the raw
// lines, which are left out once the manifest has changed.
//
// What keeps it from being written is in the ledger until it is. None of that is
// for good: quotas, rights and disks are mended while it is tried again.
func (r *Reports) Write(ctx context.Context, ref contract.TaskRef) (_ contract.ReportResult, err error) {
	defer beat(ctx)()
	ctx, end := yielding(ctx)
	defer end(&err)
	task, err := r.Ledger.Task(ctx, ref.Task)
	if err != nil {
		return contract.ReportResult{}, err
	}
	if !task.State.Final() {
		return contract.ReportResult{}, notEnded(task, "report")
	}
	if !task.ForgottenAt.IsZero() {
		return contract.ReportResult{}, forgotten(task, "its report cannot be written any more")
	}
	report, err := r.writeNow(ctx, task)
	if refusal := (*contract.Error)(nil); errors.As(err, &refusal) {
		return report, errors.New(refusal.Message)
	}
	return report, err
}

// writeNow writes the report of a closed task, or notes what keeps it from being
// written.
func (r *Reports) writeNow(ctx context.Context, task contract.Task) (contract.ReportResult, error) {
	report, err := r.writeTo(ctx, task, r.Results.reportOf(task))
	if err == nil {
		return report, r.Ledger.SetReport(ctx, task.ID, report)
	}
	if stoppedBy(ctx, err) {
		return contract.ReportResult{}, err // nothing to mend
	}
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteLimit)
	defer cancel()
	if unnoted := r.Ledger.SetReportError(noting, task.ID, causeOf(err)); unnoted != nil {
		activity.GetLogger(ctx).Warn("cause not noted", "taskId", task.ID, "error", unnoted)
	}
	return contract.ReportResult{}, err
}

// noteLimit is how long an attempt that has failed waits to say why.
const noteLimit = 5 * time.Second

// causeOf is an error as a person reads it who did not ask for its code.
func causeOf(err error) string {
	if refusal := (*contract.Error)(nil); errors.As(err, &refusal) {
		return refusal.Message
	}
	return err.Error()
}

// notEnded refuses what only a closed task has.
func notEnded(task contract.Task, what string) error {
	return contract.Errorf(contract.CodeIncrementStatusError,
		"task %d is %s and has no %s yet; wait until it has ended", task.ID, task.State, what)
}

func (r *Reports) writeTo(ctx context.Context, task contract.Task, report contract.ReportResult) (contract.ReportResult, error) {
	lines, err := r.lines(ctx, task)
	if err != nil {
		return contract.ReportResult{}, err
	}
	err = r.write(ctx, task, report, lines)
	if err != nil && lines.gone() { // the manifest was changed just now
		err = r.write(ctx, task, report, nil)
	}
	if err != nil {
		return contract.ReportResult{}, fmt.Errorf("write report of task %d: %w", task.ID, err)
	}
	return report, nil
}

func (r *Reports) write(ctx context.Context, task contract.Task, report contract.ReportResult, lines *lineReader) error {
	defer lines.close()
	return r.Results.stream(ctx, report.Key, "application/x-ndjson", func(ndjson io.Writer) error {
		return r.Results.stream(ctx, report.CSVKey, "text/csv; charset=utf-8", func(csv io.Writer) error {
			w := newReportWriter(ndjson, csv)
			if err := r.records(ctx, task, lines, w); err != nil {
				return err
			}
			if err := r.remembered(ctx, task.ID); err != nil {
				return err
			}
			return w.finish(task)
		})
	})
}

// records writes the failed lines and the ranges of canceled ones, in the order
// of lines.
func (r *Reports) records(ctx context.Context, task contract.Task, lines *lineReader, w *reportWriter) error {
	return r.unfinished(ctx, task, func(failure *Failure, canceled LineRange) error {
		switch {
		case lines == nil:
			w.note = "the manifest has changed or cannot be read any more: raw lines are left out, and ranges of canceled lines include blank ones"
			if failure == nil {
				return w.canceledRange(canceled)
			}
			return w.failure(*failure, nil)
		case failure == nil:
			return w.canceled(ctx, lines, canceled)
		}
		line, err := lines.line(ctx, failure.Line)
		if err != nil {
			return err
		}
		return w.failure(*failure, line.Text)
	})
}

// lines is a reader of the task's lines, or nil where the manifest is no longer
// there in the version of the plan, or may not be read any more, or the plan is
// gone itself.
func (r *Reports) lines(ctx context.Context, task contract.Task) (*lineReader, error) {
	if task.List.Slices == 0 || task.State == contract.StateSuccess && task.Tally.Failed == 0 {
		return nil, nil // there is nothing to quote
	}
	objects, err := r.Identities.As(ctx, task.RoleARN)
	if err != nil {
		if contract.IsCode(err, contract.CodeRoleNotAllowed) {
			return nil, nil
		}
		return nil, err
	}
	lines, err := newLineReader(ctx, objects, r.Results, task)
	if err == nil {
		err = lines.open(ctx, 0)
	}
	switch {
	case final(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return lines, nil
}

// unfinished visits the failed lines and the ranges without an outcome, merged
// into the order of lines.
func (r *Reports) unfinished(ctx context.Context, task contract.Task, visit func(*Failure, LineRange) error) error {
	ranges, stop := pull(r.Ledger.Undone(ctx, task.ID))
	defer stop()
	canceled, more, err := ranges()
	if err != nil {
		return err
	}
	for failure, err := range r.Ledger.Failures(ctx, task.ID) {
		if err != nil {
			return err
		}
		for more && canceled.First < failure.Line {
			if err := visit(nil, canceled); err != nil {
				return err
			}
			if canceled, more, err = ranges(); err != nil {
				return err
			}
		}
		if err := visit(&failure, LineRange{}); err != nil {
			return err
		}
	}
	for more {
		if err := visit(nil, canceled); err != nil {
			return err
		}
		if canceled, more, err = ranges(); err != nil {
			return err
		}
	}
	return nil
}
