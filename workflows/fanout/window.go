package fanout

import (
	"errors"
	"fmt"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// maxLost is how often a chunk may be ended from outside, by an operator in the
// web UI for instance, before the task gives up on it.
const maxLost = 3

// maxTaken is how many workflow ids of a chunk may be in use already. After a
// reset of the task the chunks of the runs that the reset undid may be open.
const maxTaken = 20

// urgency is how a chunk has been asked to stop.
type urgency int

const (
	never urgency = iota
	soon
	now
)

// openChunk is a chunk that is running. Partial is what it has told so far.
type openChunk struct {
	contract.UnfinishedChunk
	id     string
	future workflow.ChildWorkflowFuture // nil until it has started
	asked  urgency
}

// OpenChunks are the workflow ids of the chunks that are running.
func (e *Engine) OpenChunks() []string {
	ids := make([]string, 0, len(e.open))
	for _, chunk := range e.open {
		if chunk.future != nil {
			ids = append(ids, chunk.id)
		}
	}
	return ids
}

// launch starts the next chunk and leaves a coroutine waiting for it.
func (e *Engine) launch(ctx workflow.Context) {
	next, ok := e.state.take(e.job)
	if !ok {
		return
	}
	chunk := &openChunk{UnfinishedChunk: next}
	e.open = append(e.open, chunk)
	workflow.GoNamed(ctx, "chunk", func(ctx workflow.Context) {
		result, err := e.run(ctx, chunk)
		e.close(ctx, chunk, result, err)
	})
}

// run runs a chunk under the first run number whose workflow id is free.
func (e *Engine) run(ctx workflow.Context, chunk *openChunk) (result contract.ChunkResult, err error) {
	for range maxTaken {
		chunk.Run++
		chunk.id = contract.ChunkWorkflowID(workflow.GetInfo(ctx).WorkflowExecution.ID, e.job.Task, chunk.Chunk, chunk.Run)
		future := workflow.ExecuteChildWorkflow(e.options(ctx, chunk), contract.Chunk.Name, contract.ChunkInput{
			Task: e.job.Task, Chunk: chunk.Chunk, Run: chunk.Run, Slices: chunk.Slices,
			List: e.job.List, Sizes: e.job.Sizes, Instance: e.job.Instance,
			FailuresLeft: e.failuresLeft(chunk), MaxFailures: e.maxFailures(),
		})
		err = future.GetChildWorkflowExecution().Get(ctx, nil)
		if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			continue
		}
		if err == nil {
			chunk.future = future
			ask(ctx, chunk)
			err = future.Get(ctx, &result)
		}
		return result, err
	}
	return result, fmt.Errorf("start chunk %d: %d workflow ids up to %q are taken; end those workflows and start the task again: %w", chunk.Chunk, maxTaken, chunk.id, err)
}

// options of a chunk. It is asked to cancel, not terminated, when its task is
// gone: then it commits what is in hand. There is no timeout, because a chunk
// waits for workers as long as it takes.
func (e *Engine) options(ctx workflow.Context, chunk *openChunk) workflow.Context {
	first, last := chunk.Slices[0], chunk.Slices[len(chunk.Slices)-1]
	summary := fmt.Sprintf("chunk %d/%d of %s: %d slices, lines %d–%d", chunk.Chunk+1, e.job.Chunks(), e.job.Instance,
		len(chunk.Slices), e.job.List.FirstLine(first), e.job.List.FirstLine(last)+int64(e.job.List.LinesOf(last))-1)
	if chunk.Run > 1 {
		summary += fmt.Sprintf(", run %d", chunk.Run)
	}
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            chunk.id,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		WaitForCancellation:   true,
		StaticSummary:         summary,
	})
}

// unasked reports whether an open chunk has not been asked that urgently.
func (e *Engine) unasked(how urgency) bool {
	return slices.ContainsFunc(e.open, func(chunk *openChunk) bool { return chunk.asked < how })
}

// recall asks every open chunk to stop. One that has not started is asked as
// soon as it has.
func (e *Engine) recall(ctx workflow.Context, how contract.Recall) {
	asked := soon
	if how.Now {
		asked = now
	}
	for _, chunk := range e.open {
		if chunk.asked < asked {
			chunk.asked = asked
			ask(ctx, chunk)
		}
	}
}

// ask sends the recall. Nobody waits for its delivery: it fails only when the
// chunk has just closed, and then its result is on the way.
func ask(ctx workflow.Context, chunk *openChunk) {
	if chunk.future == nil || chunk.asked == never {
		return
	}
	chunk.future.SignalChildWorkflow(ctx, contract.RecallChunk.Name, contract.Recall{Now: chunk.asked == now})
}

// heard takes what an open chunk tells. Reports of runs that are over, those that
// overtook each other, and those of a task that had the workflow id before, change
// nothing.
func (e *Engine) heard(ctx workflow.Context, report contract.ChunkProgress) {
	if report.Task != 0 && report.Task != e.job.Task {
		return
	}
	at := slices.IndexFunc(e.open, func(chunk *openChunk) bool {
		return chunk.Chunk == report.Chunk && chunk.Run == report.Run
	})
	if at < 0 || report.Tally.Done() < e.open[at].Partial.Done() {
		return
	}
	e.open[at].Partial = e.known(ctx, e.open[at].Partial, report.Tally)
	e.judge()
	e.changed(ctx)
}

// close takes a chunk's result. What is not whole goes on in another run.
func (e *Engine) close(ctx workflow.Context, chunk *openChunk, result contract.ChunkResult, err error) {
	e.open = slices.DeleteFunc(e.open, func(other *openChunk) bool { return other == chunk })
	e.closed++
	switch {
	case err == nil:
		e.state.Whole.Add(result.Whole)
		chunk.Slices = result.Unfinished
		chunk.Partial = e.left(ctx, chunk.Partial, result)
		if len(chunk.Slices) > 0 && chunk.asked == never && canceled(ctx, result) {
			chunk.Lost++
		}
		if result.Exceeded {
			e.fail(errTooMany) // the ledger says so; other chunks may not have told all yet
		}
	case endedFromOutside(err):
		chunk.Lost++
	default:
		e.fail(err)
	}
	if len(chunk.Slices) > 0 {
		e.state.putBack(chunk.UnfinishedChunk)
	}
	e.judge()
	if chunk.Lost > maxLost {
		e.fail(temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("chunk %d was ended from outside %d times; find out by whom and start the task again", chunk.Chunk, chunk.Lost),
			string(contract.CodeInternalError), nil))
	}
	e.changed(ctx)
}

// left is what the unfinished slices of a chunk have to show.
func (e *Engine) left(ctx workflow.Context, before contract.Tally, result contract.ChunkResult) contract.Tally {
	if len(result.Unfinished) == 0 {
		return contract.Tally{}
	}
	return e.known(ctx, before.Less(result.Whole), result.Partial)
}

// known is what some slices have to show, by what was known and what has been told
// of them: of each count the larger one. A chunk that was recalled before it came
// to a slice again has seen nothing of what that has done.
func (e *Engine) known(ctx workflow.Context, before, told contract.Tally) contract.Tally {
	both := before.Most(told)
	// Search attributes follow what is done: a run that let it fall goes on so.
	if both.Done() != told.Done() && workflow.GetVersion(ctx, "counts-never-fall", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return told
	}
	return both
}

// canceled reports whether a chunk that was not asked to stop was canceled from
// outside. It also stops on its own: when the task's limit of failures is passed,
// and when workers were drained too often. Chunks did not always say which.
func canceled(ctx workflow.Context, result contract.ChunkResult) bool {
	if result.Canceled || result.Exceeded {
		return result.Canceled
	}
	return workflow.GetVersion(ctx, "chunks-tell-cancel", workflow.DefaultVersion, 1) == workflow.DefaultVersion
}

// fail keeps the first failure.
func (e *Engine) fail(err error) {
	if e.failure == nil {
		e.failure = err
	}
}

// endedFromOutside reports whether a chunk was terminated, canceled or timed
// out, none of which says anything about its slices.
func endedFromOutside(err error) bool {
	var (
		refused    *temporal.ApplicationError
		terminated *temporal.TerminatedError
	)
	if errors.As(err, &refused) {
		return false
	}
	return errors.As(err, &terminated) || temporal.IsCanceledError(err) || temporal.IsTimeoutError(err)
}
