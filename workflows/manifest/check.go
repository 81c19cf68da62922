package manifest

import (
	"fmt"
	"io"

	"imagebatch/workflows/contract"
)

// Level is how bad a finding is.
type Level string

// The levels.
const (
	LevelError   Level = "error"   // the line cannot be used
	LevelWarning Level = "warning" // it can, but look at it
)

// Finding is something wrong with a line.
type Finding struct {
	Line      int64         `json:"line"`
	Level     Level         `json:"level"`
	Code      contract.Code `json:"code"`
	Message   string        `json:"message"`
	Operation Operation     `json:"OperationType,omitempty"`
	ProductID string        `json:"ProductId,omitempty"`
	PicName   string        `json:"PicName,omitempty"`
}

// Summary counts what a manifest holds. Lines = Adds + Deletes + Bad: blank lines
// are in none of the counts.
type Summary struct {
	Lines    int64 `json:"lines"`
	Adds     int64 `json:"adds"`
	Deletes  int64 `json:"deletes"`
	Bad      int64 `json:"bad"`
	Warnings int64 `json:"warnings"` // a line can have several
}

// Check reads a whole manifest as a batch task would, without looking at the
// pictures, and reports each thing that is wrong, in the order of lines. It stops
// at the first error of the reader or of report, with the counts so far. What is
// no manifest at all is refused with CodeInvalidManifest.
func Check(r io.Reader, rules Rules, report func(Finding) error) (Summary, error) {
	var summary Summary
	content, foreign := Recognize(r)
	if foreign != "" {
		return summary, contract.Errorf(contract.CodeInvalidManifest, "the manifest %s", foreign)
	}
	lines := NewScanner(content, Position{})
	for lines.Next() {
		line := lines.Line()
		if line.Blank {
			continue
		}
		if err := summary.check(line, rules, report); err != nil {
			return summary, fmt.Errorf("report line %d: %w", line.Number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return summary, fmt.Errorf("read manifest from line %d on: %w", lines.Position().Line, err)
	}
	return summary, nil
}

func (s *Summary) check(line Line, rules Rules, report func(Finding) error) error {
	s.Lines++
	var entry Entry
	var warnings []Warning
	var problem *Problem
	if line.TooLong {
		problem = TooLongProblem(line.Length)
	} else {
		entry, warnings, problem = Parse(line.Text, rules)
	}
	switch {
	case problem != nil:
		s.Bad++
		entry = problem.Entry
	case entry.Operation == Delete:
		s.Deletes++
	default:
		s.Adds++
	}
	finding := Finding{Line: line.Number, Operation: entry.Operation, ProductID: entry.ProductID, PicName: entry.PicName}
	if problem != nil {
		finding.Level, finding.Code, finding.Message = LevelError, problem.Code, problem.Message
		if err := report(finding); err != nil {
			return err
		}
	}
	finding.Level = LevelWarning
	for _, warning := range warnings {
		s.Warnings++
		finding.Code, finding.Message = warning.Code, warning.Message
		if err := report(finding); err != nil {
			return err
		}
	}
	return nil
}
