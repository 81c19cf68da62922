package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"

	"imagebatch/workflows/contract"
)

func TestBatchTaskEndings(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason  string
		lines   int64
		in      func(*contract.BatchTaskInput)
		world   func(*world)
		state   contract.State
		code    contract.Code
		message string
		tally   contract.Counts
		report  string
		steps   map[string]int // how often each ran
	}{
		"Success": {
			lines: 250, state: contract.StateSuccess, message: "success", tally: contract.Counts{Succeeded: 250},
			report: "reports/12.ndjson", steps: map[string]int{"begin": 1, "plan": 1, "slice 0": 1, "slice 15": 1, "end SUCCESS": 1, "report 12": 1},
		},
		"SomeLinesFail": {
			reason: "Partial failure is success with the vendor's message.",
			lines:  250, world: func(w *world) { w.bad = 20 },
			state: contract.StateSuccess, message: contract.PartialMessage, tally: contract.Counts{Succeeded: 230, Failed: 20}, report: "reports/12.ndjson",
		},
		"NoLines": {
			state: contract.StateSuccess, message: "success", report: "reports/12.ndjson", steps: map[string]int{"slice 0": 0, "report 12": 1},
		},
		"InvalidInput": {
			reason: "A stranger's input is refused before anything is touched.",
			in:     func(in *contract.BatchTaskInput) { in.Bucket = "-no-" },
			state:  contract.StateFail, code: contract.CodeBadRequest, steps: map[string]int{"begin": 0, "end FAIL": 0, "report 0": 0},
		},
		"CarriedByAStranger": {
			reason: "Nobody but a task itself says where it stands.",
			in:     func(in *contract.BatchTaskInput) { in.Carried = &contract.CarriedTask{Task: 1} },
			state:  contract.StateFail, code: contract.CodeBadRequest, steps: map[string]int{"begin": 0, "end FAIL": 0},
		},
		"AbsurdSizes": {
			in:    func(in *contract.BatchTaskInput) { in.Sizes.Window = 1 << 20 },
			state: contract.StateFail, code: contract.CodeBadRequest, steps: map[string]int{"begin": 0},
		},
		"NoInstance": {
			reason: "Without a task there is nothing to report.",
			world: func(w *world) {
				w.begin = func(contract.BeginInput) (contract.BeginResult, error) {
					return contract.BeginResult{}, refused(contract.CodeInstanceNotFound, "there is no instance shop")
				}
			},
			state: contract.StateFail, code: contract.CodeInstanceNotFound, message: "there is no instance shop",
			steps: map[string]int{"plan": 0, "end FAIL": 0, "report 0": 0},
		},
		"NoManifest": {
			reason: "A task that began is closed and reported, however early it fails.",
			lines:  32,
			world: func(w *world) {
				w.plan = func() (contract.WorkList, error) {
					return contract.WorkList{}, refused(contract.CodeNoSuchManifest, "no increment.meta in /spring")
				}
			},
			state: contract.StateFail, code: contract.CodeNoSuchManifest, message: "no increment.meta in /spring",
			tally: contract.Counts{Canceled: 32}, report: "reports/12.ndjson", steps: map[string]int{"end FAIL": 1, "report 12": 1, "slice 0": 0},
		},
		"ListChanged": {
			reason: "A slice that cannot go on fails the task with its code; what was done stays counted.",
			lines:  250,
			world: func(w *world) {
				w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
					if in.Slice >= 8 {
						return contract.SliceResult{}, refused(contract.CodeManifestChanged, "increment.meta has changed")
					}
					return w.runSlice(in)
				}
			},
			state: contract.StateFail, code: contract.CodeManifestChanged, message: "increment.meta has changed", report: "reports/12.ndjson",
			steps: map[string]int{"end FAIL": 1, "slice 15": 0},
		},
		"TransientFaults": {
			reason: "What fails now and then is tried again, and leaves no trace in the result.",
			lines:  100,
			world: func(w *world) {
				failed := map[int]bool{}
				w.slice = func(in contract.SliceInput) (contract.SliceResult, error) {
					w.mu.Lock()
					again := failed[in.Slice]
					failed[in.Slice] = true
					w.mu.Unlock()
					if !again {
						return contract.SliceResult{}, errors.New("connection reset")
					}
					return w.runSlice(in)
				}
			},
			state: contract.StateSuccess, message: "success", tally: contract.Counts{Succeeded: 100}, report: "reports/12.ndjson",
		},
		"ClosedBySomeoneElse": {
			reason: "The ledger has the last word on how a task ended.",
			lines:  16,
			world: func(w *world) {
				w.end = func(contract.Ending) (contract.Ended, error) {
					return contract.Ended{State: contract.StateStop, Code: contract.CodeTerminated, Message: "terminated"}, nil
				}
			},
			state: contract.StateStop, code: contract.CodeTerminated, message: "terminated", report: "reports/12.ndjson",
		},
		"EndRefused": {
			lines: 16,
			world: func(w *world) {
				w.end = func(contract.Ending) (contract.Ended, error) {
					return contract.Ended{}, refused(contract.CodeTaskNotFound, "there is no task 12")
				}
			},
			state: contract.StateFail, code: contract.CodeTaskNotFound, message: "there is no task 12", tally: contract.Counts{Succeeded: 16},
			steps: map[string]int{"report 12": 0},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, in := newWorld(t, tc.lines), input()
			if tc.in != nil {
				tc.in(&in)
			}
			if tc.world != nil {
				tc.world(w)
			}
			end := w.runTask(in)
			checkClose(t, end)
			got := []any{end.State, end.Code, end.ReportKey}
			if diff := cmp.Diff([]any{tc.state, tc.code, tc.report}, got); diff != "" {
				t.Errorf("state, code, report (-want +got):\n%s%s", diff, tc.reason)
			}
			if tc.message != "" && end.Message != tc.message {
				t.Errorf("message %q, want %q", end.Message, tc.message)
			}
			if tc.tally != (contract.Counts{}) && end.Tally.Counts != tc.tally {
				t.Errorf("counts %+v, want %+v: %s", end.Tally.Counts, tc.tally, tc.reason)
			}
			for step, times := range tc.steps {
				if n := w.count(step); n != times {
					t.Errorf("%q ran %d times, want %d: %s", step, n, times, tc.reason)
				}
			}
		})
	}
}

// checkClose compares how the workflow closed with what its result says.
func checkClose(t *testing.T, end ending) {
	t.Helper()
	var failed *temporal.ApplicationError
	switch end.State {
	case contract.StateSuccess:
		if end.err != nil {
			t.Errorf("SUCCESS closed with %v", end.err)
		}
	case contract.StateStop:
		if !temporal.IsCanceledError(end.err) {
			t.Errorf("STOP closed with %v, want it canceled", end.err)
		}
	case contract.StateFail:
		if !errors.As(end.err, &failed) || temporal.IsCanceledError(end.err) {
			t.Fatalf("FAIL closed with %v", end.err)
		}
		if failed.Type() != string(end.Code) || failed.Message() != end.Message || !failed.NonRetryable() {
			t.Errorf("FAIL closed with type %q, message %q; the result says %s, %q", failed.Type(), failed.Message(), end.Code, end.Message)
		}
	default:
		t.Errorf("closed in state %q: %v", end.State, end.err)
	}
}

func TestBatchTaskBegin(t *testing.T) {
	t.Parallel()
	w, in := newWorld(t, 16), input()
	in.RoleARN, in.FromRoot, in.Callback = "acs:ram::1:role/reader", true, "https://shop.example/hook"
	in.MaxFailures, in.MaxDeletes = "5%", "1000"
	w.runTask(in)
	want := contract.BeginInput{
		Kind: contract.KindBatchTask, WorkflowID: "batch-task.shop", Instance: "shop", Bucket: "photos", Path: "/spring",
		Callback: in.Callback, RoleARN: in.RoleARN, FromRoot: true,
		MaxFailures: "5%", MaxDeletes: "1000", RunID: w.begun.RunID, RunStarted: w.begun.RunStarted,
	}
	if diff := cmp.Diff(want, w.begun); diff != "" {
		t.Errorf("begin (-want +got):\n%s", diff)
	}
}

func TestBatchTaskContinuesAsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000)
	w.bad = 100
	once := w.runTask(input())

	w = newWorld(t, 1000)
	w.bad = 100
	in := input()
	in.Sizes.ContinueAfterChunks = 3
	in.Callback = "https://shop.example/hook"
	often := w.runTask(in)
	if often.runs < 4 {
		t.Errorf("%d runs: the task did not continue as new", often.runs)
	}
	if diff := cmp.Diff(once.BatchTaskResult, often.BatchTaskResult); diff != "" {
		t.Errorf("one run and many differ (-one +many):\n%s", diff)
	}
	for step, times := range map[string]int{"begin": 1, "plan": 1, "end SUCCESS": 1, "report 12": 1} {
		if n := w.count(step); n != times {
			t.Errorf("%q ran %d times over %d runs, want %d", step, n, often.runs, times)
		}
	}
	if w.started[contract.Callback.Name] != 1 {
		t.Errorf("%d callbacks were started, want the one whose URL was carried along", w.started[contract.Callback.Name])
	}
	if w.largest > 4096 {
		t.Errorf("%d bytes were carried to the next run, want at most 4 KiB", w.largest)
	}
}

func TestBatchTaskStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 250)
	w.bad = 3
	var first, suspended contract.Status
	ask := func(into *contract.Status) func() {
		return func() {
			answer, err := w.env.QueryWorkflow(contract.StatusQuery.Name)
			if err != nil {
				t.Error(err)
				return
			}
			if err := answer.Get(into); err != nil {
				t.Error(err)
			}
		}
	}
	w.begin = w.beginTwice()
	w.plan = func() (contract.WorkList, error) {
		w.control(contract.Suspend.Name, contract.Control{By: "ops", Reason: "shop\nis | closed"})
		return w.list, nil
	}
	w.script = func(int) {
		w.env.RegisterDelayedCallback(ask(&first), 500*time.Millisecond)
		w.env.RegisterDelayedCallback(ask(&suspended), time.Hour)
		w.env.RegisterDelayedCallback(func() { w.control(contract.Resume.Name, contract.Control{}) }, 2*time.Hour)
	}
	w.runTask(input())
	var last contract.Status
	ask(&last)()

	if first.State != contract.StateProcessing || first.Planned || first.ETA != -1 || first.Instance != "shop" {
		t.Errorf("before the plan: %+v", first)
	}
	want := contract.Status{
		Task: taskNumber, Instance: "shop", Bucket: "photos", Path: "/spring", State: contract.StateSuspended, Vendor: "PROCESSING",
		Message: "suspended by ops: shop is | closed", Planned: true, Total: 250, Left: 250, Slices: 16, Chunks: 4, ETA: -1, StartedAt: suspended.StartedAt,
	}
	if diff := cmp.Diff(want, suspended); diff != "" {
		t.Errorf("suspended (-want +got):\n%s", diff)
	}
	if last.State != contract.StateSuccess || last.Left != 0 || last.Percent() != 100 || last.ReportKey != "reports/12.ndjson" ||
		last.Failed != 3 || last.Codes[contract.CodePictureError] != 3 {
		t.Errorf("at the end: %+v", last)
	}
}
