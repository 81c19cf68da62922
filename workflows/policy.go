package workflows

import (
	"fmt"

	"imagebatch/workflows/contract"
)

// broken is how a task is closed whose engine failed. Too many failed lines are
// counted now that every chunk has returned.
func (t *task) broken() contract.Ending {
	failure := t.engine.Failure()
	if !contract.IsCode(failure, contract.CodeTooManyFailures) {
		return t.failed(failure)
	}
	allowed, _ := t.maxFailures.Of(t.list.Lines)
	tally := t.tally()
	tally.Failed = max(tally.Failed, allowed+1) // the ledger has counted them, if not every chunk could tell
	return t.failed(contract.Errorf(contract.CodeTooManyFailures, "%s", tooManyFailures(tally, t.list.Lines, allowed)))
}

// tooManyFailures says how many lines failed, how many were allowed, and which
// code dominated.
func tooManyFailures(tally contract.Tally, total, allowed int64) string {
	most := ""
	if codes := tally.CodesByCount(); len(codes) > 0 {
		which := "most of them"
		switch {
		case tally.Codes[codes[0]] == tally.Failed:
			which = "all of them"
		case tally.Codes[codes[0]]*2 <= tally.Failed:
			which = "most often"
		}
		most = fmt.Sprintf("; %s %s (%s)", which, codes[0], contract.Grouped(tally.Codes[codes[0]]))
	}
	return fmt.Sprintf("%s of %s lines failed, more than the limit of %s%s; what was done is kept",
		contract.Grouped(tally.Failed), contract.Grouped(total), contract.Grouped(allowed), most)
}
