package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"imagebatch/workflows/contract"
)

// running plays a task that ends after some time: the ledger calls it open
// until then, and its workflow answers.
type running struct {
	begin time.Time
	lasts time.Duration
	end   contract.Task
	fakeServer
}

func run12(lasts time.Duration, end contract.Task) *running {
	r := &running{begin: time.Now(), lasts: lasts, end: end}
	r.operate = func(ctx context.Context, operation string, limit time.Duration, in any) (any, error) {
		if r.over() {
			return ledger(end)(ctx, operation, limit, in)
		}
		return ledger(aTask(inState(contract.StateProcessing)))(ctx, operation, limit, in)
	}
	r.execution = func(string) (execution, error) {
		return execution{RunID: "second", FirstRunID: "first", Open: !r.over(), Task: 12}, nil
	}
	r.status = func(string) (contract.Status, error) {
		done := int64(time.Since(r.begin) / time.Second * 100)
		return contract.Status{
			Task: 12, State: contract.StateProcessing, Planned: done > 0, Total: 2000, Rate: 100, ETA: float64(2000-done) / 100,
			Tally: contract.Tally{Counts: contract.Counts{Succeeded: done}},
		}, nil
	}
	return r
}

func (r *running) over() bool { return time.Since(r.begin) >= r.lasts }

func TestWatchExitStatuses(t *testing.T) {
	t.Parallel()
	stopped := aTask(inState(contract.StateStop), func(task *contract.Task) {
		task.Message = "stopped by ann@host"
		task.Tally.Counts = contract.Counts{Succeeded: 700, Canceled: 1300}
	})
	failed := aTask(inState(contract.StateFail), func(task *contract.Task) {
		task.Code, task.Message, task.Planned, task.Tally = contract.CodeNoSuchManifest, "there is no increment.meta", false, contract.Tally{}
	})
	for name, test := range map[string]struct {
		end    contract.Task
		status int
		stdout string
	}{
		"Success": {aTask(), exitDone, rows("task 12 SUCCESS in 1m30s: success", "2,000 lines: 2,000 succeeded, 0 failed")},
		"Partial": {aTask(withFailures), exitPartial, rows(
			"task 12 SUCCESS in 1m30s: Some of the images cannot be processed and are isolated.",
			"2,000 lines: 1,987 succeeded, 13 failed",
			"        12 InvalidPicUrl",
			"         1 InvalidMetaItem",
			"see each line with: starter batch report 12")},
		"Stopped": {stopped, exitStopped, rows(
			"task 12 STOP in 1m30s: stopped by ann@host",
			"2,000 lines: 700 succeeded, 0 failed, 1,300 not run",
			"see each line with: starter batch report 12")},
		"Failed": {failed, exitError, rows("task 12 FAIL in 1m30s: NoSuchManifest: there is no increment.meta")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				live := run12(2500*time.Millisecond, test.end)
				try(t, &live.fakeServer, "batch watch 12").want(t, test.status, test.stdout, rows(
					"task 12 PROCESSING: reading the work list",
					"task 12 PROCESSING: 200/2,000 (10%), 0 failed, 100/s, 18s left"))
			})
			finished := &fakeServer{operate: ledger(test.end)}
			try(t, finished, "batch watch 12").want(t, test.status, test.stdout, "")
		})
	}
}

func TestWatchAsJSONPrintsOneObject(t *testing.T) {
	t.Parallel()
	f := &fakeServer{operate: ledger(aTask(withFailures))}
	watched, got := try(t, f, "batch watch 12 -o json"), try(t, f, "batch get 12 -o json")
	watched.want(t, exitPartial, got.stdout, "")
}

func TestWatchSurvivesOutages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason string
		during func(r *running, gone func() bool)
		notice string
	}{
		"Temporal": {
			during: func(r *running, gone func() bool) {
				answer := r.execution
				r.execution = func(id string) (execution, error) {
					if gone() {
						return execution{}, silentError{"Temporal at h does not answer", time.Now().Format(time.TimeOnly)}
					}
					return answer(id)
				}
			},
			reason: "said once, though the cause differs each time",
			notice: "Temporal at h does not answer: 00:00:04; still watching",
		},
		"Worker": {
			reason: "Temporal answers, but the query needs a worker",
			during: func(r *running, gone func() bool) {
				answer := r.status
				r.status = func(id string) (contract.Status, error) {
					if gone() {
						return contract.Status{}, noWorkerError{"imagebatch"}
					}
					return answer(id)
				}
			},
			notice: "no worker answers on imagebatch; if none runs, start one with \"make dev\"; still watching",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := run12(20*time.Second, aTask())
				test.during(r, func() bool {
					since := time.Since(r.begin)
					return since >= 4*time.Second && since < 12*time.Second
				})
				got := try(t, &r.fakeServer, "batch watch 12")
				got.want(t, exitDone, rows("task 12 SUCCESS in 1m30s: success", "2,000 lines: 2,000 succeeded, 0 failed"), rows(
					"task 12 PROCESSING: reading the work list",
					"task 12 PROCESSING: 200/2,000 (10%), 0 failed, 100/s, 18s left",
					test.notice,
					"connected again",
					"task 12 PROCESSING: 1,200/2,000 (60%), 0 failed, 100/s, 8s left",
					"task 12 PROCESSING: 1,400/2,000 (70%), 0 failed, 100/s, 6s left",
					"task 12 PROCESSING: 1,600/2,000 (80%), 0 failed, 100/s, 4s left",
					"task 12 PROCESSING: 1,800/2,000 (90%), 0 failed, 100/s, 2s left",
					"task 12 PROCESSING: 1,900/2,000 (95%), 0 failed, 100/s, 1s left"))
			})
		})
	}
}

// Each question to the ledger is a workflow in everybody's list: one when watching
// begins, one when the task has ended, however long it takes.
func TestWatchStartsNoWorkflowALook(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"batch watch 12", startShop + " --wait"} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			r := run12(2*time.Minute, aTask())
			r.start = startsAs("first", nil)
			answer := r.operate
			r.operate = func(ctx context.Context, operation string, limit time.Duration, in any) (any, error) {
				asked++
				return answer(ctx, operation, limit, in)
			}
			r.status = func(string) (contract.Status, error) { // chunks tell nothing new for long
				return contract.Status{Task: 12, State: contract.StateProcessing, Planned: true, Total: 2000, ETA: -1,
					Tally: contract.Tally{Counts: contract.Counts{Succeeded: int64(time.Since(r.begin)/(20*time.Second)) * 300}}}, nil
			}
			if got := try(t, &r.fakeServer, line); got.status != exitDone || asked > 2 {
				t.Errorf("%s: exit status %d, asked the ledger %d times; want once at each end", line, got.status, asked)
			}
		})
	}
}

// Where no worker is there to say how the task ended, nobody is asked again until
// one has come.
func TestWatchAsksTheLedgerAgainWhenAWorkerHasCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		r := run12(3*time.Second, aTask(inState(contract.StateStop)))
		back := func() bool { return time.Since(r.begin) > 5*time.Minute }
		answer := r.operate
		r.operate = func(ctx context.Context, operation string, limit time.Duration, in any) (any, error) {
			asked++
			if r.over() && !back() {
				return nil, noWorkerError{"imagebatch"}
			}
			return answer(ctx, operation, limit, in)
		}
		r.polled = func(time.Time) (bool, error) { return back(), nil }
		r.result = func(string, string) (contract.BatchTaskResult, error) {
			return contract.BatchTaskResult{}, errors.New("its workflow was terminated")
		}
		if got := try(t, &r.fakeServer, "batch watch 12"); got.status != exitStopped || asked != 3 {
			t.Errorf("exit status %d, asked %d times:\n%s", got.status, asked, got.stderr)
		}
	})
}

func TestWatchEndsWhenTheNextTaskHasBegun(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]execution{
		"Begun":    {RunID: "other", FirstRunID: "other", Open: true, Task: 13},
		"NotBegun": {RunID: "other", FirstRunID: "other", Open: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := run12(time.Second, aTask())
				r.execution = func(string) (execution, error) {
					if r.over() {
						return next, nil
					}
					return execution{RunID: "first", Open: true, Task: 12}, nil
				}
				if got := try(t, &r.fakeServer, "batch watch 12"); got.status != exitDone {
					t.Errorf("exit status = %d, want 0; standard error:\n%s", got.status, got.stderr)
				}
			})
		})
	}
}

func TestWatchOfATerminatedTask(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Asking makes the ledger close the task, which may take it a moment.
		asked := 0
		end := aTask(inState(contract.StateStop), func(task *contract.Task) { task.Code, task.Message = contract.CodeTerminated, "terminated" })
		f := &fakeServer{
			operate: func(ctx context.Context, operation string, limit time.Duration, in any) (any, error) {
				if asked++; asked < 4 {
					return ledger(aTask(inState(contract.StateProcessing)))(ctx, operation, limit, in)
				}
				return ledger(end)(ctx, operation, limit, in)
			},
			execution: func(string) (execution, error) {
				return execution{RunID: "first", Task: 12, End: contract.StateStop}, nil
			},
			result: func(string, string) (contract.BatchTaskResult, error) {
				return contract.BatchTaskResult{}, silentError{who: "its workflow was terminated"}
			},
		}
		try(t, f, "batch watch 12").want(t, exitStopped,
			rows("task 12 STOP in 1m30s: Terminated: terminated", "2,000 lines: 2,000 succeeded, 0 failed"),
			rows("the ledger has not closed the task yet; still watching"))
	})
}

func TestWatchEndsWithoutAWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run12(time.Second, aTask())
		open := r.operate
		r.operate = func(ctx context.Context, operation string, limit time.Duration, in any) (any, error) {
			if r.over() {
				return nil, noWorkerError{"imagebatch"}
			}
			return open(ctx, operation, limit, in)
		}
		r.result = func(string, string) (contract.BatchTaskResult, error) {
			return contract.BatchTaskResult{Task: 12, State: contract.StateSuccess, Message: "success", Total: 2000, Tally: aTask().Tally, ReportKey: "reports/12.ndjson"}, nil
		}
		try(t, &r.fakeServer, "batch watch 12").want(t, exitDone,
			rows("task 12 SUCCESS: success", "2,000 lines: 2,000 succeeded, 0 failed"), rows("task 12 PROCESSING: reading the work list"))
	})
}

func TestInterruptStopsWatchingOnly(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{"Watch": "batch watch 12", "StartAndWait": startShop + " --wait"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, interrupt := context.WithTimeout(t.Context(), 10*time.Second)
				defer interrupt()
				r := run12(time.Hour, aTask())
				r.start = startsAs("first", nil)
				got := tryArgs(t, ctx, &r.fakeServer, words(line))
				if got.status != exitError || got.stdout != "" {
					t.Errorf("exit status = %d, standard output %q; want 1 and none", got.status, got.stdout)
				}
				const want = "stopped watching; task 12 goes on, watch it again with: starter batch watch 12\n"
				if last := lastLine(got.stderr); last != want {
					t.Errorf("last line = %q, want %q", last, want)
				}
			})
		})
	}
}

// A report that comes late is waited for, a while, and told with its cause.
func TestWatchWaitsForTheReport(t *testing.T) {
	t.Parallel()
	unreported := aTask(withFailures, func(task *contract.Task) {
		task.ReportKey, task.CSVKey, task.ReportError = "", "", "no space left on device; set TMPDIR"
	})
	for name, tc := range map[string]struct {
		comes        time.Duration
		says, noting string
	}{
		"Comes": {5 * time.Second, "see each line with: starter batch report 12\n", "the last attempt failed: no space left on device; set TMPDIR\n"},
		"Stays": {time.Hour, "its report is still being written; the last attempt failed: no space left on device; set TMPDIR; see it later with: starter batch report 12\n", "still being written"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := run12(time.Second, unreported)
				open := r.operate
				r.operate = func(ctx context.Context, operation string, limit time.Duration, in any) (any, error) {
					if time.Since(r.begin) >= tc.comes {
						return ledger(aTask(withFailures))(ctx, operation, limit, in)
					}
					return open(ctx, operation, limit, in)
				}
				got := try(t, &r.fakeServer, "batch watch 12")
				if !strings.HasSuffix(got.stdout, tc.says) || strings.Count(got.stderr, tc.noting) != 1 {
					t.Errorf("standard output %q, standard error %q; want %q and, once, %q", got.stdout, got.stderr, tc.says, tc.noting)
				}
			})
		})
	}
}
