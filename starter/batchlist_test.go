package main

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

func TestListShowsTasks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		live := aTask(inState(contract.StateProcessing), func(task *contract.Task) {
			task.ID, task.StartedAt, task.Path = 13, time.Now().Add(-30*time.Second), "/"
		})
		failed := aTask(inState(contract.StateFail), func(task *contract.Task) {
			task.ID, task.Planned, task.Code, task.Message = 11, false, contract.CodeNoSuchManifest, "no increment.meta in oss://photos/spring"
			task.Tally, task.CallbackState = contract.Tally{}, contract.CallbackDelivered
		})
		f := &fakeServer{
			operate: ledger(live, aTask(withFailures), failed),
			status: func(string) (contract.Status, error) {
				return contract.Status{Task: 13, State: contract.StateSuspended, Planned: true, Total: 2000, Tally: contract.Tally{Counts: contract.Counts{Succeeded: 700, Failed: 50}}}, nil
			},
		}
		try(t, f, "batch list").want(t, exitDone, rows(
			"TASK  STATE      STATUS      PROGRESS          FAILED  INSTANCE  SOURCE               STARTED              DURATION  CALLBACK   MESSAGE",
			"13    SUSPENDED  PROCESSING  750/2,000 37%     50      shop      oss://photos/        1999-12-31 23:59:30  30s       -",
			"12    SUCCESS    SUCCESS     2,000/2,000 100%  13      shop      oss://photos/spring  2025-05-04 03:02:01  1m30s     -          Some of the images cannot be processed and are isolated.",
			"11    FAIL       FAIL        -                 0       shop      oss://photos/spring  2025-05-04 03:02:01  1m30s     delivered  no increment.meta in oss://photos/spring",
		), "")
		try(t, f, "batch list --state suspended --output json").want(t, exitDone, try(t, &fakeServer{
			operate: ledger(live), status: f.status,
		}, "batch list -o json").stdout, "")
	})
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]contract.ListTasksInput{
		"batch list":                    {Limit: 20},
		"batch list --state success":    {Limit: 20, State: contract.StateSuccess},
		"batch list --state STOPPING":   {Limit: 20, State: contract.StateProcessing},
		"batch list --path spring/":     {Limit: 20, Path: "/spring"},
		"batch list --limit 5":          {Limit: 5},
		"batch list --instance shop":    {Limit: 20, Instance: "shop"},
		"batch list --bucket photos":    {Limit: 20, Bucket: "photos"},
		"batch list --before 7 --path=": {Limit: 20, Before: 7},
	} {
		var sent any
		f := &fakeServer{operate: answering(t, "ListTasks", &sent, contract.TaskList{}, nil)}
		try(t, f, line).want(t, exitDone, "", "no tasks match\n")
		if diff := cmp.Diff(want, sent); diff != "" {
			t.Errorf("%s: input (-want +got):\n%s", line, diff)
		}
	}
}

func TestListSaysThatOlderTasksMatch(t *testing.T) {
	t.Parallel()
	f := &fakeServer{operate: answering(t, "ListTasks", nil, contract.TaskList{Tasks: []contract.Task{aTask()}, More: true}, nil)}
	if got := try(t, f, "batch list --limit 1"); got.stderr != "older tasks match too; see them with --before 12\n" {
		t.Errorf("standard error = %q", got.stderr)
	}
}

// A page ends early where its texts are long; who asked for more gets it.
func TestListGoesOnUntilItHasWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	all := []contract.Task{aTask(), aTask(), aTask(), aTask()}
	for n := range all {
		all[n].ID = int64(40 - n)
	}
	for line, want := range map[string]struct {
		asked []contract.ListTasksInput
		more  bool
	}{
		"batch list --limit 3 -o json": {[]contract.ListTasksInput{{Limit: 3}, {Limit: 1, Before: 39}}, true},
		"batch list --limit 9 -o json": {[]contract.ListTasksInput{{Limit: 9}, {Limit: 7, Before: 39}}, false},
	} {
		var asked []contract.ListTasksInput
		f := &fakeServer{operate: func(_ context.Context, _ string, _ time.Duration, in any) (any, error) {
			filter := in.(contract.ListTasksInput)
			asked = append(asked, filter)
			rest := slices.DeleteFunc(slices.Clone(all), func(task contract.Task) bool { return filter.Before != 0 && task.ID >= filter.Before })
			n := min(2, filter.Limit)
			return contract.TaskList{Tasks: rest[:n], More: len(rest) > n}, nil
		}}
		var got struct {
			Tasks []contract.Task
			More  bool
		}
		if err := json.Unmarshal([]byte(try(t, f, line).stdout), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.asked, asked); diff != "" {
			t.Errorf("%s: asked (-want +got):\n%s", line, diff)
		}
		if n := want.asked[0].Limit; len(got.Tasks) != min(n, len(all)) || got.More != want.more {
			t.Errorf("%s: %d tasks, more: %t; want %d, %t", line, len(got.Tasks), got.More, min(n, len(all)), want.more)
		}
	}
}

func TestGetShowsATask(t *testing.T) {
	t.Parallel()
	task := aTask(withFailures, func(task *contract.Task) {
		task.Callback, task.CallbackState, task.CallbackError = "https://shop.example/hook", contract.CallbackFailed, "410 Gone"
		task.MaxFailures, task.MaxDeletes = "5%", "1000"
	})
	try(t, &fakeServer{operate: ledger(task)}, "batch get 12").want(t, exitDone, rows(
		"task      12",
		"instance  shop",
		"source    oss://photos/spring",
		"state     SUCCESS",
		"message   Some of the images cannot be processed and are isolated.",
		"progress  2,000/2,000 100%",
		"lines     1,987 succeeded, 13 failed",
		"failed    12 InvalidPicUrl",
		"failed    1 InvalidMetaItem",
		"limits    at most 5% failed, at most 1000 deleted",
		"started   2025-05-04 03:02:01",
		"ended     2025-05-04 03:03:31",
		"duration  1m30s",
		"callback  https://shop.example/hook failed: 410 Gone",
		"report    starter batch report 12",
		"workflow  batch-task.shop",
	), "")
}

func TestGetMergesWhatTheWorkflowSays(t *testing.T) {
	t.Parallel()
	live := contract.Status{
		Task: 12, State: contract.StateStopping, Planned: true, Total: 1000, Rate: 250, ETA: 2,
		Tally: contract.Tally{Counts: contract.Counts{Succeeded: 600}},
	}
	for name, test := range map[string]struct {
		reason string
		status contract.Status
		err    error
		want   contract.State
		done   int64
	}{
		"Live":    {status: live, want: contract.StateStopping, done: 600},
		"Silent":  {reason: "the ledger's view serves", err: silentError{who: "x"}, want: contract.StateProcessing, done: 500},
		"Another": {reason: "the instance's next task has the same workflow id", status: contract.Status{Task: 13, State: contract.StateSuspended}, want: contract.StateProcessing, done: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeServer{
				operate: ledger(aTask(inState(contract.StateProcessing))),
				status:  func(string) (contract.Status, error) { return test.status, test.err },
			}
			var got taskView
			if err := json.Unmarshal([]byte(try(t, f, "batch get 12 -o json").stdout), &got); err != nil {
				t.Fatal(err)
			}
			if got.State != test.want || got.Tally.Done() != test.done || got.Vendor != "PROCESSING" {
				t.Errorf("state = %s, done = %d, vendor status = %s; want %s, %d, PROCESSING", got.State, got.Tally.Done(), got.Vendor, test.want, test.done)
			}
		})
	}
}

func TestUnknownTask(t *testing.T) {
	t.Parallel()
	const want = "TaskNotFound: there is no task 99; see: starter batch list\n"
	for _, line := range []string{"batch get 99", "batch watch 99", "batch cancel 99"} {
		try(t, &fakeServer{operate: ledger(aTask())}, line).want(t, exitError, "", want)
	}
}
