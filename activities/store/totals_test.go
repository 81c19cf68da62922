package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/testsuite/sqlsteps"
	"imagebatch/workflows/contract"
)

// longTask begins a task of so many slices of ten lines, each with three
// successes, two failures of two codes and five lines to come.
func longTask(t *testing.T, s *store.Store, run string, slices int) int64 {
	t.Helper()
	id := begin(t, s, run)
	lines := int64(slices) * 10
	if _, err := s.SetPlan(t.Context(), id, contract.WorkList{Lines: lines, RawLines: lines, SliceLines: 10, Slices: slices}); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 - 1)
			INSERT INTO slice (task, slice, lines, done, succeeded, failed, skipped, fetched, validated, featurized, indexed, codes)
			SELECT ?1, i, 10, x'1f00', 3, 2, 0, 5, 4, 3, 3, '{"PictureError":1,"InvalidCode' || (i % 3) || '":1}' FROM n`, id, slices)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return id
}

// A task of 10^8 lines has 10^5 slices. What is asked of it all the time must not
// look at them. It counts the work of the whole process and is alone therefore.
func TestFactsOfALongTaskCostOneRow(t *testing.T) {
	const long = 100_000
	s := shop(t)
	for n := range 300 { // beside others: one is found by its key
		ended := begin(t, s, fmt.Sprint("before", n))
		end(t, s, contract.Ending{Task: ended, State: contract.StateStop})
	}
	id := longTask(t, s, "long", long)
	list := contract.ListTasksInput{ID: id, Limit: 1}
	attempt := activities.Attempt{Task: id, Slice: 7, ID: "attempt"}
	for name, c := range map[string]struct {
		most int64
		ask  func(context.Context) error
	}{
		"Task":      {200, func(ctx context.Context) error { _, err := s.Task(ctx, id); return err }},
		"OpenTasks": {300, func(ctx context.Context) error { _, err := s.OpenTasks(ctx); return err }},
		"SetPlan":   {400, func(ctx context.Context) error { _, err := s.SetPlan(ctx, id, contract.WorkList{}); return err }},
		"Slice":     {400, func(ctx context.Context) error { _, err := s.Slice(ctx, id, 7, 10); return err }},
		"OpenSlice": {1000, func(ctx context.Context) error { _, err := s.OpenSlice(ctx, attempt, 10); return err }},
		"Begin, repeated": {400, func(ctx context.Context) error {
			_, err := s.Begin(ctx, contract.BeginInput{RunID: "long", Instance: "shop"}, nil)
			return err
		}},
		"Begin, refused": {600, func(ctx context.Context) error {
			_, err := s.Begin(ctx, contract.BeginInput{RunID: "next", Instance: "shop"}, func(context.Context, []contract.Task) error {
				return contract.Errorf(contract.CodeIncrementStatusError, "it runs")
			})
			if !contract.IsCode(err, contract.CodeIncrementStatusError) {
				return fmt.Errorf("got %w; want the refusal", err)
			}
			return nil
		}},
	} {
		if err := c.ask(t.Context()); err != nil { // connections are opened, and counted, once
			t.Fatal(name, err)
		}
		steps := sqlsteps.Of(func() {
			if err := c.ask(t.Context()); err != nil {
				t.Fatal(name, err)
			}
		})
		if steps.All == 0 || steps.All > c.most {
			t.Errorf("%s takes %d steps; want at most %d", name, steps.All, c.most)
		}
	}

	var found contract.TaskList
	totals := sqlsteps.Of(func() { found = tasks(t, s, list) })
	if totals.All < long {
		t.Errorf("adding up %d slices took %d steps: they are not counted", long, totals.All)
	}
	if done := found.Tasks[0].Tally.Counts; done != (contract.Counts{Succeeded: 3 * long, Failed: 2 * long}) {
		t.Errorf("counts = %+v", done)
	}
	ending := sqlsteps.Of(func() { end(t, s, contract.Ending{Task: id, State: contract.StateStop, Message: "stopped"}) })
	if ending.All < long || ending.Locked > 2000 {
		t.Errorf("the end took %d steps, %d of them while others waited; want it to add up outside", ending.All, ending.Locked)
	}
	if closed := sqlsteps.Of(func() { found = tasks(t, s, list) }); closed.All > 200 {
		t.Errorf("a closed task is read in %d steps; want its row alone", closed.All)
	}
	got := found.Tasks[0]
	if want := (contract.Counts{Succeeded: 3 * long, Failed: 2 * long, Canceled: 5 * long}); got.Tally.Counts != want || got.Left() != 0 || len(got.Tally.Codes) != 4 || got.Tally.Codes["PictureError"] != long {
		t.Errorf("the closed task has %+v, left %d; want %+v", got.Tally, got.Left(), want)
	}
}

// What is asked for by a key is found by that key, whatever else is asked.
func TestTasksAreFoundByTheirKeys(t *testing.T) {
	t.Parallel()
	s := shop(t)
	const byNumber = "SEARCH task USING INTEGER PRIMARY KEY (rowid=?)"
	for name, c := range map[string]struct {
		filter contract.ListTasksInput
		want   string
	}{
		"Number":          {contract.ListTasksInput{ID: 7}, byNumber},
		"NumberAndMore":   {contract.ListTasksInput{ID: 7, Instance: "shop", State: contract.StateFail, Bucket: "b", Before: 9}, byNumber},
		"Instance":        {contract.ListTasksInput{Instance: "shop"}, "USING INDEX task_name (instance_name=?)"},
		"InstanceAndPage": {contract.ListTasksInput{Instance: "shop", Before: 9}, "USING INDEX task_name (instance_name=? AND id<?)"},
		"Open":            {contract.ListTasksInput{State: contract.StateProcessing}, "USING COVERING INDEX task_open"},
		"Page":            {contract.ListTasksInput{Before: 9}, "SEARCH task USING INTEGER PRIMARY KEY (rowid<?)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			condition, args := store.TaskCondition(c.filter)
			var plan []string
			if err := s.Read(t.Context(), func(tx *store.Tx) error {
				return tx.Each(func(scan func(...any) error) error {
					var node, parent, unused int
					var step string
					err := scan(&node, &parent, &unused, &step)
					plan = append(plan, step)
					return err
				}, "EXPLAIN QUERY PLAN SELECT message FROM task "+condition+" ORDER BY id DESC LIMIT ?", append(args, 20)...)
			}); err != nil {
				t.Fatal(err)
			}
			if steps := strings.Join(plan, "; "); !strings.Contains(steps, c.want) {
				t.Errorf("the plan is %q; want %q", steps, c.want)
			}
		})
	}
}

func tasks(t *testing.T, s *store.Store, filter contract.ListTasksInput) contract.TaskList {
	t.Helper()
	list, err := s.Tasks(t.Context(), filter)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func end(t *testing.T, s *store.Store, ending contract.Ending) contract.Task {
	t.Helper()
	task, err := s.End(t.Context(), ending)
	if err != nil {
		t.Fatal(err)
	}
	return task
}
