package manifest

import "imagebatch/workflows/contract"

// Operation is what a line asks for.
type Operation string

// The operations.
const (
	Add    Operation = "ADD"
	Delete Operation = "DELETE"
)

// Entry is one line of a manifest. Optional fields are nil when absent.
type Entry struct {
	Operation     Operation
	ProductID     string
	PicName       string // empty on a Delete of the whole product
	CustomContent *string
	CategoryID    *int
	IntAttrs      [4]*int32
	StrAttrs      [4]*string
	Crop          *bool
	Region        *Region

	// CategoryPredicted says that CategoryID was guessed, and not given by anyone.
	CategoryPredicted bool
	// Source is where the picture is, when the line says so and Rules follow it.
	Source *Source
}

// DeletesProduct reports whether the entry removes every picture of a product.
func (e Entry) DeletesProduct() bool { return e.Operation == Delete && e.PicName == "" }

// Region is a rectangle in pixels of a picture: X1 ≤ x < X2 and Y1 ≤ y < Y2.
type Region struct{ X1, X2, Y1, Y2 int }

// Problem is why a line cannot be used. It names the code, says what is wrong
// and what to write instead.
type Problem struct {
	Code    contract.Code
	Message string
	// Entry holds what could be read before the problem, for the report.
	Entry Entry
}

// Error is the code and the message.
func (p *Problem) Error() string { return string(p.Code) + ": " + p.Message }
