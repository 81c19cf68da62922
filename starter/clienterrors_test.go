package main

import (
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// TestEndsFromOutsideSayWhereToLook is about workflows that were ended by others,
// and so had no chance to say why.
func TestEndsFromOutsideSayWhereToLook(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  *historypb.HistoryEvent
		want string
	}{
		"Terminated": {
			&historypb.HistoryEvent{
				EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
				Attributes: &historypb.HistoryEvent_WorkflowExecutionTerminatedEventAttributes{
					WorkflowExecutionTerminatedEventAttributes: &historypb.WorkflowExecutionTerminatedEventAttributes{},
				},
			},
			"its workflow was terminated; see: starter batch list, or ask again",
		},
		"Canceled": {
			&historypb.HistoryEvent{
				EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
				Attributes: &historypb.HistoryEvent_WorkflowExecutionCanceledEventAttributes{
					WorkflowExecutionCanceledEventAttributes: &historypb.WorkflowExecutionCanceledEventAttributes{},
				},
			},
			"its workflow was canceled; see: starter batch list, or ask again",
		},
		"TimedOut": {
			&historypb.HistoryEvent{
				EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
				Attributes: &historypb.HistoryEvent_WorkflowExecutionTimedOutEventAttributes{
					WorkflowExecutionTimedOutEventAttributes: &historypb.WorkflowExecutionTimedOutEventAttributes{},
				},
			},
			"its workflow timed out; see: starter batch list, or ask again",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, frontend{"GetWorkflowExecutionHistory": closedAs(test.end)})
			if _, err := s.Result(t.Context(), "batch-task.shop", "run"); err == nil || err.Error() != test.want {
				t.Errorf("error = %v, want %s", err, test.want)
			}
		})
	}
}
