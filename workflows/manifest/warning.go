package manifest

import (
	"fmt"

	"imagebatch/workflows/contract"
)

// Warning is something odd in a line that is understood nevertheless.
type Warning struct {
	Code    contract.Code
	Message string
}

// Codes of warnings. They are our own: the vendor has no warnings.
const (
	WarnUnknownField      contract.Code = "UnknownField"      // it is ignored
	WarnRepeatedField     contract.Code = "RepeatedField"     // the last one counts
	WarnOperationCase     contract.Code = "OperationCase"     // add for ADD
	WarnNumericName       contract.Code = "NumericName"       // a ProductId or PicName without quotes
	WarnAddress           contract.Code = "Address"           // a PicName of an ADD that is an address
	WarnSpecialCharacters contract.Code = "SpecialCharacters" // in a string attribute
	WarnSourceIgnored     contract.Code = "SourceIgnored"     // a line of a dump, in a task that is not told so
	WarnMore              contract.Code = "MoreWarnings"      // a line has too many to list
)

// maxWarnings is how many warnings of one line are listed.
const maxWarnings = 16

// warnings collects those of one line. Memory is bounded whatever the line holds.
type warnings struct {
	listed   []Warning
	unlisted int
}

func (w *warnings) add(code contract.Code, format string, args ...any) {
	if len(w.listed) == maxWarnings {
		w.unlisted++
		return
	}
	w.listed = append(w.listed, Warning{Code: code, Message: fmt.Sprintf(format, args...)})
}

func (w *warnings) list() []Warning {
	if w.unlisted == 0 {
		return w.listed
	}
	return append(w.listed, Warning{Code: WarnMore, Message: fmt.Sprintf("the line has %d more warnings", w.unlisted)})
}
