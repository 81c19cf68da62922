package main

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// runs asks Temporal which workflow runs are open.
type runs struct{ temporal client.Client }

// Open reports whether the latest run of the workflow is open and belongs to the
// chain that the first run began.
func (r runs) Open(ctx context.Context, workflowID, firstRunID string) (bool, error) {
	described, err := r.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if notFound := (*serviceerror.NotFound)(nil); errors.As(err, &notFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("describe workflow %s: %w", workflowID, err)
	}
	info := described.GetWorkflowExecutionInfo()
	if info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return false, nil
	}
	first := info.GetFirstRunId()
	if first == "" {
		first = info.GetExecution().GetRunId()
	}
	return first == firstRunID, nil
}
