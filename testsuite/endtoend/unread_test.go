package endtoend_test

import (
	"fmt"
	"strings"
	"testing"

	"imagebatch/workflows/contract"
)

// Signals of people and services that write the task's number as text are
// obeyed; those that cannot be read are not, and show.
func TestSignalsAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "written")
	shelf(t, shared, "written", 3000, nil)
	id := begun(t, shared, "written", "written")
	workflow := contract.BatchTaskWorkflowID("written")
	signal := func(name, input string) {
		t.Helper()
		temporalCLI(t, shared, "workflow", "signal", "--workflow-id", workflow, "--name", name, "--input", input)
	}
	state := func() contract.State { return task(t, shared, id).State }

	signal("suspend", fmt.Sprintf(`{"taskId": "  %d ", "by": "ops"}`, id))
	eventually(t, "the task is suspended", func() bool { return state() == contract.StateSuspended })

	signal("cancel", fmt.Sprintf(`{"task_id": %d, "by": "stock-service"}`, id))
	const says = `cancel by stock-service was not obeyed: the key "task_id" is unknown`
	eventually(t, "the signal shows", func() bool { return strings.HasPrefix(task(t, shared, id).Unread, says) })
	if shown := must(t, shared, exitDone, "batch", "get", fmt.Sprint(id)).stdout; !strings.Contains(shown, says) || state() != contract.StateSuspended {
		t.Errorf("batch get shows\n%s", shown)
	}
	answer, err := temporalClient(t, shared).QueryWorkflow(t.Context(), workflow, "", contract.StatusQuery.Name)
	if err != nil {
		t.Fatal(err)
	}
	var status contract.Status
	if err := answer.Get(&status); err != nil || !strings.HasPrefix(status.Unread, says) {
		t.Errorf("status has %q, %v", status.Unread, err)
	}

	refused := finish(t, shared.TemporalCLI(t.Context(), "workflow", "update", "execute", "--workflow-id", workflow, "--name", "cancel", "--input", `{"taskId": [1]}`))
	if refused.exit == 0 || strings.Count(refused.stdout+refused.stderr, "no number of a task") != 1 {
		t.Errorf("the update was answered, exit status %d:\n%s%s", refused.exit, refused.stdout, refused.stderr)
	}

	signal("cancel", fmt.Sprintf(`{"taskId": "%d"}`, id))
	must(t, shared, exitStopped, "batch", "watch", fmt.Sprint(id))
	if ended := task(t, shared, id); !strings.HasPrefix(ended.Unread, says) {
		t.Errorf("the ended task no longer says what it could not read: %q", ended.Unread)
	}
	conserved(t, task(t, shared, id))
}
