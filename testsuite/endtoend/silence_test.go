package endtoend_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// questions are the workflows of operations that Temporal lists.
func questions(t *testing.T, temporal client.Client, operation string) int {
	t.Helper()
	list, err := temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: client.DefaultNamespace, PageSize: 1000, Query: fmt.Sprintf("WorkflowType = '%s'", operation),
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Executions)
}

// signals are what a workflow has been sent, oldest first.
func signals(t *testing.T, temporal client.Client, workflowID string) (names []string) {
	t.Helper()
	history := temporal.GetWorkflowHistory(t.Context(), workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			t.Fatal(err)
		}
		if sent := event.GetWorkflowExecutionSignaledEventAttributes(); sent != nil && sent.GetSignalName() != contract.ReportedChunk.Name {
			names = append(names, sent.GetSignalName())
		}
	}
	return names
}

// Following a task leaves the list of workflows as it is, and a wish is with
// Temporal before any worker is asked, even one that is frozen.
func TestFollowingAndStoppingNeedNoWorkflowOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, nil)
	temporal := temporalClient(t, s)
	createInstance(t, s, "quiet")
	shelf(t, s, "quiet", 4000, nil)
	start(t, s, exitDone, "quiet", "quiet")
	if asked := questions(t, temporal, contract.ListTasks.Name); asked > 2 {
		t.Errorf("following a task started %d workflows", asked)
	}

	id := begun(t, s, "quiet", "quiet")
	before := questions(t, temporal, contract.ListTasks.Name)
	worker := s.Workers[0]
	if err := worker.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	a := must(t, s, exitDone, "batch", "cancel", fmt.Sprint(id))
	if sent := signals(t, temporal, contract.BatchTaskWorkflowID("quiet")); len(sent) != 1 || sent[0] != "cancel" {
		t.Errorf("signals %v; want the cancel, though nobody could answer", sent)
	}
	if !strings.Contains(a.stdout, "signalled; no worker has confirmed it yet") {
		t.Errorf("a frozen worker has answered: %q", a.stdout)
	}
	must(t, s, exitDone, "batch", "cancel", fmt.Sprint(id)) // and once more
	if asked := questions(t, temporal, contract.ListTasks.Name); asked != before {
		t.Errorf("cancel started %d workflows", asked-before)
	}
	if err := worker.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	must(t, s, exitStopped, "batch", "watch", fmt.Sprint(id))
	conserved(t, task(t, s, id))
	must(t, s, exitUsage, "batch", "cancel", "0")
	must(t, s, exitError, "batch", "cancel", fmt.Sprint(id), "--output", "json")
	must(t, s, exitError, "batch", "start", "nobody", "--bucket", stack.Bucket, "--path", "quiet", "--wait")
}
