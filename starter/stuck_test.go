package main

import (
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// A workflow whose own steps fail answers no query: it must not look as if no
// worker were there.
func TestSetbackOfAStuckWorkflow(t *testing.T) {
	t.Parallel()
	event := func(kind enumspb.EventType) *historypb.HistoryEvent { return &historypb.HistoryEvent{EventType: kind} }
	failed := func(cause enumspb.WorkflowTaskFailedCause, message string) *historypb.HistoryEvent {
		return &historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED,
			Attributes: &historypb.HistoryEvent_WorkflowTaskFailedEventAttributes{WorkflowTaskFailedEventAttributes: &historypb.WorkflowTaskFailedEventAttributes{
				Cause: cause, Failure: &failurepb.Failure{Message: message},
			}},
		}
	}
	attributes := failed(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES, "BadSearchAttributes: ImageBatchPath is not defined")
	versions := failed(enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR, "[TMPRL1100] nondeterministic workflow")
	signaled := event(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)
	for name, test := range map[string]struct {
		attempt int32
		events  []*historypb.HistoryEvent // the youngest first
		says    string
	}{
		"Not":        {attempt: 1, events: []*historypb.HistoryEvent{attributes}},
		"Once":       {attempt: 2, events: []*historypb.HistoryEvent{attributes}, says: "BatchTask failed 1 time and is tried again: BadSearchAttributes: ImageBatchPath is not defined"},
		"Signaled":   {attempt: 2, events: []*historypb.HistoryEvent{failed(enumspb.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND, "UnhandledCommand")}},
		"Attributes": {attempt: 9, events: []*historypb.HistoryEvent{signaled, attributes}, says: "BatchTask failed 8 times and is tried again: BadSearchAttributes: ImageBatchPath is not defined"},
		"Versions":   {attempt: 3, events: []*historypb.HistoryEvent{versions}, says: "BatchTask failed 2 times and is tried again: [TMPRL1100] nondeterministic workflow"},
		"NoWords": {attempt: 4, events: []*historypb.HistoryEvent{failed(enumspb.WORKFLOW_TASK_FAILED_CAUSE_BAD_BINARY, "")},
			says: "BatchTask failed 3 times and is tried again: Temporal calls it BadBinary"},
		"WorkersKilled": {attempt: 5, events: []*historypb.HistoryEvent{event(enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT), attributes}},
		"LongAgo":       {attempt: 5, events: []*historypb.HistoryEvent{event(enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED), attributes}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, frontend{
				"DescribeWorkflowExecution": func(any) (any, error) {
					return &workflowservice.DescribeWorkflowExecutionResponse{
						WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
							Execution: &commonpb.WorkflowExecution{WorkflowId: "batch-task.shop", RunId: "run"}, Type: &commonpb.WorkflowType{Name: "BatchTask"},
						},
						PendingWorkflowTask: &workflowpb.PendingWorkflowTaskInfo{State: enumspb.PENDING_WORKFLOW_TASK_STATE_STARTED, Attempt: test.attempt},
					}, nil
				},
				"GetWorkflowExecutionHistoryReverse": func(request any) (any, error) {
					if run := request.(*workflowservice.GetWorkflowExecutionHistoryReverseRequest).GetExecution().GetRunId(); run != "run" {
						t.Errorf("history of the run %q", run)
					}
					return &workflowservice.GetWorkflowExecutionHistoryReverseResponse{History: &historypb.History{Events: test.events}}, nil
				},
			})
			got, err := s.Setback(t.Context(), "batch-task.shop")
			if err != nil || got.found() != (test.says != "") || got.found() && (got.String() != test.says || !got.Stuck || !got.stops()) {
				t.Errorf("setback = %+v, %v; want %q", got, err, test.says)
			}
		})
	}
}
