package main

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// stuckEvents are the youngest events of a history, among which the failure is.
const stuckEvents = 20

// stuckRun is a setback where a workflow itself fails, not one of its activities.
// Temporal tries such a step, a workflow task, again for ever, and answers no
// query meanwhile.
func (t *temporalServer) stuckRun(ctx context.Context, described *workflowservice.DescribeWorkflowExecutionResponse) setback {
	failures := described.GetPendingWorkflowTask().GetAttempt() - 1
	if failures < 1 {
		return setback{}
	}
	answer, err := t.sdk.WorkflowService().GetWorkflowExecutionHistoryReverse(ctx, &workflowservice.GetWorkflowExecutionHistoryReverseRequest{
		Namespace: t.namespace, Execution: described.GetWorkflowExecutionInfo().GetExecution(), MaximumPageSize: stuckEvents,
	})
	if err != nil {
		return setback{}
	}
	for _, event := range answer.GetHistory().GetEvents() { // the youngest first
		switch event.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
			return setback{}
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED: // the first of those in a row: the others are in no history
			failed := event.GetWorkflowTaskFailedEventAttributes()
			if failed.GetCause() == enumspb.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND { // a signal came in between: not a failure
				return setback{}
			}
			found := setback{Step: described.GetWorkflowExecutionInfo().GetType().GetName(), Failures: failures, Cause: failed.GetFailure().GetMessage(), Stuck: true}
			if failed.GetCause() == enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES {
				if lacks := t.checkAttributes(ctx); lacks != nil {
					found.Cause = lacks.Error()
				}
			}
			if found.Cause == "" {
				found.Cause = fmt.Sprintf("Temporal calls it %s", failed.GetCause())
			}
			return found
		}
	}
	return setback{}
}
