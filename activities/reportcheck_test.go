package activities_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// Two installations that write to one bucket number their tasks alike, and so do
// a database and its copy.
func TestInstallationsShareABucket(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		other := newWorld(t, contract.ServiceProduct, filepath.Join(t.TempDir(), "other.db"))
		defer other.ledger.Close()
		other.objects, other.identities = w.objects, w.identities
		var keys []string
		for n, one := range []*world{w, other} {
			task := one.begin(strings.Repeat("{}\n", n+1))
			one.runAll(task, 2)
			one.close(task, contract.StateSuccess, "success")
			one.report(task)
			keys = append(keys, wantOwnReport(t, one, task, n+1))
		}
		if keys[0] == keys[1] || !strings.HasPrefix(keys[0], "tasks/"+w.ledger.Installation()+"/1-") {
			t.Errorf("both reports are under %q", keys)
		}
		wantOwnReport(t, w, 1, 1)

		copied := w.results()
		run := contract.Task{ID: 7, RunID: "run"}
		if copied.TaskKey(run, "report.ndjson") == copied.TaskKey(contract.Task{ID: 7, RunID: "run of the copy"}, "report.ndjson") {
			t.Error("a task of a copied database has the key of the original's")
		}
	})
}

// wantOwnReport asks for the report of a task, which has so many failed lines,
// and returns its key.
func wantOwnReport(t *testing.T, w *world, task int64, failed int) string {
	t.Helper()
	signed := must(w, w.reports().Sign, contract.ReportInput{Task: task})
	text, _ := w.objects.Text(results, signed.Task.ReportKey)
	if strings.Count(text, "InvalidMetaItem") < failed || !strings.Contains(text, fmt.Sprintf(`"failed":%d`, failed)) {
		t.Errorf("the report of task %d, with %d failed lines, is\n%s", task, failed, text)
	}
	recorded, err := w.ledger.Task(t.Context(), task)
	if err != nil || recorded.ReportKey != signed.Task.ReportKey {
		t.Errorf("the ledger has the report under %q, %v; want %q", recorded.ReportKey, err, signed.Task.ReportKey)
	}
	return signed.Task.ReportKey
}

// Before there were installations, keys held the number alone: what is under one
// is trusted when it says that it is of this task.
func TestReportIsTrustedWhenItIsTheTasksOwn(t *testing.T) {
	t.Parallel()
	const old = "tasks/1/report.ndjson"
	for name, test := range map[string]struct {
		change func(text string) string // "" for an object that is gone
		kept   bool
	}{
		"Own":             {func(text string) string { return text }, true},
		"OwnAndLong":      {func(text string) string { return strings.Repeat(`{"line":1,"Message":"long"}`+"\n", 9000) + text }, true},
		"Gone":            {func(string) string { return "" }, false},
		"OtherTask":       {func(text string) string { return strings.ReplaceAll(text, `"taskId":1,`, `"taskId":2,`) }, false},
		"OtherInstance":   {func(text string) string { return strings.ReplaceAll(text, `"instance":"shop"`, `"instance":"other"`) }, false},
		"OtherStart":      {func(text string) string { return strings.ReplaceAll(text, `"startedAt":"2`, `"startedAt":"1`) }, false},
		"OtherAndLong":    {func(text string) string { return strings.Repeat(text, 900) + `{"summary":{"taskId":2}}` + "\n" }, false},
		"NoReport":        {func(string) string { return "<html>sign in</html>" }, false},
		"CutShort":        {func(text string) string { return text[:len(text)-20] }, false},
		"SummaryOfBefore": {func(text string) string { return strings.TrimSuffix(text, "\n") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := w.begin("{}")
				w.runAll(task, 2)
				w.close(task, contract.StateSuccess, "success")
				written := must(w, w.reports().Write, contract.TaskRef{Task: task})
				text, _ := w.objects.Text(results, written.Key)
				if err := w.ledger.SetReport(t.Context(), task, contract.ReportResult{Key: old, CSVKey: "tasks/1/report.csv"}); err != nil {
					t.Fatal(err)
				}
				if changed := test.change(text); changed != "" {
					w.objects.Store(results, old, changed)
				}
				if key := wantOwnReport(t, w, task, 1); (key == old) != test.kept {
					t.Errorf("the report is under %q; want it kept where it was: %t", key, test.kept)
				}
			})
		})
	}
}

func TestReportIsNotWrittenOverOnAGuess(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task := w.begin("{}")
		w.runAll(task, 2)
		w.close(task, contract.StateSuccess, "success")
		written := must(w, w.reports().Write, contract.TaskRef{Task: task})
		w.objects.Fault = failingKey(written.Key, errDown)
		_, err := execute(t.Context(), w, w.reports().Sign, contract.ReportInput{Task: task})
		wantTransient(t, err)
		w.objects.Fault = failingKey(written.Key, activities.ErrDenied)
		_, err = execute(t.Context(), w, w.reports().Sign, contract.ReportInput{Task: task})
		wantRefusal(t, err, contract.CodeConsoleNoPermission)
	})
}
