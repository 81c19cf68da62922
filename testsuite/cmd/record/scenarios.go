package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"imagebatch/testsuite/catalogue"
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
}

// prepare puts a folder into the object store, and slows reading it down, so
// that there is time to interrupt a task.
func (r *recorder) prepare(ctx context.Context) error {
	batch, err := catalogue.Random(1, lines, catalogue.Mix{Bad: true, Blank: true})
	if err != nil {
		return err
	}
	objects, err := r.stack.Objects(ctx)
	if err != nil {
		return err
	}
	batch.Pictures[contract.ManifestName] = batch.Manifest
	for name, content := range batch.Pictures {
		if err := objects.Put(ctx, stack.Bucket, folder+"/"+name, "application/octet-stream", bytes.NewReader(content)); err != nil {
			return err
		}
	}
	_, err = r.stack.OSS.SetFaults(ctx, ossserver.Fault{Pattern: stack.Bucket + "/" + folder + "/tiny/*", DelayMS: 250})
	return err
}

// toTheEnd runs a task that nobody interrupts.
func (r *recorder) toTheEnd(ctx context.Context, instance, folder string, more ...string) error {
	if err := r.start(ctx, instance, folder, more...); err != nil {
		return err
	}
	return r.ended(ctx, instance)
}

// underway starts a task, does something to it while it runs, and waits for its
// end.
func (r *recorder) underway(ctx context.Context, instance string, do func(task int64) error, more ...string) error {
	if err := r.start(ctx, instance, folder, more...); err != nil {
		return err
	}
	var status contract.Status
	if err := r.await(ctx, "lines are done and a chunk is open", func(ctx context.Context) (done bool, err error) {
		status, err = r.status(ctx, instance)
		return status.Done() > 0 && len(status.Open) > 0, err
	}); err != nil {
		return err
	}
	if err := do(status.Task); err != nil {
		return err
	}
	return r.ended(ctx, instance)
}

func (r *recorder) start(ctx context.Context, instance, folder string, more ...string) error {
	if err := r.starter(ctx, nil, "instance", "create", instance, "--region", stack.Region); err != nil {
		return err
	}
	arguments := append([]string{"batch", "start", instance, "--bucket", stack.Bucket, "--path", folder}, sizes...)
	return r.starter(ctx, nil, append(arguments, more...)...)
}

// ended waits until the ledger knows how the task ended and its report is
// written. Asking settles tasks that were terminated.
func (r *recorder) ended(ctx context.Context, instance string) error {
	return r.await(ctx, "the task has ended", func(ctx context.Context) (bool, error) {
		var list contract.TaskList
		if err := r.starter(ctx, &list, "batch", "list", "--instance", instance); err != nil || len(list.Tasks) == 0 {
			return false, err
		}
		task := list.Tasks[0]
		return task.State.Final() && task.ReportKey != "" && task.CallbackState != contract.CallbackPending, nil
	})
}

// update asks a task for a change. The starter would do, but it says who runs it
// and on which machine.
func (r *recorder) update(ctx context.Context, instance string, to contract.Update[contract.Control, contract.State], task int64) error {
	handle, err := r.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: contract.BatchTaskWorkflowID(instance), UpdateName: to.Name, WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{contract.Control{Task: task, Reason: "to be recorded", By: "recorder"}},
	})
	if err != nil {
		return err
	}
	return handle.Get(ctx, nil)
}

// signal asks a task for a change without waiting for its answer.
func (r *recorder) signal(ctx context.Context, instance string, to contract.Signal[contract.Control], task int64) error {
	return r.temporal.SignalWorkflow(ctx, contract.BatchTaskWorkflowID(instance), "", to.Name,
		contract.Control{Task: task, Reason: "to be recorded", By: "recorder"})
}

// held waits until a task is suspended and no chunk of it is open.
func (r *recorder) held(ctx context.Context, instance string) error {
	return r.await(ctx, "no chunk is open", func(ctx context.Context) (bool, error) {
		status, err := r.status(ctx, instance)
		return status.State == contract.StateSuspended && len(status.Open) == 0, err
	})
}

func (r *recorder) status(ctx context.Context, instance string) (status contract.Status, err error) {
	answer, err := r.temporal.QueryWorkflow(ctx, contract.BatchTaskWorkflowID(instance), "", contract.StatusQuery.Name)
	if err != nil {
		return status, err
	}
	return status, answer.Get(&status)
}

// starter runs the starter. What it prints as JSON goes into answer, which may
// be nil.
func (r *recorder) starter(ctx context.Context, answer any, arguments ...string) error {
	out, err := r.stack.Starter(ctx, append(arguments, "--output", "json")...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("starter %v: %w: %s", arguments, err, exit.Stderr)
	}
	if err != nil || answer == nil {
		return err
	}
	return json.Unmarshal(out, answer)
}

func (r *recorder) await(ctx context.Context, what string, holds func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		yes, err := holds(ctx)
		if err != nil || yes {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, ctx.Err())
		}
	}
}
