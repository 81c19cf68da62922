package activities_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

func TestRest(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task, lines := w.stopped()
		plain := must(w, w.reports().Sign, contract.ReportInput{Task: task})
		if plain.URL == "" || plain.CSVURL == "" || plain.RestURL != "" || plain.Expires.IsZero() || plain.Task.ID != task {
			t.Errorf("signed = %+v; want two links and when they expire", plain)
		}
		if recorded, err := w.ledger.Task(t.Context(), task); err != nil || recorded.ReportKey == "" {
			t.Errorf("ledger has no report, %v; want the one that was missing", err)
		}
		if !strings.Contains(plain.URL, "for=2h0m0s") {
			t.Errorf("link %s; want one for two hours", plain.URL)
		}
		signed := must(w, w.reports().Sign, contract.ReportInput{Task: task, Rest: true})
		rest, _ := w.objects.Text(results, strings.TrimPrefix(strings.SplitN(signed.RestURL, "?", 2)[0], "https://store.example/results/"))
		want := strings.Join([]string{lines[2], lines[4], lines[7], lines[11]}, "\n") + "\n"
		if diff := cmp.Diff(want, rest); diff != "" {
			t.Errorf("rest (-want +got):\n%s", diff)
		}
	})
}

// A task of which nothing is left has a report and no rest: that is no error.
func TestRestOfNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lines func(w *world) []string
		state contract.State
		after func(w *world)
	}{
		"Success":         {lines: func(w *world) []string { return w.pictures(3) }, state: contract.StateSuccess},
		"StoppedAtTheEnd": {lines: func(w *world) []string { return w.pictures(3) }, state: contract.StateStop},
		"NoLines":         {lines: func(*world) []string { return nil }, state: contract.StateSuccess},
		"OnlyBlankLines":  {lines: func(*world) []string { return []string{"", "", ""} }, state: contract.StateStop},
		"ManifestChanged": {lines: func(w *world) []string { return w.pictures(3) }, state: contract.StateSuccess,
			after: func(w *world) { w.objects.Store(bucket, meta, "{}\n") }},
		"ManifestGone": {lines: func(w *world) []string { return w.pictures(3) }, state: contract.StateStop,
			after: func(w *world) { w.objects.Drop(bucket, meta) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := w.begin(test.lines(w)...)
				w.runAll(task, 2)
				w.close(task, test.state, "ended")
				if test.after != nil {
					test.after(w)
				}
				signed := must(w, w.reports().Sign, contract.ReportInput{Task: task, Rest: true})
				if signed.URL == "" || signed.CSVURL == "" || signed.RestURL != "" {
					t.Errorf("signed = %+v; want the report, and no rest", signed)
				}
			})
		})
	}
}

func TestRestIsByteForByte(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		long := strings.Repeat("long ", 60_000)
		w.objects.Store(bucket, meta, "\xef\xbb\xbf{\"é\":1}\r\n"+long+"\r\n\r\n\xff\xfe\n"+add("p", "gone.jpg"))
		task := w.open()
		w.runAll(task, 2)
		w.close(task, contract.StateSuccess, "success")
		w.report(task)
		must(w, w.reports().Sign, contract.ReportInput{Task: task, Rest: true})
		facts, err := w.ledger.Task(t.Context(), task)
		if err != nil {
			t.Fatal(err)
		}
		rest, _ := w.objects.Text(results, w.results().TaskKey(facts, "rest-increment.meta"))
		want := "{\"é\":1}\n" + long + "\n\xff\xfe\n" + add("p", "gone.jpg") + "\n"
		if rest != want {
			t.Errorf("rest has %d bytes %.40q; want %d bytes %.40q", len(rest), rest, len(want), want)
		}
	})
}

func TestRestRefuses(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		open := w.begin("{}")
		_, err := execute(t.Context(), w, w.reports().Sign, contract.ReportInput{Task: open})
		wantRefusal(t, err, contract.CodeIncrementStatusError)

		unplanned := w.begin("{}")
		w.close(unplanned, contract.StateFail, "no manifest")
		w.report(unplanned)
		_, err = execute(t.Context(), w, w.reports().Sign, contract.ReportInput{Task: unplanned, Rest: true})
		wantRefusal(t, err, contract.CodeIncrementStatusError)

		task, _ := w.stopped()
		w.report(task)
		w.objects.Store(bucket, meta, "{}\n")
		_, err = execute(t.Context(), w, w.reports().Sign, contract.ReportInput{Task: task, Rest: true})
		wantRefusal(t, err, contract.CodeManifestChanged)
		_, err = execute(t.Context(), w, w.reports().Sign, contract.ReportInput{Task: 999})
		wantRefusal(t, err, contract.CodeTaskNotFound)
	})
}
