package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"imagebatch/workflows/contract"
)

// reported makes sure that a closed task has its own report: one that is missing,
// or that something else has been written over, is written anew. Only that of a
// forgotten task cannot be: CodeTaskForgotten.
func (r *Reports) reported(ctx context.Context, task contract.Task) (contract.Task, error) {
	if task.ReportKey != "" {
		if own, err := r.owns(ctx, task); err != nil || own {
			return task, err
		}
	}
	if !task.ForgottenAt.IsZero() {
		return task, forgotten(task, "its report is not in the results bucket any more, and cannot be written anew")
	}
	task.ReportKey, task.CSVKey = "", "" // a key of before there were installations may be another's
	written, err := r.writeNow(ctx, task)
	task.ReportKey, task.CSVKey = written.Key, written.CSVKey
	return task, err
}

// remembered makes sure that a task was not forgotten while its lines were read:
// what is left of them is not all.
func (r *Reports) remembered(ctx context.Context, id int64) error {
	task, err := r.Ledger.Task(ctx, id)
	if err == nil && !task.ForgottenAt.IsZero() {
		err = forgotten(task, "what was being written of it is given up")
	}
	return err
}

// forgotten refuses what only the lines of a task could tell.
func forgotten(task contract.Task, what string) error {
	const day = "2006-01-02"
	return contract.Errorf(contract.CodeTaskForgotten, "task %d ended as %s on %s and was forgotten on %s: its lines are deleted; %s",
		task.ID, task.State, task.EndedAt.Format(day), task.ForgottenAt.Format(day), what)
}

// owns tells whether the object under a task's key is the report of this very
// task: what it says of itself at its end has to agree.
func (r *Reports) owns(ctx context.Context, task contract.Task) (bool, error) {
	end, err := r.Results.tail(ctx, task.ReportKey, maxSummary)
	if errors.Is(err, ErrNoSuchObject) {
		return false, nil
	}
	if err != nil {
		return false, r.Results.explain("read", task.ReportKey, err)
	}
	end = bytes.TrimSpace(end)
	var record summaryRecord
	if json.Unmarshal(end[bytes.LastIndexByte(end, '\n')+1:], &record) != nil {
		return false, nil
	}
	said := record.Summary
	return said.Task == task.ID && said.Instance == task.Instance && said.StartedAt.Equal(task.StartedAt), nil
}

// maxSummary is more than the last record of a report can have: its texts are
// bounded by the ledger, its codes by what there is.
const maxSummary = 64 << 10

// tail reads the end of one of our own objects, however long it is.
func (r Results) tail(ctx context.Context, key string, length int64) ([]byte, error) {
	body, info, err := r.Objects.Open(ctx, r.Bucket, key, Want{})
	if err == nil && info.Size > length {
		body.Close()
		body, _, err = r.Objects.Open(ctx, r.Bucket, key, Want{From: info.Size - length})
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	end := make([]byte, 0, 2*length)
	for {
		n, err := io.ReadFull(body, end[len(end):min(cap(end), len(end)+int(length))])
		end = end[:len(end)+n]
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return end[max(0, len(end)-int(length)):], nil
		}
		if err != nil {
			return nil, err
		}
		end = end[:copy(end, end[max(0, len(end)-int(length)):])]
	}
}
