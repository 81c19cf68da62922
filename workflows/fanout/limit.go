package fanout

import "imagebatch/workflows/contract"

// errTooMany stops the engine when more lines have failed than the job allows.
// What it should say changes while chunks are called back, so that the task says
// it when they have.
var errTooMany = contract.Errorf(contract.CodeTooManyFailures, "more lines failed than the task allows")

// judge fails the job once more of its lines have failed than it allows. It is
// asked whenever counts have changed: a job whose last line is the one too many
// has failed as well.
func (e *Engine) judge() {
	if allowed, limited := e.allowed(); limited && e.Tally().Failed > allowed {
		e.fail(errTooMany)
	}
}

// failuresLeft is how many lines of a chunk may still fail, nil for any number.
// What other chunks have counted so far can only grow: a chunk that fails more
// has passed the limit, whatever becomes of them.
func (e *Engine) failuresLeft(chunk *openChunk) *int64 {
	allowed, limited := e.allowed()
	if !limited {
		return nil
	}
	left := max(0, allowed-(e.Tally().Failed-chunk.Partial.Failed))
	return &left
}

// maxFailures is how many lines of the job may fail, nil for any number.
func (e *Engine) maxFailures() *int64 {
	allowed, limited := e.allowed()
	if !limited {
		return nil
	}
	return &allowed
}

func (e *Engine) allowed() (int64, bool) { return e.job.MaxFailures.Of(e.job.List.Lines) }
