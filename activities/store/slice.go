package store

import (
	"context"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// Slice is what is done of a slice. CodeFenceClosed.
func (s *Store) Slice(ctx context.Context, id int64, slice, lines int) (record activities.SliceRecord, err error) {
	err = s.Read(ctx, func(t *Tx) error {
		progress, err := t.Progress(activities.Batch{Task: id, Slice: slice, First: 1, Lines: lines})
		if err == nil {
			record = progress.record
		}
		return err
	})
	return record, err
}

// Progress is a slice within a transaction that found the task's fence open:
// what was done before, and what the transaction adds to it.
type Progress struct {
	Instance int64 // the task's

	tx       *Tx
	batch    activities.Batch
	record   activities.SliceRecord
	failures []activities.Failure
	changed  bool
}

// Progress checks the fence of a batch's task, and that the batch is a part of
// its slice, and reads what is done. CodeFenceClosed, CodeTaskNotFound.
func (t *Tx) Progress(batch activities.Batch) (*Progress, error) {
	open, err := t.fence(batch.Task)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(batch, open); err != nil {
		return nil, err
	}
	p := &Progress{Instance: open.instance, tx: t, batch: batch}
	p.record.TaskFailed = open.failed
	tally, codes, lines := &p.record.Tally, "", 0
	var done []byte
	found, err := t.Row([]any{&lines, &done, &tally.Succeeded, &tally.Failed, &tally.Skipped,
		&tally.Fetched, &tally.Validated, &tally.Featurized, &tally.Indexed, &codes},
		`SELECT lines, done, succeeded, failed, skipped, fetched, validated, featurized, indexed, codes
		FROM slice WHERE task = ? AND slice = ?`, batch.Task, batch.Slice)
	switch {
	case err != nil:
		return nil, err
	case !found:
		p.record.Done = activities.NewBitmap(batch.Lines)
		return p, nil
	case lines != batch.Lines:
		return nil, contract.Errorf(contract.CodeInternalError, "slice %d of task %d has %d lines, not %d", batch.Slice, batch.Task, lines, batch.Lines)
	}
	p.record.Done = done
	if codes != "" {
		if err := json.Unmarshal([]byte(codes), &tally.Codes); err != nil {
			return nil, fmt.Errorf("read the codes of slice %d of task %d: %w", batch.Slice, batch.Task, err)
		}
	}
	return p, nil
}

// checkBatch refuses a batch that would be counted in the wrong place.
func checkBatch(batch activities.Batch, open openTask) error {
	wrong := batch.Slice < 0 || batch.Lines < 1 || batch.First < 1
	for _, outcome := range batch.Outcomes {
		wrong = wrong || outcome.Line < batch.First || outcome.Line >= batch.First+int64(batch.Lines)
	}
	if open.planned && len(batch.Outcomes) > 0 {
		var work contract.WorkList
		if err := json.Unmarshal([]byte(open.list), &work); err != nil {
			return fmt.Errorf("read the work list of task %d: %w", batch.Task, err)
		}
		wrong = wrong || batch.Slice >= work.Slices || batch.First != work.FirstLine(batch.Slice) || batch.Lines != work.LinesOf(batch.Slice)
	}
	if wrong {
		return contract.Errorf(contract.CodeInternalError, "the batch of slice %d, lines %d to %d, is no part of task %d as planned",
			batch.Slice, batch.First, batch.First+int64(batch.Lines)-1, batch.Task)
	}
	return nil
}

// Done tells whether a line has its outcome already.
func (p *Progress) Done(line int64) bool { return p.record.Done.Has(int(line - p.batch.First)) }

// Record adds the outcome of a line, unless the line has one.
func (p *Progress) Record(outcome activities.Outcome) {
	if p.Done(outcome.Line) {
		return
	}
	p.record.Done.Set(int(outcome.Line - p.batch.First))
	p.changed = true
	tally := &p.record.Tally
	switch outcome.Ending {
	case activities.Blank:
		return
	case activities.Succeeded:
		tally.Succeeded++
	case activities.Skipped:
		tally.Skipped++
	case activities.Failed:
		failure := activities.Failure{Line: outcome.Line, Offset: outcome.Offset, Length: outcome.Length, Code: contract.CodeInternalError}
		if outcome.Failure != nil {
			failure = *outcome.Failure
			failure.Line = outcome.Line
		}
		p.failures = append(p.failures, failure)
		tally.Add(contract.Tally{Counts: contract.Counts{Failed: 1}, Codes: map[contract.Code]int64{failure.Code: 1}})
	}
	if outcome.Delete != nil {
		tally.Indexed++
		return
	}
	tally.Add(contract.Tally{Stages: contract.Stages{
		Fetched:    reached(outcome.Stage, activities.Fetched),
		Validated:  reached(outcome.Stage, activities.Validated),
		Featurized: reached(outcome.Stage, activities.Featurized),
		Indexed:    reached(outcome.Stage, activities.Indexed),
	}})
}

func reached(stage, goal activities.Stage) int64 {
	if stage >= goal {
		return 1
	}
	return 0
}

// Save writes what was added, and returns the slice as it is then.
func (p *Progress) Save() (activities.SliceRecord, error) {
	if !p.changed {
		return p.record, nil
	}
	codes := ""
	if len(p.record.Tally.Codes) > 0 {
		text, err := json.Marshal(p.record.Tally.Codes)
		if err != nil {
			return activities.SliceRecord{}, fmt.Errorf("write the codes of slice %d: %w", p.batch.Slice, err)
		}
		codes = string(text)
	}
	tally := p.record.Tally
	if _, err := p.tx.Exec(`INSERT OR REPLACE INTO slice
		(task, slice, lines, done, succeeded, failed, skipped, fetched, validated, featurized, indexed, codes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.batch.Task, p.batch.Slice, p.batch.Lines, []byte(p.record.Done), tally.Succeeded, tally.Failed, tally.Skipped,
		tally.Fetched, tally.Validated, tally.Featurized, tally.Indexed, codes); err != nil {
		return activities.SliceRecord{}, err
	}
	if len(p.failures) > 0 {
		p.record.TaskFailed += int64(len(p.failures))
		if _, err := p.tx.Exec("UPDATE task SET failed = failed + ? WHERE id = ?", len(p.failures), p.batch.Task); err != nil {
			return activities.SliceRecord{}, err
		}
	}
	for _, f := range p.failures {
		if _, err := p.tx.Exec(`INSERT INTO failure (task, line, start, length, operation, product, picture, code, message, attempts)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, p.batch.Task, f.Line, f.Offset, f.Length, clip(f.Operation, maxName),
			clip(f.Product, maxName), clip(f.Picture, maxName), f.Code, clip(f.Message, maxMessage), f.Attempts); err != nil {
			return activities.SliceRecord{}, err
		}
	}
	return p.record, nil
}

// Bounds of what is kept of a failed line, in bytes: the line may hold anything.
const (
	maxName    = 1024
	maxMessage = 2048
)

func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for !utf8.RuneStart(text[limit]) && limit > 0 {
		limit--
	}
	return text[:limit] + "…"
}
