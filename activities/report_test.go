package activities_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// close ends a task.
func (w *world) close(task int64, state contract.State, message string) contract.Ended {
	w.Helper()
	return must(w, (&activities.Tasks{Ledger: w.ledger}).End, contract.Ending{Task: task, State: state, Message: message})
}

// report writes the report of a task, and returns its records and its table.
func (w *world) report(task int64) (records []map[string]any, table [][]string) {
	w.Helper()
	written := must(w, w.reports().Write, contract.TaskRef{Task: task})
	text, _ := w.objects.Text(results, written.Key)
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		var record map[string]any
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			w.Fatalf("record %q: %v", lines.Text(), err)
		}
		records = append(records, record)
	}
	text, _ = w.objects.Text(results, written.CSVKey)
	table, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		w.Fatal(err)
	}
	return records, table
}

// stopped is a task of 3 slices of 4 lines of which the middle one was not run.
// Lines 2, 6 and 7 are blank, 3 and 12 are bad.
func (w *world) stopped() (task int64, lines []string) {
	w.Helper()
	good := w.pictures(5)
	lines = []string{
		good[0], "", `=HYPERLINK("x"), "y"`, good[1],
		good[2], "", " ", good[3],
		good[4], remove("p0", ""), remove("p1", "1.jpg"), add("p", "gone.jpg"),
	}
	task = w.begin(lines...)
	list := w.plan(task, 4)
	for _, slice := range []int{0, 2} {
		must(w, w.slices().Slice, contract.SliceInput{Task: task, Slice: slice, List: list})
	}
	w.close(task, contract.StateStop, "stopped by hand")
	return task, lines
}

func TestReport(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task, lines := w.stopped()
		records, table := w.report(task)
		bad := w.failures(task)
		summary := records[len(records)-1]["summary"].(map[string]any)
		for _, changing := range []string{"startedAt", "endedAt"} {
			if at, _ := summary[changing].(string); !strings.HasPrefix(at, "2000-01-01T00:") {
				t.Errorf("%s = %q; want a time", changing, at)
			}
			delete(summary, changing)
		}
		want := []map[string]any{
			{"line": 3.0, "OperationType": "", "ProductId": "", "PicName": "", "Code": "InvalidMetaItem", "Message": bad[3].Message, "attempts": 1.0, "raw": lines[2]},
			{"canceledFrom": 5.0, "canceledTo": 5.0},
			{"canceledFrom": 8.0, "canceledTo": 8.0},
			{"line": 12.0, "OperationType": "ADD", "ProductId": "p", "PicName": "gone.jpg", "Code": "InvalidPicUrl", "Message": bad[12].Message, "attempts": 1.0, "raw": lines[11]},
			{"summary": map[string]any{
				"taskId": float64(task), "instance": "shop", "source": "oss://photos/catalogue/increment.meta", "state": "STOP", "message": "stopped by hand",
				"total": 9.0, "succeeded": 5.0, "failed": 2.0, "skipped": 0.0, "canceled": 2.0,
				"codes": map[string]any{"InvalidMetaItem": 1.0, "InvalidPicUrl": 1.0},
			}},
		}
		if diff := cmp.Diff(want, records); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		wantTable := [][]string{
			{"line", "OperationType", "ProductId", "PicName", "Code", "Message", "attempts", "raw"},
			{"3", "", "", "", "InvalidMetaItem", bad[3].Message, "1", "'" + lines[2]},
			{"5-5", "", "", "", "Canceled", "not run: the task ended before", "", ""},
			{"8-8", "", "", "", "Canceled", "not run: the task ended before", "", ""},
			{"12", "ADD", "p", "gone.jpg", "InvalidPicUrl", bad[12].Message, "1", lines[11]},
			{"summary", "", "", "", "STOP", "9 lines: 5 succeeded, 2 failed, 0 skipped, 2 canceled", "", ""},
		}
		if diff := cmp.Diff(wantTable, table); diff != "" {
			t.Errorf("table (-want +got):\n%s", diff)
		}
		if recorded, err := w.ledger.Task(t.Context(), task); err != nil || recorded.ReportKey == "" || recorded.CSVKey == "" {
			t.Errorf("ledger knows report %q and %q, %v; want both", recorded.ReportKey, recorded.CSVKey, err)
		}
	})
}

func TestReportRepeatedIsTheSame(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task, _ := w.stopped()
		first, firstTable := w.report(task)
		second, secondTable := w.report(task)
		if diff := cmp.Diff(first, second) + cmp.Diff(firstTable, secondTable); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}

func TestReportWithoutTheManifest(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, task int64){
		"Changed": func(w *world, _ int64) { w.objects.Store(bucket, meta, "{}\n") },
		"Gone":    func(w *world, _ int64) { w.objects.Drop(bucket, meta) },
		"Denied":  func(w *world, _ int64) { w.objects.Fault = failingKey(meta, activities.ErrDenied) },
		"ChangedMeanwhile": func(w *world, _ int64) {
			reads := 0
			w.objects.Fault = func(_ context.Context, verb, _, key string) error {
				if key != meta || verb != "Open" {
					return nil
				}
				if reads++; reads > 1 {
					return activities.ErrChanged
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task, _ := w.stopped()
				change(w, task)
				records, _ := w.report(task)
				var got []string
				for _, record := range records[:len(records)-1] {
					if raw, given := record["raw"]; given {
						t.Errorf("line %v has the raw text %q of another manifest", record["line"], raw)
					}
					got = append(got, fmt.Sprint(record["line"], record["canceledFrom"], record["canceledTo"]))
				}
				want := []string{"3 <nil> <nil>", "<nil> 5 8", "12 <nil> <nil>"}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("records (-want +got):\n%s", diff)
				}
				summary := records[len(records)-1]["summary"].(map[string]any)
				if note, _ := summary["note"].(string); !strings.Contains(note, "manifest has changed") {
					t.Errorf("note = %q; want why the raw lines are missing", note)
				}
			})
		})
	}
}

func TestReportOfARoleThatIsNotAllowedAnyMore(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		w.spec.RoleARN = "reader"
		w.identities.Roles = map[string]activities.Objects{"reader": w.objects}
		task, _ := w.stopped()
		w.identities.Roles = nil
		if records, _ := w.report(task); len(records) != 4 {
			t.Errorf("%d records; want the failures, the range and the summary", len(records))
		}
	})
}

func TestReportWithNothingToTell(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		task func(w *world) int64
		note bool
	}{
		"Empty": {func(w *world) int64 {
			w.objects.Store(bucket, meta, "")
			task := w.open()
			w.runAll(task, 0)
			return task
		}, false},
		"NoFailure": {func(w *world) int64 { task := w.begin(w.pictures(3)...); w.runAll(task, 0); return task }, false},
		"NoPlan":    {func(w *world) int64 { return w.begin("{}") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task := test.task(w)
				state := contract.StateSuccess
				if name == "NoPlan" {
					state = contract.StateFail
				}
				w.close(task, state, "over")
				w.objects.Drop(bucket, meta)
				records, _ := w.report(task)
				summary, _ := records[0]["summary"].(map[string]any)
				if len(records) != 1 || summary["note"] != nil {
					t.Errorf("records = %v; want a summary without a note", records)
				}
			})
		})
	}
}

func TestReportTroubleIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(context.Context, string, string, string) error{
		"Manifest": failingKey(meta, errDown),
		"Results":  failing("Put", errDown),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task, _ := w.stopped()
				w.objects.Fault = fault
				_, err := execute(t.Context(), w, w.reports().Write, contract.TaskRef{Task: task})
				wantTransient(t, err)
				if recorded, _ := w.ledger.Task(t.Context(), task); recorded.ReportKey != "" || recorded.ReportError == "" {
					t.Errorf("ledger has the report %q and the cause %q; want what keeps it from being written", recorded.ReportKey, recorded.ReportError)
				}
				w.objects.Fault = nil
				must(w, w.reports().Write, contract.TaskRef{Task: task})
				if recorded, _ := w.ledger.Task(t.Context(), task); recorded.ReportKey == "" || recorded.ReportError != "" {
					t.Errorf("ledger has the report %q and the cause %q; want it written, and no cause left", recorded.ReportKey, recorded.ReportError)
				}
			})
		})
	}
}

// Settings can be mended while the report is tried again: only a person who asks
// for it is refused.
func TestReportThatOnlyAChangeOfSettingsMends(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		code contract.Code
		says string
	}{
		"Denied":     {activities.ErrDenied, contract.CodeConsoleNoPermission, "oss:PutObject"},
		"NoBucket":   {activities.ErrNoSuchBucket, contract.CodeNoSuchBucket, "IMAGEBATCH_RESULTS_BUCKET"},
		"Refused":    {activities.ErrRefused, contract.CodeBadRequest, "endpoint"},
		"TurnedAway": {activities.ErrTurnedAway, contract.CodeConsoleNoPermission, "access key"},
		"TooLarge":   {fmt.Errorf("put: %w", activities.ErrTooLarge), contract.CodeBadRequest, "too large for the object store"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task, _ := w.stopped()
				w.objects.Fault = failing("Put", test.err)
				_, err := execute(t.Context(), w, w.reports().Write, contract.TaskRef{Task: task})
				wantTransient(t, err)
				if recorded, _ := w.ledger.Task(t.Context(), task); strings.Count(recorded.ReportError, test.says) != 1 {
					t.Errorf("cause = %q; want it to tell %q once", recorded.ReportError, test.says)
				}
				_, err = execute(t.Context(), w, w.reports().Sign, contract.ReportInput{Task: task})
				says := wantRefusal(t, err, test.code)
				if !strings.Contains(says, test.says) {
					t.Errorf("message = %q; want it to tell %q", says, test.says)
				}
				if name == "TooLarge" && strings.Contains(says, "endpoint") {
					t.Errorf("message = %q; the endpoint is not to blame", says)
				}
			})
		})
	}
}

func TestReportOfATaskThatRuns(t *testing.T) {
	t.Parallel()
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		_, err := execute(t.Context(), w, w.reports().Write, contract.TaskRef{Task: w.begin("{}")})
		wantRefusal(t, err, contract.CodeIncrementStatusError)
	})
}

// A report takes no disk of the worker, and so no space on one.
func TestReportNeedsNoTemporaryFiles(t *testing.T) {
	inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
		task, _ := w.stopped()
		t.Setenv("TMPDIR", "/nowhere")
		must(w, w.reports().Write, contract.TaskRef{Task: task})
	})
}

// What goes wrong half way, be it a panic, leaves the report as it was before.
func TestReportIsWrittenWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func() error{
		"Error": func() error { return errors.New("disk I/O error") },
		"Panic": func() error { panic("nil pointer") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				task, _ := w.stopped()
				written := must(w, w.reports().Write, contract.TaskRef{Task: task})
				before, _ := w.objects.Text(results, written.Key)
				reports := w.reports()
				reports.Ledger = failuresThatBreakOff{w.ledger, trouble}
				if _, err := execute(t.Context(), w, reports.Write, contract.TaskRef{Task: task}); err == nil {
					t.Error("half a report is called written")
				}
				if after, _ := w.objects.Text(results, written.Key); after != before || before == "" {
					t.Errorf("the report is %q, and was %q", after, before)
				}
			})
		})
	}
}

// failuresThatBreakOff gives the first failure of a task and no more.
type failuresThatBreakOff struct {
	activities.Ledger
	trouble func() error
}

func (f failuresThatBreakOff) Failures(ctx context.Context, task int64) iter.Seq2[activities.Failure, error] {
	return func(yield func(activities.Failure, error) bool) {
		for failure, err := range f.Ledger.Failures(ctx, task) {
			if !yield(failure, err) {
				return
			}
			break
		}
		yield(activities.Failure{}, f.trouble())
	}
}
