package workflows

import (
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/fanout"
)

// BatchTask applies the increment.meta of a folder to an instance. It closes as
// Completed when every line has been handled, as Failed when the task itself
// could not go on, and as Canceled when it was stopped; the result is in all
// three.
//
// From the first step on nothing runs on the workflow's own context: cancel is
// one more way to ask for a stop, and stopping takes steps of its own.
func BatchTask(root workflow.Context, in contract.BatchTaskInput) (contract.BatchTaskResult, error) {
	t, err := open(root, in.Carried)
	if err != nil {
		return contract.BatchTaskResult{}, err
	}
	ctx, _ := workflow.NewDisconnectedContext(root)
	if err := validate(ctx, in); err != nil {
		return t.refuse(root, ctx, err)
	}
	if err := t.setBatchTask(root, in); err != nil {
		return t.refuse(root, ctx, err)
	}
	if err := ownID(root, in); err != nil {
		return t.refuse(root, ctx, err)
	}
	t.announce(ctx)

	if in.Carried == nil {
		if err := t.begin(ctx); err != nil {
			return t.refuse(root, ctx, err)
		}
		err := t.plan(ctx)
		switch {
		case t.gate.Stopping():
			return t.finish(root, ctx, t.stopped())
		case err != nil:
			return t.finish(root, ctx, t.failed(err))
		}
	}
	ending, again := t.work(ctx)
	if again {
		in.Sizes = t.sizes
		in.Carried = t.carry(root, ctx)
		return contract.BatchTaskResult{}, workflow.NewContinueAsNewError(ctx, contract.BatchTask.Name, in)
	}
	return t.finish(root, ctx, ending)
}

// errCarried refuses an input in which a stranger says where a task stands.
var errCarried = contract.Errorf(contract.CodeBadRequest, "the input has %q, which is between the runs of a task; leave it out", "carried")

// ownID refuses a run that has not the one id of its instance's tasks, by which
// Temporal keeps a second one from running beside it. Tasks that began before
// this was checked run on.
func ownID(root workflow.Context, in contract.BatchTaskInput) error {
	id, own := workflow.GetInfo(root).WorkflowExecution.ID, contract.BatchTaskWorkflowID(in.Instance)
	if id == own || in.Carried != nil {
		return nil
	}
	if workflow.GetVersion(root, "own-workflow-id", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	return contract.Errorf(contract.CodeBadRequest,
		"the workflow id is %q, but a batch task of instance %q runs as %q only, so that no two run at a time; start the workflow %s with the same input instead, under any id",
		printable(id, maxNote), in.Instance, own, contract.StartBatchTask.Name)
}

// setBatchTask takes the settings of a batch task. What was carried must come
// from a run before this one: anyone could write it into a first input.
func (t *task) setBatchTask(root workflow.Context, in contract.BatchTaskInput) error {
	if in.Carried != nil && workflow.GetInfo(root).ContinuedExecutionRunID == "" {
		return errCarried
	}
	path, err := contract.NormalizePath(in.Path)
	if err != nil {
		return err
	}
	t.spec = contract.BeginInput{
		Kind: contract.KindBatchTask, Instance: in.Instance, Bucket: in.Bucket, Path: path,
		Callback: in.Callback, RoleARN: in.RoleARN, FromRoot: in.FromRoot, Dump: in.Dump,
		MaxFailures: in.MaxFailures, MaxDeletes: in.MaxDeletes,
	}
	t.sizes, t.retry = in.Sizes, in.CallbackRetry
	t.maxFailures, t.maxDeletes = in.MaxFailures, in.MaxDeletes
	if carried := in.Carried; carried != nil {
		t.planned(carried.List, fanout.State{
			NextChunk: carried.NextChunk, Unfinished: carried.Unfinished, Whole: carried.Tally,
		})
	}
	return nil
}
