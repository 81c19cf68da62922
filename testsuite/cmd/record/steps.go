package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"imagebatch/testsuite/catalogue"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

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
	_, err = r.stack.OSS.SetFaults(ctx, slowly)
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
	if err := r.create(ctx, instance); err != nil {
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

func (r *recorder) create(ctx context.Context, instance string) error {
	return r.starter(ctx, nil, "instance", "create", instance, "--region", stack.Region)
}

// startAs starts a workflow about a task under an id of the caller's choice, and
// waits until it has closed, however it did.
func (r *recorder) startAs(ctx context.Context, id, workflow, instance string) error {
	_, err := r.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: contract.DefaultTaskQueue}, workflow,
		contract.BatchTaskInput{Instance: instance, Bucket: stack.Bucket, Path: folder,
			Sizes: contract.Sizes{SliceLines: 16, ChunkSlices: 8, SlicesInFlight: 2, Window: 2}})
	if err != nil {
		return err
	}
	return r.closed(ctx, id)
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

// closed waits until the latest run of a workflow has.
func (r *recorder) closed(ctx context.Context, id string) error {
	return r.await(ctx, id+" has closed", func(ctx context.Context) (bool, error) {
		described, err := r.temporal.DescribeWorkflowExecution(ctx, id, "")
		return described.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, err
	})
}
