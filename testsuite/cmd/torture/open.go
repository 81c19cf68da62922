package main

import (
	"bytes"
	"context"
	"fmt"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// sliceRow is a slice as the ledger has it.
type sliceRow struct {
	number  int
	done    activities.Bitmap
	counted int64 // lines by their outcomes
}

// judgeOpen holds the counts of a task that is under way against the lines that
// are done: they have to agree at every moment, not only at the end. It reports
// whether they did.
func (l *lane) judgeOpen(ctx context.Context, now *tried, task contract.Task) bool {
	var rows []sliceRow
	if err := l.ledger.Read(ctx, func(t *store.Tx) error {
		rows = nil
		return t.Each(func(scan func(...any) error) error {
			var row sliceRow
			var done []byte
			err := scan(&row.number, &done, &row.counted)
			row.done = done
			rows = append(rows, row)
			return err
		}, "SELECT slice, done, succeeded + failed + skipped FROM slice WHERE task = ?", task.ID)
	}); err != nil {
		return true // another time
	}
	if wrong := miscounted(rows, now.batch.Manifest, task.List.SliceLines); wrong != "" {
		l.accuse(task)("%s", wrong)
		return false
	}
	return true
}

// miscounted says how the counts of slices differ from the lines that are done;
// empty if they do not. Blank lines are done and count for nothing.
func miscounted(rows []sliceRow, manifest []byte, sliceLines int) string {
	lines := bytes.Split(manifest, []byte("\n"))
	for _, row := range rows {
		var done int64
		for n := range sliceLines {
			line := row.number*sliceLines + n
			if line < len(lines) && row.done.Has(n) && len(bytes.TrimSpace(lines[line])) > 0 {
				done++
			}
		}
		if done != row.counted {
			return fmt.Sprintf("slice %d counts %d lines, %d are done", row.number, row.counted, done)
		}
	}
	return ""
}
