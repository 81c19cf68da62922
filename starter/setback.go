package main

import (
	"context"
	"fmt"
	"time"

	workflowpb "go.temporal.io/api/workflow/v1"
)

// setback is a step of a task that fails again and again. Temporal tries it once
// more by itself; what is wrong is for a person to mend. The zero value is none.
type setback struct {
	Step     string    `json:"step"` // name of the activity
	Failures int32     `json:"failures"`
	Cause    string    `json:"cause"`         // of the last failure
	Next     time.Time `json:"next,omitzero"` // when it is tried again; zero while that is under way
}

// String is one line, in which only the cause comes from elsewhere.
func (s setback) String() string {
	return fmt.Sprintf("%s failed %s and is tried again: %s", s.Step, plural(int64(s.Failures), "time"), oneLine(s.Cause))
}

// Setback is the step that has failed most often, of the latest run of a workflow
// or of the chunks below it. It needs no worker.
func (t *temporalServer) Setback(ctx context.Context, workflowID string) (worst setback, err error) {
	answer, err := t.sdk.DescribeWorkflowExecution(ctx, workflowID, "")
	if err != nil {
		return setback{}, t.explain(ctx, err)
	}
	worst = worseOf(worst, answer.GetPendingActivities())
	for _, child := range answer.GetPendingChildren() {
		// One that ends in between has nothing that is held up.
		if answer, err := t.sdk.DescribeWorkflowExecution(ctx, child.GetWorkflowId(), child.GetRunId()); err == nil {
			worst = worseOf(worst, answer.GetPendingActivities())
		}
	}
	return worst, nil
}

func worseOf(worst setback, steps []*workflowpb.PendingActivityInfo) setback {
	for _, step := range steps {
		failures := step.GetAttempt() - 1
		if step.GetLastFailure() == nil || failures <= worst.Failures {
			continue
		}
		worst = setback{Step: step.GetActivityType().GetName(), Failures: failures, Cause: step.GetLastFailure().GetMessage()}
		if next := step.GetNextAttemptScheduleTime(); next != nil {
			worst.Next = next.AsTime()
		}
	}
	return worst
}
