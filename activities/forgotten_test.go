package activities_test

import (
	"context"
	"iter"
	"strings"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// Long after its end a task is asked for: its report is there as long as the
// bucket keeps it, and what only its lines could tell is refused with the day on
// which they were forgotten.
func TestForgottenTasks(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin("{}", "{}")
		w.runAll(task, 2)
		w.close(task, contract.StateSuccess, "success")
		written := must(w, w.reports().Write, contract.TaskRef{Task: task})
		text, _ := w.objects.Text(results, written.Key)
		ended := time.Now()
		time.Sleep(100 * 24 * time.Hour) // virtual
		if forgot, err := w.ledger.Forget(t.Context(), ended.Add(time.Second)); err != nil || forgot != 1 {
			t.Fatalf("forgot %d tasks, %v", forgot, err)
		}
		day := time.Now().UTC().Format("2006-01-02")

		tasks := &activities.Tasks{Ledger: w.ledger}
		if list := must(w, tasks.List, contract.ListTasksInput{}); len(list.Tasks) != 0 {
			t.Errorf("it is listed: %+v", list.Tasks)
		}
		got := must(w, tasks.List, contract.ListTasksInput{ID: task, Limit: 1}).Tasks
		if len(got) != 1 || got[0].ForgottenAt.Format("2006-01-02") != day || got[0].State != contract.StateSuccess || got[0].Tally.Failed != 2 {
			t.Errorf("asked for by its number it is %+v; want how it ended and when it was forgotten", got)
		}
		signed := must(w, w.reports().Sign, contract.ReportInput{Task: task})
		if signed.Task.ReportKey != written.Key || signed.Task.ForgottenAt.IsZero() {
			t.Errorf("its report is %q, forgotten at %v; want the one that was written", signed.Task.ReportKey, signed.Task.ForgottenAt)
		}

		for what, ask := range map[string]func() error{
			"Rest": func() error {
				_, err := execute(t.Context(), w, w.reports().Sign, contract.ReportInput{Task: task, Rest: true})
				return err
			},
			"Report": func() error {
				_, err := execute(t.Context(), w, w.reports().Sign, contract.ReportInput{Task: task})
				return err
			},
			"Write": func() error {
				_, err := execute(t.Context(), w, w.reports().Write, contract.TaskRef{Task: task})
				return err
			},
		} {
			if what == "Report" { // whose object the bucket's rule has removed
				w.objects.Drop(results, written.Key)
			}
			message := wantRefusal(t, ask(), contract.CodeTaskForgotten)
			if !strings.Contains(message, day) || !strings.Contains(message, ended.UTC().Format("2006-01-02")) {
				t.Errorf("%s: message %q does not say when it ended and was forgotten", what, message)
			}
			if what == "Report" {
				w.objects.Store(results, written.Key, text)
			}
		}
	})
}

// Who reads the lines of a task while it is forgotten does not store half of them.
func TestReportOfATaskThatIsForgottenMeanwhile(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin("{}", "{}")
		w.runAll(task, 2)
		w.close(task, contract.StateSuccess, "success")
		written := must(w, w.reports().Write, contract.TaskRef{Task: task})
		w.objects.Drop(results, written.Key)
		reports := w.reports()
		reports.Ledger = forgetting{w.ledger, func() {
			if _, err := w.ledger.Forget(t.Context(), time.Now().Add(time.Second)); err != nil {
				t.Error(err)
			}
		}}
		_, err := execute(t.Context(), w, reports.Sign, contract.ReportInput{Task: task})
		wantRefusal(t, err, contract.CodeTaskForgotten)
		if text, there := w.objects.Text(results, written.Key); there {
			t.Errorf("stored is %q", text)
		}
	})
}

// forgetting is a ledger whose tasks are forgotten while their failures are read.
type forgetting struct {
	activities.Ledger
	forget func()
}

func (f forgetting) Failures(ctx context.Context, id int64) iter.Seq2[activities.Failure, error] {
	return func(yield func(activities.Failure, error) bool) {
		for failure, err := range f.Ledger.Failures(ctx, id) {
			f.forget()
			if !yield(failure, err) {
				return
			}
		}
	}
}
