package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

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
// closed task does not change, so every attempt writes the same.
func (r *Reports) Write(ctx context.Context, ref contract.TaskRef) (contract.ReportResult, error) {
	defer beat(ctx)()
	task, err := r.Ledger.Task(ctx, ref.Task)
	if err != nil {
		return contract.ReportResult{}, err
	}
	objects, err := r.Identities.As(ctx, task.RoleARN)
	if err != nil && !refused(err, contract.CodeRoleNotAllowed) {
		return contract.ReportResult{}, err
	}
	report := contract.ReportResult{Key: taskKey(task.ID, "report.ndjson"), CSVKey: taskKey(task.ID, "report.csv")}
	err = r.spool(ctx, report.Key, "application/x-ndjson", func(ndjson io.Writer) error {
		return r.spool(ctx, report.CSVKey, "text/csv; charset=utf-8", func(csv io.Writer) error {
			w := newReportWriter(ndjson, csv)
			if err := r.records(ctx, objects, task, w); err != nil {
				return err
			}
			return w.finish(task)
		})
	})
	if err != nil {
		return contract.ReportResult{}, fmt.Errorf("write report of task %d: %w", task.ID, err)
	}
	return report, r.Ledger.SetReport(ctx, task.ID, report)
}

// records writes the failed lines and the ranges of canceled ones, in the order
// of lines.
func (r *Reports) records(ctx context.Context, objects Objects, task contract.Task, w *reportWriter) error {
	if !task.Planned {
		return nil
	}
	lines, err := r.lines(ctx, objects, task)
	if err != nil {
		return err
	}
	if lines == nil {
		w.note = "the manifest has changed or cannot be read any more: raw lines are left out"
	} else {
		defer lines.close()
	}
	return r.unfinished(ctx, task, func(failure *Failure, canceled LineRange) error {
		if failure == nil {
			return w.canceled(ctx, lines, task, canceled)
		}
		var raw []byte
		if lines != nil {
			line, err := lines.line(ctx, failure.Line)
			if err != nil {
				return err
			}
			raw = line.Text
		}
		return w.failure(*failure, raw)
	})
}

// lines is a reader of the task's lines, or nil where the manifest is no longer
// there in the version of the plan.
func (r *Reports) lines(ctx context.Context, objects Objects, task contract.Task) (*lineReader, error) {
	if objects == nil || task.List.Slices == 0 {
		return nil, nil
	}
	info, err := objects.Head(ctx, task.List.Bucket, task.List.Key)
	switch {
	case errors.Is(err, ErrNoSuchObject), errors.Is(err, ErrNoSuchBucket), errors.Is(err, ErrDenied):
		return nil, nil
	case err != nil:
		return nil, manifestError(task, err)
	case info.ETag != task.List.ETag:
		return nil, nil
	}
	return newLineReader(ctx, objects, r.Results, task)
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

// spool collects an object in a temporary file, whose size does not matter to
// the memory, and writes it whole once fill has succeeded.
func (r *Reports) spool(ctx context.Context, key, contentType string, fill func(io.Writer) error) error {
	file, err := os.CreateTemp("", "imagebatch-*")
	if err != nil {
		return fmt.Errorf("make temporary file: %w", err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := fill(file); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("rewind temporary file: %w", err)
	}
	if err := r.Results.Objects.Put(ctx, r.Results.Bucket, key, contentType, file); err != nil {
		return fmt.Errorf("write %s/%s: %w", r.Results.Bucket, key, err)
	}
	return nil
}
