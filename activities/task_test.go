package activities_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

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

func TestTasksOfAnUnknownInstance(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		tasks := &activities.Tasks{Ledger: w.ledger}
		_, err := execute(t.Context(), w, tasks.Begin, contract.BeginInput{Kind: contract.KindBatchTask, RunID: "r", Instance: "nowhere"})
		wantRefusal(t, err, contract.CodeInstanceNotFound)
	})
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
