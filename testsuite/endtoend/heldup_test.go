package endtoend_test

import (
	"fmt"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"imagebatch/testsuite/ossserver"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// A task whose steps somebody has paused in Temporal says so, with the command
// that lets them go on, and promises no time that is left.
func TestPausedStepsAreToldAndNothingIsPromised(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, map[string]string{"IMAGEBATCH_SLICES": "1"})
	createInstance(t, s, "pauses")
	shelf(t, s, "pauses", 600, nil)
	temporal := temporalClient(t, s)
	if _, err := s.OSS.SetFaults(t.Context(), ossserver.Fault{Pattern: stack.Bucket + "/pauses/p*", DelayMS: 300}); err != nil {
		t.Fatal(err)
	}
	begun := decode[struct {
		Task int64 `json:"taskId"`
	}](t, must(t, s, exitDone, "batch", "start", "pauses", "--bucket", stack.Bucket, "--path", "/pauses",
		"--slice-lines", "16", "--chunk-slices", "8", "--window", "2", "--slices-in-flight", "4", "--output", "json"))
	number := fmt.Sprint(begun.Task)
	status := func() (status contract.Status) {
		t.Helper()
		answer, err := temporal.QueryWorkflow(t.Context(), contract.BatchTaskWorkflowID("pauses"), "", contract.StatusQuery.Name)
		if err == nil {
			err = answer.Get(&status)
		}
		if err != nil {
			t.Fatal(err)
		}
		return status
	}
	eventually(t, "it has a rate", func() bool { return status().Rate > 0 })

	// Slices come and go: those that are pending are paused until nothing moves.
	eventually(t, "its steps are paused", func() bool {
		for _, chunk := range status().Open {
			pauseAll(t, temporal, chunk)
		}
		return strings.Contains(starter(t, s, "batch", "get", number).stdout, "is paused in Temporal, by ops: the shop is closed; let it go on with: temporal activity unpause --workflow-id ")
	})
	eventually(t, "nothing is promised", func() bool {
		shown := must(t, s, exitDone, "batch", "get", number).stdout
		now := status()
		return !strings.Contains(shown, "left") && strings.Contains(shown, "held up") && now.Rate == 0 && now.ETA == -1
	})
}

// pauseAll pauses the steps of a workflow that are under way.
func pauseAll(t *testing.T, temporal client.Client, workflowID string) {
	t.Helper()
	described, err := temporal.DescribeWorkflowExecution(t.Context(), workflowID, "")
	if err != nil {
		return // it has ended
	}
	for _, step := range described.GetPendingActivities() {
		// One that has ended in between cannot be paused, nor need it be.
		_, _ = temporal.WorkflowService().PauseActivity(t.Context(), &workflowservice.PauseActivityRequest{
			Namespace: client.DefaultNamespace, Execution: &commonpb.WorkflowExecution{WorkflowId: workflowID},
			Activity: &workflowservice.PauseActivityRequest_Id{Id: step.GetActivityId()}, Identity: "ops", Reason: "the shop is closed",
		})
	}
}
