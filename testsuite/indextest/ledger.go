package indextest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

func testBegin(t *testing.T, open Open) {
	t.Run("RepeatedIsOneTask", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		terminated := w.begin()
		in := w.beginInput()
		first, err := w.ledger.Begin(w.Context(), in, nil)
		w.must(err)
		again, err := w.ledger.Begin(w.Context(), in, nil)
		w.must(err)
		wantSame(t, "the answer to the repeated begin", again, first)
		wantSame(t, "terminated tasks", first.Terminated, []int64{terminated})
		if first.Task <= terminated {
			t.Errorf("task %d does not come after task %d", first.Task, terminated)
		}
	})
	t.Run("ClosesTheTerminated", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(8, 0, 4)
		w.commit(task, list, 0, adds(1, "p", "a", 0), fails(2, contract.CodePictureError))
		w.begin()
		got := w.read(task)
		if got.State != contract.StateStop || got.Code != contract.CodeTerminated || got.Message != contract.TerminatedMessage || got.EndedAt.IsZero() {
			t.Errorf("the terminated task is %+v, want STOP, %s", got, contract.CodeTerminated)
		}
		wantSame(t, "its counts", got.Tally.Counts, contract.Counts{Succeeded: 1, Failed: 1, Canceled: 6})
		_, err := w.index.Commit(w.Context(), batchOf(task, list, 0, adds(3, "p", "b", 0)))
		wantCode(t, err, contract.CodeFenceClosed)
	})
	t.Run("AsksBeforeItCloses", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		older, list := w.task(8, 0, 4)
		runs := contract.Errorf(contract.CodeIncrementStatusError, "it runs")
		in := w.beginInput()
		var asked [][]int64
		answer := error(runs)
		ask := func(_ context.Context, open []contract.Task) error {
			asked = append(asked, numbers(open))
			return answer
		}
		_, err := w.ledger.Begin(w.Context(), in, ask)
		wantCode(t, err, contract.CodeIncrementStatusError)
		w.commit(older, list, 0, adds(1, "p", "a", 0)) // its fence is open as before
		answer = nil
		begun, err := w.ledger.Begin(w.Context(), in, ask)
		w.must(err)
		wantSame(t, "the terminated", begun.Terminated, []int64{older})
		again, err := w.ledger.Begin(w.Context(), in, ask)
		w.must(err)
		wantSame(t, "the answer to the repeated begin", again, begun)
		wantSame(t, "what was asked", asked, [][]int64{{older}, {older}})
	})
	t.Run("AsksAgainWhenOvertaken", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		late := w.beginInput()
		var successor int64
		var asked [][]int64
		_, err := w.ledger.Begin(w.Context(), late, func(_ context.Context, open []contract.Task) error {
			asked = append(asked, numbers(open))
			if successor == 0 { // while this one sleeps, another run comes and goes
				successor = w.begin()
				w.end(successor, contract.StateStop)
				return nil
			}
			return contract.Errorf(contract.CodeFenceClosed, "its own run is over")
		})
		wantCode(t, err, contract.CodeFenceClosed)
		wantSame(t, "what was asked", asked, [][]int64{nil, nil})
		tasks, err := w.ledger.Tasks(w.Context(), contract.ListTasksInput{})
		w.must(err)
		wantSame(t, "tasks", numbers(tasks.Tasks), []int64{successor})
	})
	t.Run("ClocksHaveNoSay", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		before := w.beginInput()
		ahead := w.beginInput()
		ahead.RunStarted = ahead.RunStarted.AddDate(7, 0, 0)
		first, err := w.ledger.Begin(w.Context(), ahead, nil)
		w.must(err)
		w.end(first.Task, contract.StateStop)
		second, err := w.ledger.Begin(w.Context(), before, nil)
		w.must(err)
		if second.Task <= first.Task || len(second.Terminated) > 0 {
			t.Errorf("the task after one with a clock that was ahead is %+v; want a newer one that closed nothing", second)
		}
	})
	t.Run("BeginsRace", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		in := w.beginInput()
		begun := make([]contract.BeginResult, 8)
		var group sync.WaitGroup
		for n := range begun {
			group.Go(func() {
				var err error
				if begun[n], err = w.ledger.Begin(w.Context(), in, func(context.Context, []contract.Task) error { return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for _, one := range begun {
			wantSame(t, "attempts of one begin", one, begun[0])
		}
	})
	t.Run("OtherInstancesGoOn", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		mine := w.begin()
		w.create("other", 10)
		in := w.beginInput()
		in.Instance = "other"
		_, err := w.ledger.Begin(w.Context(), in, nil)
		w.must(err)
		if got := w.read(mine).State; got != contract.StateProcessing {
			t.Errorf("the task of the first instance is %s", got)
		}
	})
	t.Run("UnknownInstance", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		in := w.beginInput()
		in.Instance = "nowhere"
		_, err := w.ledger.Begin(w.Context(), in, nil)
		wantCode(t, err, contract.CodeInstanceNotFound)
	})
	t.Run("RemembersEverything", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		in := w.beginInput()
		result, err := w.ledger.Begin(w.Context(), in, nil)
		w.must(err)
		instance, err := w.index.Instance(w.Context(), w.instance)
		w.must(err)
		wantSame(t, "the task", w.read(result.Task), contract.Task{
			ID: result.Task, Kind: in.Kind, WorkflowID: in.WorkflowID, RunID: in.RunID, Instance: in.Instance, InstanceID: instance.ID,
			ServiceType: instance.ServiceType, Region: instance.Region, Bucket: in.Bucket, Path: in.Path, Callback: in.Callback,
			FromRoot: true, MaxFailures: in.MaxFailures, MaxDeletes: in.MaxDeletes, State: contract.StateProcessing, StartedAt: in.RunStarted,
		})
	})
}

func (w *world) wantUnreported(latest int, want ...int64) {
	w.Helper()
	unreported, err := w.ledger.Unreported(w.Context(), latest)
	w.must(err)
	wantSame(w, "unreported tasks", numbers(unreported), want)
}

func numbers(tasks []contract.Task) (found []int64) {
	for _, task := range tasks {
		found = append(found, task.ID)
	}
	return found
}

// wantLost checks that a task whose workflow has lost count is closed.
func wantLost(t prover, ended contract.Task, counts contract.Counts) {
	t.Helper()
	if ended.State != contract.StateFail || ended.Code != contract.CodeInternalError || ended.Message == "" || ended.EndedAt.IsZero() {
		t.Errorf("the task ended as %s %s %q; want FAIL, %s", ended.State, ended.Code, ended.Message, contract.CodeInternalError)
	}
	wantSame(t, "its counts", ended.Tally.Counts, counts)
}

func testPlan(t *testing.T, open Open) {
	w := newWorld(t, open, 10)
	task := w.begin()
	_, err := w.ledger.SetPlan(w.Context(), task+1, workList(4, 0, 4))
	wantCode(t, err, contract.CodeTaskNotFound)
	first := w.plan(task, 40, 2, 16)
	wantSame(t, "the plan", first, workList(40, 2, 16))
	wantSame(t, "the second plan", w.plan(task, 99, 0, 7), first)
	wantSame(t, "the task's plan", w.read(task).List, first)
	w.end(task, contract.StateStop)
	_, err = w.ledger.SetPlan(w.Context(), task, first)
	wantCode(t, err, contract.CodeFenceClosed)
	_, err = w.ledger.Slice(w.Context(), task, 0, 16)
	wantCode(t, err, contract.CodeFenceClosed)
}

func testEnd(t *testing.T, open Open) {
	t.Run("FirstEndingStays", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(4, 1, 4)
		w.commit(task, list, 0, adds(1, "p", "a", 0), blank(2), skips(3), fails(4, contract.CodePictureError))
		ended := w.end(task, contract.StateSuccess)
		wantSame(t, "the second ending", w.end(task, contract.StateFail), ended)
		wantSame(t, "the tally", ended.Tally, contract.Tally{
			Counts: contract.Counts{Succeeded: 1, Failed: 1, Skipped: 1},
			Stages: contract.Stages{Fetched: 3, Validated: 1, Featurized: 1, Indexed: 1},
			Codes:  map[contract.Code]int64{contract.CodePictureError: 1},
		})
	})
	t.Run("SuccessNeedsEveryLine", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task := w.begin()
		wantLost(t, w.end(task, contract.StateSuccess), contract.Counts{})

		task, list := w.task(3, 0, 3)
		w.commit(task, list, 0, adds(1, "p", "a", 0), fails(2, contract.CodePictureError))
		wantLost(t, w.end(task, contract.StateSuccess), contract.Counts{Succeeded: 1, Failed: 1, Canceled: 1})
		_, err := w.index.Commit(w.Context(), batchOf(task, list, 0, adds(3, "p", "c", 0)))
		wantCode(t, err, contract.CodeFenceClosed) // the instance is free

		task, list = w.task(2, 0, 2)
		w.commit(task, list, 0, adds(1, "p", "a", 0), adds(2, "p", "b", 0))
		if ended := w.end(task, contract.StateSuccess); ended.State != contract.StateSuccess {
			t.Errorf("a task with all its lines ended as %s %q", ended.State, ended.Message)
		}
	})
	t.Run("OpenIsNoEnding", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		wantLost(t, w.end(w.begin(), contract.StateStopping), contract.Counts{})
		_, err := w.ledger.End(w.Context(), contract.Ending{Task: 99, State: contract.StateStop})
		wantCode(t, err, contract.CodeTaskNotFound)
	})
	t.Run("LateCommitChangesNothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		task, list := w.task(8, 0, 4)
		w.commit(task, list, 0, adds(1, "p", "a", 0))
		ended := w.end(task, contract.StateStop)
		for _, late := range []activities.Outcome{adds(2, "p", "b", 0), deletes(3, "p", "a"), fails(4, contract.CodePictureError), blank(2)} {
			_, err := w.index.Commit(w.Context(), batchOf(task, list, 0, late))
			wantCode(t, err, contract.CodeFenceClosed)
		}
		_, err := w.index.DeleteProduct(w.Context(), batchOf(task, list, 0, deletesProduct(2)), "p")
		wantCode(t, err, contract.CodeFenceClosed)
		w.wantVersion("p", "a", task, 1)
		w.wantPictures(1)
		wantSame(t, "the task", w.read(task), ended)
		wantSame(t, "its counts", ended.Tally.Counts, contract.Counts{Succeeded: 1, Canceled: 7})
	})
	t.Run("UnplannedHasNoLines", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10)
		ended, err := w.ledger.End(w.Context(), contract.Ending{Task: w.begin(), State: contract.StateFail, Code: contract.CodeNoSuchManifest, Message: "no manifest"})
		w.must(err)
		wantSame(t, "counts", ended.Tally.Counts, contract.Counts{})
		if ended.State != contract.StateFail || ended.Code != contract.CodeNoSuchManifest || ended.Message != "no manifest" {
			t.Errorf("the task ended as %+v", ended)
		}
	})
}

func testListing(t *testing.T, open Open) {
	w := newWorld(t, open, 1000)
	w.create("other", 10)
	var tasks []int64
	for range 5 {
		tasks = append(tasks, w.begin())
	}
	in := w.beginInput()
	in.Instance, in.Bucket, in.Path = "other", "drawings", "/"
	other, err := w.ledger.Begin(w.Context(), in, nil)
	w.must(err)
	newest := slices.Clone(tasks)
	slices.Reverse(newest)

	for name, c := range map[string]struct {
		filter contract.ListTasksInput
		want   []int64
		more   bool
	}{
		"All":           {contract.ListTasksInput{}, append([]int64{other.Task}, newest...), false},
		"Page":          {contract.ListTasksInput{Instance: w.instance, Limit: 2}, newest[:2], true},
		"NextPage":      {contract.ListTasksInput{Instance: w.instance, Limit: 2, Before: newest[1]}, newest[2:4], true},
		"LastPage":      {contract.ListTasksInput{Instance: w.instance, Limit: 2, Before: newest[3]}, newest[4:], false},
		"Open":          {contract.ListTasksInput{State: contract.StateProcessing}, []int64{other.Task, newest[0]}, false},
		"Stopped":       {contract.ListTasksInput{State: contract.StateStop}, newest[1:], false},
		"Bucket":        {contract.ListTasksInput{Bucket: "drawings"}, []int64{other.Task}, false},
		"Path":          {contract.ListTasksInput{Path: "/spring", Limit: 1}, newest[:1], true},
		"One":           {contract.ListTasksInput{ID: tasks[2]}, tasks[2:3], false},
		"Nothing":       {contract.ListTasksInput{Instance: "nowhere"}, nil, false},
		"LimitTooLarge": {contract.ListTasksInput{Limit: 1 << 30}, append([]int64{other.Task}, newest...), false},
	} {
		list, err := w.ledger.Tasks(w.Context(), c.filter)
		w.must(err)
		wantSame(t, name, numbers(list.Tasks), c.want)
		wantSame(t, name+": more", list.More, c.more)
	}

	stillOpen, err := w.ledger.OpenTasks(w.Context())
	w.must(err)
	wantSame(t, "open tasks", []int64{stillOpen[0].ID, stillOpen[1].ID}, []int64{newest[0], other.Task})

	w.wantUnreported(4, tasks[3], tasks[2]) // of the latest four, two are open
	w.must(w.ledger.SetReport(w.Context(), tasks[2], contract.ReportResult{Key: "report", CSVKey: "csv"}))
	w.wantUnreported(100, tasks[3], tasks[1], tasks[0])

	w.must(w.ledger.SetUnread(w.Context(), tasks[0], "cancel by ops"))
	wantSame(t, "the signal that could not be read", w.read(tasks[0]).Unread, "cancel by ops")
	wantCode(t, w.ledger.SetUnread(w.Context(), 1<<40, "none"), contract.CodeTaskNotFound)
	w.must(w.ledger.SetReportError(w.Context(), tasks[0], "disk full"))
	wantSame(t, "why there is no report", w.read(tasks[0]).ReportError, "disk full")
	w.must(w.ledger.SetReport(w.Context(), tasks[0], contract.ReportResult{Key: "report", CSVKey: "csv"}))
	wantSame(t, "why there was none", w.read(tasks[0]).ReportError, "")
	w.must(w.ledger.SetReportError(w.Context(), tasks[0], "a slower attempt"))
	wantSame(t, "what a slower attempt met", w.read(tasks[0]).ReportError, "")
	wantCode(t, w.ledger.SetReportError(w.Context(), 1<<40, "none"), contract.CodeTaskNotFound)
	testCallback(w, tasks[0])
	w.must(w.ledger.SetCallback(w.Context(), contract.CallbackOutcome{Task: tasks[0], State: contract.CallbackFailed, Error: "refused"}))
	got := w.read(tasks[0])
	wantSame(t, "what was set", []any{got.ReportKey, got.CSVKey, got.CallbackState, got.CallbackError}, []any{"report", "csv", contract.CallbackFailed, "refused"})
	wantCode(t, w.ledger.SetReport(w.Context(), 1<<40, contract.ReportResult{}), contract.CodeTaskNotFound)
	wantCode(t, w.ledger.SetCallback(w.Context(), contract.CallbackOutcome{Task: 1 << 40}), contract.CodeTaskNotFound)
	wantCode(t, w.ledger.NoteCallback(w.Context(), contract.CallbackOutcome{Task: 1 << 40}), contract.CodeTaskNotFound)
	_, err = w.ledger.Task(w.Context(), 1<<40)
	wantCode(t, err, contract.CodeTaskNotFound)

	testIterators(t, w)
}

// testCallback takes the callback of an ended task through its attempts.
func testCallback(w *world, task int64) {
	w.Helper()
	next := time.Date(2030, 1, 31, 18, 2, 3, 0, time.UTC)
	attempt := func(n int) func() error {
		return func() error {
			return w.ledger.NoteCallback(w.Context(), contract.CallbackOutcome{Task: task, State: contract.CallbackPending, Error: "it answered 500", Attempts: n, Next: next})
		}
	}
	set := func(state contract.CallbackState, attempts int, text string) func() error {
		return func() error {
			return w.ledger.SetCallback(w.Context(), contract.CallbackOutcome{Task: task, State: state, Error: text, Attempts: attempts})
		}
	}
	for _, step := range []struct {
		reason string
		do     func() error
		want   []any // state, error, attempts, whether the next is due
	}{
		{"sent anew", set(contract.CallbackPending, 0, ""), []any{contract.CallbackPending, "", 0, false}},
		{"an attempt", attempt(1), []any{contract.CallbackPending, "it answered 500", 1, true}},
		{"another", attempt(2), []any{contract.CallbackPending, "it answered 500", 2, true}},
		{"given up: the attempts stay", set(contract.CallbackFailed, 0, "given up"), []any{contract.CallbackFailed, "given up", 2, false}},
		{"an attempt that comes late", attempt(9), []any{contract.CallbackFailed, "given up", 2, false}},
		{"sent again", set(contract.CallbackPending, 0, ""), []any{contract.CallbackPending, "", 0, false}},
		{"delivered", set(contract.CallbackDelivered, 3, ""), []any{contract.CallbackDelivered, "", 3, false}},
		{"late once more", attempt(2), []any{contract.CallbackDelivered, "", 3, false}},
	} {
		w.must(step.do())
		got := w.read(task)
		wantSame(w, "callback, "+step.reason, []any{got.CallbackState, got.CallbackError, got.CallbackAttempts, got.CallbackNext.Equal(next)}, step.want)
	}
}

// testIterators reads more rows than any backend has in a page, and writes in
// between: no transaction may be open over the caller's work.
func testIterators(t *testing.T, w *world) {
	task, list := w.task(2400, 0, 1200)
	var outcomes []activities.Outcome
	var failures []activities.Failure
	for line := int64(1); line <= 1200; line++ {
		outcomes = append(outcomes, fails(line, contract.CodePictureError))
		failures = append(failures, failureOf(line, contract.CodePictureError))
	}
	slices.Reverse(outcomes)
	w.commit(task, list, 0, outcomes...)
	w.commit(task, list, 1, blank(1203), blank(1204), blank(2400))

	var got []activities.Failure
	for failure, err := range w.ledger.Failures(w.Context(), task) {
		w.must(err)
		got = append(got, failure)
		if failure.Line == 700 {
			w.must(w.ledger.SetReport(w.Context(), task, contract.ReportResult{Key: "meanwhile"}))
		}
	}
	wantSame(t, "failures", got, failures)
	for failure, err := range w.ledger.Failures(w.Context(), task) {
		w.must(err)
		if failure.Line == 3 {
			break
		}
	}
	var undone []activities.LineRange
	for run, err := range w.ledger.Undone(w.Context(), task) {
		w.must(err)
		undone = append(undone, run)
		w.must(w.ledger.SetReport(w.Context(), task, contract.ReportResult{Key: "meanwhile"}))
	}
	wantSame(t, "undone lines", undone, []activities.LineRange{{First: 1201, Last: 1202}, {First: 1205, Last: 2399}})

	fresh, _ := w.task(100, 0, 16)
	undone = nil
	for run, err := range w.ledger.Undone(w.Context(), fresh) {
		w.must(err)
		undone = append(undone, run)
	}
	wantSame(t, "undone lines of a task that did nothing", undone, []activities.LineRange{{First: 1, Last: 100}})
	ended := w.end(fresh, contract.StateStop)
	if diff := cmp.Diff(time.Now(), ended.EndedAt, cmpopts.EquateApproxTime(time.Minute)); diff != "" {
		t.Errorf("the end is not now: %s", diff)
	}
}
