package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"go.temporal.io/api/serviceerror"

	"imagebatch/testsuite/ossserver"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// folder holds the pictures and the manifest of every task but the one that
// fails.
const folder = "shelf"

// lines make 40 slices in five chunks: enough for every branch, little to keep.
const lines = 640

var sizes = []string{"--slice-lines", "16", "--chunk-slices", "8", "--slices-in-flight", "2", "--window", "2"}

// slowly leaves time to interrupt a task.
var slowly = ossserver.Fault{Pattern: stack.Bucket + "/" + folder + "/tiny/*", DelayMS: 250}

// scenario takes a task through a branch. It leaves its workflows with Temporal,
// from where save takes them by the scenario's name, which its instance bears.
type scenario struct {
	name string
	run  func(ctx context.Context, r *recorder) error
}

var scenarios = []scenario{
	{"plain", func(ctx context.Context, r *recorder) error { return r.toTheEnd(ctx, "plain", folder) }},
	{"continued", func(ctx context.Context, r *recorder) error {
		return r.toTheEnd(ctx, "continued", folder, "--continue-after-chunks", "2")
	}},
	{"failed", func(ctx context.Context, r *recorder) error { return r.toTheEnd(ctx, "failed", "nowhere") }},
	{"callback", func(ctx context.Context, r *recorder) error {
		return r.toTheEnd(ctx, "callback", folder, "--callback", r.receiver.URL)
	}},
	{"cancelled", func(ctx context.Context, r *recorder) error {
		return r.underway(ctx, "cancelled", func(task int64) error { return r.update(ctx, "cancelled", contract.CancelUpdate, task) })
	}},
	{"suspended", func(ctx context.Context, r *recorder) error {
		return r.underway(ctx, "suspended", func(task int64) error {
			if err := r.update(ctx, "suspended", contract.SuspendUpdate, task); err != nil {
				return err
			}
			if err := r.held(ctx, "suspended"); err != nil {
				return err
			}
			return r.update(ctx, "suspended", contract.ResumeUpdate, task)
		})
	}},
	{"signaled", func(ctx context.Context, r *recorder) error {
		// Chunks of twenty slices tell their task how far they are.
		return r.underway(ctx, "signaled", func(task int64) error {
			if err := r.signal(ctx, "signaled", contract.Suspend, task); err != nil {
				return err
			}
			if err := r.held(ctx, "signaled"); err != nil {
				return err
			}
			if err := r.signal(ctx, "signaled", contract.Resume, task); err != nil {
				return err
			}
			if err := r.await(ctx, "a chunk is open again", func(ctx context.Context) (bool, error) {
				status, err := r.status(ctx, "signaled")
				return len(status.Open) > 0, err
			}); err != nil {
				return err
			}
			return r.signal(ctx, "signaled", contract.Cancel, task)
		}, "--chunk-slices", "20")
	}},
	{"held", func(ctx context.Context, r *recorder) error {
		// Both open chunks come back, which is enough to continue as new.
		return r.underway(ctx, "held", func(task int64) error {
			if err := r.signal(ctx, "held", contract.Suspend, task); err != nil {
				return err
			}
			if err := r.await(ctx, "the task continued as new", func(ctx context.Context) (bool, error) {
				described, err := r.temporal.DescribeWorkflowExecution(ctx, contract.BatchTaskWorkflowID("held"), "")
				if err != nil {
					return false, err
				}
				info := described.GetWorkflowExecutionInfo()
				return info.GetFirstRunId() != info.GetExecution().GetRunId(), nil
			}); err != nil {
				return err
			}
			if err := r.held(ctx, "held"); err != nil {
				return err
			}
			return r.signal(ctx, "held", contract.Resume, task)
		}, "--continue-after-chunks", "2")
	}},
	{"overrun", func(ctx context.Context, r *recorder) error {
		return r.toTheEnd(ctx, "overrun", folder, "--max-failures", "3")
	}},
	{"withdrawn", func(ctx context.Context, r *recorder) error {
		return r.underway(ctx, "withdrawn", func(int64) error {
			return r.temporal.CancelWorkflow(ctx, contract.BatchTaskWorkflowID("withdrawn"), "")
		})
	}},
	{"bereaved", func(ctx context.Context, r *recorder) error {
		return r.underway(ctx, "bereaved", func(int64) error {
			return r.await(ctx, "an open chunk is terminated", func(ctx context.Context) (bool, error) {
				status, err := r.status(ctx, "bereaved")
				if err != nil || len(status.Open) == 0 {
					return false, err
				}
				err = r.temporal.TerminateWorkflow(ctx, status.Open[0], "", "recorded")
				if closed := (*serviceerror.NotFound)(nil); errors.As(err, &closed) {
					return false, nil // by itself, just now
				}
				return err == nil, err
			})
		}, "--chunk-slices", "20")
	}},
	{"refused", func(ctx context.Context, r *recorder) error {
		return r.toTheEnd(ctx, "refused", folder, "--callback", r.redirect.URL)
	}},
	{"resent", func(ctx context.Context, r *recorder) error {
		if err := r.toTheEnd(ctx, "resent", folder, "--callback", r.receiver.URL); err != nil {
			return err
		}
		var list contract.TaskList
		if err := r.starter(ctx, &list, "batch", "list", "--instance", "resent"); err != nil {
			return err
		}
		return r.starter(ctx, nil, "batch", "callback", strconv.FormatInt(list.Tasks[0].ID, 10), "--resend")
	}},
	{"terminated", func(ctx context.Context, r *recorder) error {
		return r.underway(ctx, "terminated", func(int64) error {
			return r.temporal.TerminateWorkflow(ctx, contract.BatchTaskWorkflowID("terminated"), "", "recorded")
		})
	}},
	{"unread", func(ctx context.Context, r *recorder) error {
		return r.underway(ctx, "unread", func(task int64) error {
			sent := map[string]any{"task_id": task, "by": "recorder"}
			if err := r.temporal.SignalWorkflow(ctx, contract.BatchTaskWorkflowID("unread"), "", contract.Cancel.Name, sent); err != nil {
				return err
			}
			return r.await(ctx, "the task shows the signal", func(ctx context.Context) (bool, error) {
				status, err := r.status(ctx, "unread")
				return status.Unread != "", err
			})
		})
	}},
	{"reportless", func(ctx context.Context, r *recorder) error {
		failing := ossserver.Fault{Pattern: stack.ResultsBucket + "/*report*", Status: http.StatusInternalServerError}
		if _, err := r.stack.OSS.SetFaults(ctx, slowly, failing); err != nil {
			return err
		}
		if err := r.start(ctx, "reportless", folder); err != nil {
			return err
		}
		if err := r.closed(ctx, contract.BatchTaskWorkflowID("reportless")); err != nil {
			return err
		}
		if _, err := r.stack.OSS.SetFaults(ctx, slowly); err != nil {
			return err
		}
		return r.ended(ctx, "reportless")
	}},
	{"started", func(ctx context.Context, r *recorder) error {
		if err := r.create(ctx, "started"); err != nil {
			return err
		}
		if err := r.startAs(ctx, "schedule-1", contract.StartBatchTask.Name, "started"); err != nil {
			return err
		}
		if err := r.startAs(ctx, "schedule-2", contract.StartBatchTask.Name, "started"); err != nil { // names the running one
			return err
		}
		return r.ended(ctx, "started")
	}},
	{"misnamed", func(ctx context.Context, r *recorder) error {
		return r.startAs(ctx, "nightly-import", contract.BatchTask.Name, "started")
	}},
}
