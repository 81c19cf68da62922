package workflows

import (
	"go.temporal.io/sdk/workflow"
)

// tightened is an input whose Validate has become stricter over time.
type tightened interface {
	// EarlierChecks are those of Validate that every run has passed.
	EarlierChecks() error
}

// validate checks the input of a workflow. A check that is younger than the
// workflow holds for runs that begin with it: one that has got past it before
// goes on, and replays.
func validate(ctx workflow.Context, in interface{ Validate() error }) error {
	err := in.Validate()
	older, ok := in.(tightened)
	if err == nil || !ok || older.EarlierChecks() != nil {
		return err
	}
	if workflow.GetVersion(ctx, "stricter input", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	return err
}
