package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/fanout"
)

// Progress of a chunk is worth a signal every tenth slice, and a task some
// 2,000 of them in all: each costs nine events, in the chunk and in its task.
const (
	progressSlices  = 10
	progressPerTask = 2000
)

// maxRepeats bounds how often a chunk runs slices again that came back unfinished
// although nobody stopped them, as happens when a worker is drained. Beyond it
// they go back to the task.
const maxRepeats = 64

// Chunk runs a group of slices, a few at a time and in order. A recall makes it
// return early with what is not done. Cancel acts as an urgent recall: a chunk
// whose task is gone commits what is in hand and closes.
func Chunk(ctx workflow.Context, in contract.ChunkInput) (contract.ChunkResult, error) {
	if err := in.Sizes.Validate(); err != nil {
		return contract.ChunkResult{}, asFailure(err)
	}
	c := &chunk{in: in, slices: make([]contract.SliceResult, len(in.Slices))}
	for at, slice := range in.Slices {
		c.slices[at].Slice = slice
		c.queue = append(c.queue, at)
	}
	if err := workflow.SetQueryHandler(ctx, contract.ChunkStatusQuery.Name, c.status); err != nil {
		return contract.ChunkResult{}, err
	}
	live, _ := workflow.NewDisconnectedContext(ctx)
	c.running, c.cancel = workflow.WithCancel(live)
	workflow.GoNamed(ctx, "cancel", func(ctx workflow.Context) {
		ctx.Done().Receive(ctx, nil)
		c.canceled = true
		c.recall(contract.Recall{Now: true})
	})
	return c.run(live)
}

// chunk is the state of a Chunk. Slices are known by their position in the input.
type chunk struct {
	in       contract.ChunkInput
	slices   []contract.SliceResult
	queue    []int // to be started
	flying   int
	whole    int
	repeats  int
	recalled bool
	canceled bool // by Temporal
	exceeded bool // more lines of the task have failed than may
	failure  error

	running workflow.Context // of the slices
	cancel  workflow.CancelFunc
}

func (c *chunk) run(ctx workflow.Context) (contract.ChunkResult, error) {
	inFlight := c.in.Sizes.SlicesInFlight
	if inFlight <= 0 {
		inFlight = fanout.DefaultSlicesInFlight
	}
	recalls := workflow.GetSignalChannel(ctx, contract.RecallChunk.Name)
	events := workflow.NewSelector(ctx)
	events.AddReceive(recalls, func(recalls workflow.ReceiveChannel, _ bool) {
		var recall contract.Recall
		recalls.Receive(ctx, &recall)
		c.recall(recall)
	})
	for {
		for !c.recalled && c.flying < inFlight && len(c.queue) > 0 {
			c.start(ctx, events)
		}
		c.show(ctx)
		if c.flying == 0 {
			break
		}
		events.Select(ctx)
	}
	for recalls.ReceiveAsync(nil) { // none is left to obey, none shall look lost
	}
	if c.failure != nil {
		return contract.ChunkResult{}, asFailure(c.failure)
	}
	return c.result(), nil
}

// start runs the first slice of the queue.
func (c *chunk) start(ctx workflow.Context, events workflow.Selector) {
	at := c.queue[0]
	c.queue = c.queue[1:]
	c.flying++
	slice := c.in.Slices[at]
	first := c.in.List.FirstLine(slice)
	summary := fmt.Sprintf("slice %d/%d: fetch → validate → featurize → index, lines %d–%d",
		slice+1, c.in.List.Slices, first, first+int64(c.in.List.LinesOf(slice))-1)
	future := workflow.ExecuteActivity(slicing(c.running, summary), contract.Slice.Name, contract.SliceInput{
		Task: c.in.Task, Slice: slice, List: c.in.List, MaxFailures: c.in.MaxFailures,
	})
	events.AddFuture(future, func(future workflow.Future) {
		var result contract.SliceResult
		err := future.Get(ctx, &result)
		c.flying--
		c.landed(ctx, at, result, err)
	})
}

// landed takes the result of a slice.
func (c *chunk) landed(ctx workflow.Context, at int, result contract.SliceResult, err error) {
	switch {
	case err != nil && c.recalled && !final(err):
		// Cut off: what it committed is in the ledger, and counted when it goes on.
	case err != nil:
		if c.failure == nil {
			c.failure = err
		}
		c.recall(contract.Recall{Now: true})
	case result.Whole:
		c.slices[at].Whole, c.slices[at].Tally = true, result.Tally
		c.whole++
		c.tell(ctx)
	default:
		c.slices[at].Tally = result.Tally
		if c.repeats < maxRepeats && !result.Exceeded {
			c.repeats++
			c.queue = append(c.queue, at)
		}
	}
	if result.Exceeded || c.failedTooOften() {
		c.exceeded = true
		c.recall(contract.Recall{Now: true})
	}
}

// failedTooOften reports whether the chunk's own lines leave its task no hope.
// The task would find out by itself, but some slices later.
func (c *chunk) failedTooOften() bool {
	return c.in.FailuresLeft != nil && c.progress().Tally.Failed > *c.in.FailuresLeft
}

// final reports whether a slice failed for its own reasons, not because its
// cancellation kept it from being tried again.
func final(err error) bool {
	var refused *temporal.ApplicationError
	return errors.As(err, &refused) && refused.NonRetryable()
}

// recall starts no more slices; an urgent one also stops those in flight.
func (c *chunk) recall(recall contract.Recall) {
	c.recalled = true
	if recall.Now {
		c.cancel()
	}
}

// tell reports progress to the task, now and then. Nobody waits for its arrival:
// the task may be gone, and the result says it all again.
func (c *chunk) tell(ctx workflow.Context) {
	parent := workflow.GetInfo(ctx).ParentWorkflowExecution
	every := max(progressSlices, c.in.List.Slices/progressPerTask)
	// After the first of so many slices, which shows soon that things move.
	due := c.whole%every == 1 && c.whole < len(c.slices)/every*every
	if parent == nil || c.recalled || !due {
		return
	}
	workflow.SignalExternalWorkflow(ctx, parent.ID, "", contract.ReportedChunk.Name, c.progress())
}

func (c *chunk) progress() contract.ChunkProgress {
	result := c.result()
	result.Whole.Add(result.Partial)
	return contract.ChunkProgress{Task: c.in.Task, Chunk: c.in.Chunk, Run: c.in.Run, Tally: result.Whole}
}

func (c *chunk) result() contract.ChunkResult {
	result := contract.ChunkResult{Canceled: c.canceled, Exceeded: c.exceeded}
	for _, slice := range c.slices {
		if slice.Whole {
			result.Whole.Add(slice.Tally)
			continue
		}
		result.Unfinished = append(result.Unfinished, slice.Slice)
		result.Partial.Add(slice.Tally)
	}
	return result
}

func (c *chunk) status() (contract.ChunkStatus, error) {
	return contract.ChunkStatus{ChunkProgress: c.progress(), Slices: len(c.slices), Whole: c.whole}, nil
}

// show keeps the details in the web UI current. They cost no event.
func (c *chunk) show(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d of %d slices whole, %d in flight", c.whole, len(c.slices), c.flying))
}
