package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// broken is how a task is closed whose engine failed. Too many failed lines are
// counted now that every chunk has returned.
func (t *task) broken() contract.Ending {
	failure := t.engine.Failure()
	if !errors.Is(failure, &contract.Error{Code: contract.CodeTooManyFailures}) {
		return t.failed(failure)
	}
	allowed, _ := t.maxFailures.Of(t.list.Lines)
	return t.failed(contract.Errorf(contract.CodeTooManyFailures, "%s", tooManyFailures(t.tally(), t.list.Lines, allowed)))
}

// tooManyFailures says how many lines failed, how many were allowed, and which
// code dominated.
func tooManyFailures(tally contract.Tally, total, allowed int64) string {
	most := ""
	if codes := byCount(tally.Codes); len(codes) > 0 {
		which := "most of them"
		switch {
		case tally.Codes[codes[0]] == tally.Failed:
			which = "all of them"
		case tally.Codes[codes[0]]*2 <= tally.Failed:
			which = "most often"
		}
		most = fmt.Sprintf("; %s %s (%s)", which, codes[0], grouped(tally.Codes[codes[0]]))
	}
	return fmt.Sprintf("%s of %s lines failed, more than the limit of %s%s; what was done is kept",
		grouped(tally.Failed), grouped(total), grouped(allowed), most)
}

// byCount are codes by how often they occur, the most frequent first.
func byCount(counts map[contract.Code]int64) []contract.Code {
	codes := workflow.DeterministicKeys(counts)
	slices.SortStableFunc(codes, func(a, b contract.Code) int { return cmp.Compare(counts[b], counts[a]) })
	return codes
}
