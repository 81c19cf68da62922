package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"imagebatch/activities"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// record is a line of a report.
type record struct {
	Line    int64         `json:"line"`
	Code    contract.Code `json:"Code"`
	From    int64         `json:"canceledFrom"`
	To      int64         `json:"canceledTo"`
	Summary *struct {
		Total int64  `json:"total"`
		Note  string `json:"note"`
		contract.Counts
	} `json:"summary"`
}

// judgeReport holds the report that the user gets against the planted faults, for
// the lines that were run, and against the ledger's totals.
func (l *lane) judgeReport(ctx context.Context, now *tried, task contract.Task, o outcome, wrong func(string, ...any)) error {
	var records []record
	if err := l.until(ctx, fmt.Sprintf("the report of task %d is read", task.ID), func() bool {
		read, err := l.report(ctx, task.ReportKey)
		records = read
		return err == nil
	}); err != nil {
		return err
	}
	var canceled int64
	seen, summaries := map[int64]bool{}, 0
	for _, r := range records {
		switch {
		case r.Summary != nil:
			summaries++
			// Only a task that the next one finds is reported when its manifest is gone.
			if r.Summary.Note != "" && (now.fate.ending == terminated || now.fate.ending == outlived) {
				canceled -= blankLines(now.batch.Manifest, o)
			}
			if r.Summary.Total != task.List.Lines || r.Summary.Counts != task.Tally.Counts {
				wrong("the report sums up %+v, the ledger has %+v of %d", *r.Summary, task.Tally.Counts, task.List.Lines)
			}
		case r.From > 0:
			canceled += r.To - r.From + 1
			if !o.undone(r.From) || !o.undone(r.To) {
				wrong("the report says that lines %d to %d were not run", r.From, r.To)
			}
		case seen[r.Line]:
			wrong("the report has line %d twice", r.Line)
		case now.batch.Failures[r.Line] != r.Code:
			wrong("the report has line %d as %s, planted was %q", r.Line, r.Code, now.batch.Failures[r.Line])
		default:
			seen[r.Line] = true
		}
	}
	var missing int
	for line := range now.batch.Failures {
		if !seen[line] && !o.undone(line) {
			missing++
		}
	}
	switch {
	case missing > 0:
		wrong("the report lacks %d of the planted faults", missing)
	case canceled != task.Tally.Canceled:
		wrong("the ranges of the report hold %d lines, %d were canceled", canceled, task.Tally.Canceled)
	case summaries != 1:
		wrong("the report has %d summaries", summaries)
	}
	return nil
}

// blankLines counts those that were not run, which nobody can tell from others
// without the manifest.
func blankLines(manifest []byte, o outcome) (count int64) {
	var number int64
	for line := range bytes.Lines(manifest) {
		if number++; len(bytes.TrimSpace(line)) == 0 && o.undone(number) {
			count++
		}
	}
	return count
}

func (l *lane) report(ctx context.Context, key string) (records []record, err error) {
	body, _, err := l.objects.Open(ctx, stack.ResultsBucket, key, activities.Want{})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	for decoder := json.NewDecoder(body); ; {
		var r record
		err := decoder.Decode(&r)
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
}
