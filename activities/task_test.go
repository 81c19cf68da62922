package activities_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/converter"

	"imagebatch/activities"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

func TestTasksEndOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin(w.pictures(4)...)
		list := w.plan(task, 3)
		must(w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
		first := w.close(task, contract.StateStop, "stopped")
		if diff := cmp.Diff(first, w.close(task, contract.StateFail, "too late")); diff != "" {
			t.Errorf("the second ending changed the first (-first +second):\n%s", diff)
		}
		if first.State != contract.StateStop || first.Message != "stopped" || first.Total != 4 || first.Tally.Succeeded != 3 || first.Tally.Canceled != 1 || !first.Planned {
			t.Errorf("ended = %+v; want 3 of 4 lines done and one canceled", first)
		}
	})
}

func TestTasksAreListed(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		older := w.begin("{}")
		newer := w.begin("{}")
		tasks := &activities.Tasks{Ledger: w.ledger}
		list := must(w, tasks.List, contract.ListTasksInput{Instance: "shop"})
		if len(list.Tasks) != 2 || list.Tasks[0].ID != newer || list.Tasks[1].ID != older || list.More {
			t.Errorf("list = %+v; want the newer task first", list)
		}
	})
}

// Texts of a task are bounded, but five hundred of the longest are more than
// Temporal takes in one answer. Each page is as long as it can be, and the pages
// together are all tasks.
func TestTaskListsFitAnAnswer(t *testing.T) {
	t.Parallel()
	const most, tasks = 2 << 20, 120
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		in := w.spec
		in.Path = "/" + strings.Repeat("<", 900) // six bytes each in JSON
		in.RoleARN, in.Callback = strings.Repeat("<", 2048), "https://shop.example/"+strings.Repeat("<", 2027)
		in.MaxFailures, in.MaxDeletes = "99.999%", "99.999%"
		var want []int64
		for n := range tasks {
			in.RunID = fmt.Sprint(n)
			begun, err := w.ledger.Begin(t.Context(), in, nil)
			if err != nil {
				t.Fatal(err)
			}
			key := strings.Repeat("<", 1023)
			if _, err := w.ledger.SetPlan(t.Context(), begun.Task, contract.WorkList{Bucket: bucket, Key: key, OffsetsKey: key, Lines: 1, RawLines: 1, SliceLines: 1, Slices: 1}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.ledger.End(t.Context(), contract.Ending{Task: begun.Task, State: contract.StateFail, Code: contract.CodeBadRequest, Message: strings.Repeat("<", 5000)}); err != nil {
				t.Fatal(err)
			}
			if err := w.ledger.SetCallback(t.Context(), contract.CallbackOutcome{Task: begun.Task, State: contract.CallbackFailed, Error: strings.Repeat("<", 5000)}); err != nil {
				t.Fatal(err)
			}
			want = append([]int64{begun.Task}, want...)
		}
		tasks := &activities.Tasks{Ledger: w.ledger}
		var got []int64
		for pages, more := 0, true; more; pages++ {
			filter := contract.ListTasksInput{Limit: 500}
			if len(got) > 0 {
				filter.Before = got[len(got)-1]
			}
			list := must(w, tasks.List, filter)
			payload, err := converter.GetDefaultDataConverter().ToPayload(list)
			if err != nil {
				t.Fatal(err)
			}
			if size := payload.Size(); size > most || list.More && size < most/2 {
				t.Errorf("page %d has %d bytes, more: %t; want most of the %d that an answer may have", pages, size, list.More, most)
			}
			for _, task := range list.Tasks {
				got = append(got, task.ID)
			}
			more = list.More && len(list.Tasks) > 0
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tasks on all pages (-want +got):\n%s", diff)
		}
	})
}

func TestTasksOfAnUnknownInstance(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		tasks := &activities.Tasks{Ledger: w.ledger, Runs: onlyRun("r")}
		_, err := execute(t.Context(), w, tasks.Begin, contract.BeginInput{Kind: contract.KindBatchTask, RunID: "r", Instance: "nowhere"})
		wantRefusal(t, err, contract.CodeInstanceNotFound)
	})
}

// Two workflow ids for one instance, or a begin that slept through the end of its
// own run: what Temporal says of the runs decides, not that one is newer.
func TestBeginAsksTemporalWhichRunsAreOver(t *testing.T) {
	t.Parallel()
	const older, own = "run-of-the-older", "own"
	for name, test := range map[string]struct {
		open  map[string]bool // by first run id
		fails error
		want  contract.Code // "" for a task that begins
		says  []string
	}{
		"OlderStillRuns":   {map[string]bool{older: true, own: true}, nil, contract.CodeIncrementStatusError, []string{"task 1 ", `"shop"`, "batch-task.shop-2026-11-27", "cancel it"}},
		"OlderIsOver":      {map[string]bool{own: true}, nil, "", nil},
		"OwnIsOver":        {map[string]bool{}, nil, contract.CodeFenceClosed, []string{own, "start the batch again"}},
		"BothAreUnknown":   {nil, errors.New("no route to host"), "transient", nil},
		"OnlyTheOlderRuns": {map[string]bool{older: true}, nil, contract.CodeIncrementStatusError, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				spec := w.spec
				spec.WorkflowID, spec.RunID = "batch-task.shop-2026-11-27", older
				spec.RunStarted = time.Now().AddDate(7, 0, 0) // its clock was ahead
				first := must(w, (&activities.Tasks{Ledger: w.ledger, Runs: onlyRun(older)}).Begin, spec).Task

				spec.WorkflowID, spec.RunID, spec.RunStarted = contract.BatchTaskWorkflowID("shop"), own, time.Now()
				tasks := &activities.Tasks{Ledger: w.ledger, Runs: fakes.Runs{OpenFunc: func(_ context.Context, id, run string) (bool, error) {
					if id != contract.BatchTaskWorkflowID("shop") && run == own {
						t.Errorf("asked for run %s of %s", run, id)
					}
					return test.open[run], test.fails
				}}}
				begun, err := execute(t.Context(), w, tasks.Begin, spec)
				state := contract.StateProcessing
				switch test.want {
				case "":
					state = contract.StateStop
					if err != nil || !slices.Equal(begun.Terminated, []int64{first}) {
						t.Errorf("begun = %+v, %v; want that task %d was terminated", begun, err, first)
					}
				case "transient":
					wantTransient(t, err)
				default:
					message := wantRefusal(t, err, test.want)
					for _, part := range test.says {
						if !strings.Contains(message, part) {
							t.Errorf("message %q does not say %q", message, part)
						}
					}
				}
				if got, err := w.ledger.Task(t.Context(), first); err != nil || got.State != state {
					t.Errorf("the older task is %s, %v; want %s", got.State, err, state)
				}
			})
		})
	}
}

func TestCloseTerminated(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		for _, name := range []string{"two", "three"} {
			in := contract.CreateInstanceInput{Name: name, Region: "cn-shanghai", Capacity: 10}
			if _, err := w.index.CreateInstance(t.Context(), in, name); err != nil {
				t.Fatal(err)
			}
		}
		begin := func(instance string) int64 { w.spec.Instance = instance; return w.begin("{}") }
		lost, running, finished := begin("shop"), begin("two"), begin("three")
		tasks := &activities.Tasks{Ledger: w.ledger, Runs: fakes.Runs{OpenFunc: func(ctx context.Context, id, run string) (bool, error) {
			switch id {
			case contract.BatchTaskWorkflowID("two"):
				return true, nil
			case contract.BatchTaskWorkflowID("three"): // it ends while we look
				_, err := w.ledger.End(ctx, contract.Ending{Task: finished, State: contract.StateStop, Message: "stopped"})
				return false, err
			}
			return false, nil
		}}}
		for range 2 { // closed but not reported, it is named again
			if diff := cmp.Diff([]int64{lost, finished}, must(w, tasks.CloseTerminated, contract.Nothing{})); diff != "" {
				t.Errorf("terminated (-want +got):\n%s", diff)
			}
		}
		for _, task := range []struct {
			id   int64
			want contract.State
			code contract.Code
		}{{lost, contract.StateStop, contract.CodeTerminated}, {running, contract.StateProcessing, ""}, {finished, contract.StateStop, ""}} {
			if got, err := w.ledger.Task(t.Context(), task.id); err != nil || got.State != task.want || got.Code != task.code || (got.Message == contract.TerminatedMessage) != (task.id == lost) {
				t.Errorf("task %d is %s %s %q, %v; want %s %s", task.id, got.State, got.Code, got.Message, err, task.want, task.code)
			}
		}
		w.report(lost)
		w.report(finished)
		if got := must(w, tasks.CloseTerminated, contract.Nothing{}); len(got) != 0 {
			t.Errorf("terminated = %v; want none once it is reported", got)
		}
	})
}

func TestCloseTerminatedWithoutTemporal(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin("{}")
		tasks := &activities.Tasks{Ledger: w.ledger, Runs: fakes.Runs{OpenFunc: func(context.Context, string, string) (bool, error) {
			return false, errors.New("unavailable")
		}}}
		_, err := execute(t.Context(), w, tasks.CloseTerminated, contract.Nothing{})
		wantTransient(t, err)
		if got, err := w.ledger.Task(t.Context(), task); err != nil || got.State != contract.StateProcessing {
			t.Errorf("state = %s, %v; a task is not closed on a guess", got.State, err)
		}
	})
}
