package store

import (
	"context"
	"encoding/json"
	"fmt"

	"imagebatch/workflows/contract"
)

// totalsPage is how many slices are added up in one transaction, in some
// milliseconds.
const totalsPage = 5000

// addUp fills in the totals of a task from its slices, some thousand at a time.
// Those of a task whose fence is open may grow meanwhile, but no line is counted
// twice. Once the fence is closed, lines without an outcome are canceled.
func (s *Store) addUp(ctx context.Context, task *row) error {
	task.Tally = contract.Tally{}
	for last, more := int64(-1), true; more; {
		if err := s.Read(ctx, func(t *Tx) (err error) {
			last, more, err = t.addPage(&task.Tally, task.ID, last)
			return err
		}); err != nil {
			return err
		}
	}
	if task.State.Final() {
		task.Tally.Canceled = max(0, task.Left())
	}
	return nil
}

// addPage adds the slices after the last one to a sum. It returns where it has
// come to, and whether there may be more.
func (t *Tx) addPage(sum *contract.Tally, task, last int64) (next int64, more bool, err error) {
	var page contract.Tally
	var slices int
	if _, err := t.Row([]any{&slices, &next, &page.Succeeded, &page.Failed, &page.Skipped, &page.Fetched, &page.Validated, &page.Featurized, &page.Indexed},
		`SELECT count(*), ifnull(max(slice), 0), ifnull(sum(succeeded), 0), ifnull(sum(failed), 0), ifnull(sum(skipped), 0),
		ifnull(sum(fetched), 0), ifnull(sum(validated), 0), ifnull(sum(featurized), 0), ifnull(sum(indexed), 0)
		FROM (SELECT * FROM slice WHERE task = ? AND slice > ? ORDER BY slice LIMIT ?)`, task, last, totalsPage); err != nil || slices == 0 {
		return last, false, err
	}
	err = t.Each(func(scan func(...any) error) error {
		var code contract.Code
		var lines int64
		if err := scan(&code, &lines); err != nil {
			return fmt.Errorf("read the codes of task %d: %w", task, err)
		}
		page.Add(contract.Tally{Codes: map[contract.Code]int64{code: lines}})
		return nil
	}, `SELECT code.key, sum(code.value) FROM slice, json_each(slice.codes) code
		WHERE task = ? AND slice > ? AND slice <= ? AND codes <> '' GROUP BY code.key`, task, last, next)
	sum.Add(page)
	return next, slices == totalsPage, err
}

// settle writes the totals of a closed task into its row, unless they are there:
// then nothing reads its slices again. CodeTaskNotFound.
func (s *Store) settle(ctx context.Context, id int64) (contract.Task, error) {
	task, err := s.facts(ctx, id)
	if err != nil || !task.unsettled || !task.State.Final() {
		return task.Task, err
	}
	if err := s.addUp(ctx, &task); err != nil {
		return contract.Task{}, err
	}
	tally, err := tallyText(task.Task)
	if err != nil {
		return contract.Task{}, err
	}
	return task.Task, s.Write(ctx, func(t *Tx) error {
		_, err := t.Exec("UPDATE task SET tally = ? WHERE id = ? AND tally = ?", tally, id, unsettled)
		return err
	})
}

func tallyText(task contract.Task) (string, error) {
	text, err := json.Marshal(task.Tally)
	if err != nil {
		return "", fmt.Errorf("write the counts of task %d: %w", task.ID, err)
	}
	return string(text), nil
}
