package fanout

import (
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// Verdict is why Run returned. No chunk is open then.
type Verdict int

// The verdicts.
const (
	Done    Verdict = iota // every slice is whole
	Stopped                // the gate said so
	Failed                 // a chunk failed for good; Failure says how
	Rolling                // the run is long enough: continue as new with State
)

// Engine runs one job. It is for one workflow.
type Engine struct {
	job     Job
	gate    *Gate
	state   State
	open    []*openChunk // in the order they started
	closed  int          // chunks that ended in this run
	failure error
	changed func(workflow.Context)
}

// New prepares a job that stands where state says. The engine calls changed
// whenever its counts or its open chunks have changed.
func New(job Job, state State, gate *Gate, changed func(workflow.Context)) *Engine {
	return &Engine{job: job, gate: gate, state: state, changed: changed}
}

// Run starts chunks while the gate lets it, until one of the verdicts is
// reached. The context must be one that a cancel does not reach: stopping is
// the gate's business, and everything here has to be waited for.
func (e *Engine) Run(ctx workflow.Context) Verdict {
	reports := workflow.GetSignalChannel(ctx, contract.ReportedChunk.Name)
	workflow.GoNamed(ctx, "chunk-progress", func(ctx workflow.Context) {
		for {
			var report contract.ChunkProgress
			reports.Receive(ctx, &report)
			e.heard(ctx, report)
		}
	})
	e.judge()
	for {
		var next step
		_ = workflow.Await(ctx, func() bool {
			next = e.next(ctx)
			return next != wait
		})
		switch next {
		case start:
			e.launch(ctx)
		case recall:
			e.recall(ctx, contract.Recall{})
		case recallNow:
			e.recall(ctx, contract.Recall{Now: true})
		default:
			e.drain(ctx, reports)
			return verdicts[next]
		}
	}
}

// Failure is why the verdict was Failed.
func (e *Engine) Failure() error { return e.failure }

// State is what another run needs to go on, once Run has returned.
func (e *Engine) State() State { return e.state }

// Chunks is the number of chunks the work list is cut into.
func (e *Engine) Chunks() int { return e.job.Chunks() }

// Tally is what the task has to show so far.
func (e *Engine) Tally() contract.Tally {
	sum := e.state.tally()
	for _, chunk := range e.open {
		sum.Add(chunk.Partial)
	}
	return sum
}

// step is what the engine does next.
type step int

const (
	wait step = iota
	start
	recall
	recallNow
	done
	stopped
	failed
	roll
)

var verdicts = map[step]Verdict{done: Done, stopped: Stopped, failed: Failed, roll: Rolling}

// next decides, from nothing but what is known, so that the order in which
// things became known does not matter.
func (e *Engine) next(ctx workflow.Context) step {
	var (
		more    = e.state.more(e.job)
		halting = e.gate.Stopping() || e.failure != nil
		held    = halting || e.gate.Suspended()
		rolling = more && e.longEnough(ctx)
	)
	switch {
	case held && e.unasked(now):
		return recallNow
	case rolling && e.unasked(soon):
		return recall
	case more && !held && !rolling && len(e.open) < e.job.window():
		return start
	case len(e.open) > 0:
		return wait
	case e.gate.Stopping():
		return stopped
	case e.failure != nil:
		return failed
	case !more:
		return done
	case rolling:
		return roll
	}
	return wait
}

// longEnough reports whether the run should end for the sake of its history. A
// setting makes it so for tests; otherwise the server knows.
func (e *Engine) longEnough(ctx workflow.Context) bool {
	after := e.job.Sizes.ContinueAfterChunks
	return after > 0 && e.closed >= after || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// drain takes what progress signals are left: every chunk they could speak of
// has returned its result.
func (e *Engine) drain(ctx workflow.Context, reports workflow.ReceiveChannel) {
	var late contract.ChunkProgress
	for reports.ReceiveAsync(&late) {
		e.heard(ctx, late)
	}
}
