package remains

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
)

// Histories visits every event of a workflow, of the runs it continued as and of
// their children.
func Histories(ctx context.Context, temporal client.Client, workflowID, runID string, visit func(*historypb.HistoryEvent)) error {
	type execution struct{ workflow, run string }
	for queue := []execution{{workflowID, runID}}; len(queue) > 0; queue = queue[1:] {
		history := temporal.GetWorkflowHistory(ctx, queue[0].workflow, queue[0].run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			event, err := history.Next()
			if err != nil {
				return fmt.Errorf("read history of %s: %w", queue[0].workflow, err)
			}
			visit(event)
			if next := event.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId(); next != "" {
				queue = append(queue, execution{queue[0].workflow, next})
			}
			if child := event.GetChildWorkflowExecutionStartedEventAttributes().GetWorkflowExecution(); child != nil {
				queue = append(queue, execution{child.GetWorkflowId(), child.GetRunId()})
			}
		}
	}
	return nil
}
