package endtoend_test

import (
	"fmt"
	"strings"
	"testing"

	"go.temporal.io/sdk/client"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// begun starts a task without waiting for its end and returns its id once some
// of its lines are done.
func begun(t *testing.T, s *stack.Stack, instance, folder string, more ...string) int64 {
	t.Helper()
	arguments := append([]string{"batch", "start", instance, "--bucket", stack.Bucket, "--path", folder, "--output", "json"}, more...)
	must(t, s, exitDone, arguments...)
	var id int64
	eventually(t, "the task is under way", func() bool {
		list := decode[contract.TaskList](t, must(t, s, exitDone, "batch", "list", "--instance", instance, "--output", "json"))
		if len(list.Tasks) == 0 || list.Tasks[0].State != contract.StateProcessing {
			return false
		}
		id = list.Tasks[0].ID
		return list.Tasks[0].Tally.Done() > 0
	})
	return id
}

// temporalClient speaks to Temporal as another service would.
func temporalClient(t *testing.T, s *stack.Stack) client.Client {
	t.Helper()
	temporal, err := client.Dial(client.Options{HostPort: s.Temporal.Address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(temporal.Close)
	return temporal
}

// canceledLines adds up the canceled ranges of a report.
func canceledLines(records []record) (lines int64) {
	for _, r := range records {
		if r.CanceledFrom > 0 {
			lines += r.CanceledTo - r.CanceledFrom + 1
		}
	}
	return lines
}

func TestSecondStartIsRefusedWithTheRunningTask(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "single")
	shelf(t, shared, "single", 3000, nil)
	id := begun(t, shared, "single", "single")
	a := must(t, shared, exitError, "batch", "start", "single", "--bucket", stack.Bucket, "--path", "single")
	if !strings.Contains(a.stderr, string(contract.CodeIncrementStatusError)) || !strings.Contains(a.stderr, fmt.Sprintf("task %d", id)) {
		t.Errorf("the refusal names neither code nor task %d: %s", id, a.stderr)
	}
	must(t, shared, exitDone, "batch", "cancel", fmt.Sprint(id))
	must(t, shared, exitStopped, "batch", "watch", fmt.Sprint(id))
}

func TestCancelKeepsWhatIsDoneAndReportsTheRest(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*testing.T, int64){
		"ByUpdate": func(t *testing.T, id int64) { must(t, shared, exitDone, "batch", "cancel", fmt.Sprint(id)) },
		"BySignal": func(t *testing.T, id int64) {
			workflow := contract.BatchTaskWorkflowID("cancel-BySignal")
			if err := temporalClient(t, shared).SignalWorkflow(t.Context(), workflow, "", contract.Cancel.Name, nil); err != nil {
				t.Fatal(err)
			}
		},
		"ByTemporal": func(t *testing.T, id int64) {
			workflow := contract.BatchTaskWorkflowID("cancel-ByTemporal")
			if err := temporalClient(t, shared).CancelWorkflow(t.Context(), workflow, ""); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hooks(t, nil)
			instance := "cancel-" + name
			createInstance(t, shared, instance)
			shelf(t, shared, instance, 4000, nil)
			id := begun(t, shared, instance, instance, "--callback", h.URL)
			stop(t, id)
			must(t, shared, exitStopped, "batch", "watch", fmt.Sprint(id))

			stopped := task(t, shared, id)
			conserved(t, stopped)
			if stopped.State != contract.StateStop || stopped.Tally.Succeeded == 0 || stopped.Tally.Canceled == 0 {
				t.Errorf("task %+v", stopped)
			}
			if got := canceledLines(report(t, shared, id)); got != stopped.Tally.Canceled {
				t.Errorf("the ranges of the report hold %d lines, %d were canceled", got, stopped.Tally.Canceled)
			}
			pictures := decode[contract.Instance](t, must(t, shared, exitDone, "instance", "get", instance, "--output", "json")).Pictures
			if pictures != stopped.Tally.Succeeded {
				t.Errorf("%d pictures are searchable, %d lines succeeded", pictures, stopped.Tally.Succeeded)
			}
			came := await(t, h, id)
			if came[0].Payload.Status != "FAIL" {
				t.Errorf("callback %s", came[0].Body)
			}
			// A late cancel that names the old task leaves the next one alone.
			next := begun(t, shared, instance, instance)
			must(t, shared, exitError, "batch", "cancel", fmt.Sprint(id))
			control := contract.Control{Task: id}
			if err := temporalClient(t, shared).SignalWorkflow(t.Context(), contract.BatchTaskWorkflowID(instance), "", contract.Cancel.Name, control); err != nil {
				t.Fatal(err)
			}
			must(t, shared, exitDone, "batch", "watch", fmt.Sprint(next))
		})
	}
}

func TestTerminatedTaskIsFoundClosedAndReported(t *testing.T) {
	t.Parallel()
	h := hooks(t, nil)
	createInstance(t, shared, "terminated")
	shelf(t, shared, "terminated", 4000, nil)
	id := begun(t, shared, "terminated", "terminated", "--callback", h.URL)
	workflow := contract.BatchTaskWorkflowID("terminated")
	if err := temporalClient(t, shared).TerminateWorkflow(t.Context(), workflow, "", "test"); err != nil {
		t.Fatal(err)
	}
	next := start(t, shared, exitDone, "terminated", "terminated")
	if next.Tally.Succeeded != 4000 {
		t.Errorf("next task %+v", next)
	}
	old := task(t, shared, id)
	conserved(t, old)
	if old.State != contract.StateStop || old.Code != contract.CodeTerminated {
		t.Errorf("old task %+v", old)
	}
	await(t, h, id)
	if got := canceledLines(report(t, shared, id)); got != old.Tally.Canceled {
		t.Errorf("the ranges of the report hold %d lines, %d were canceled", got, old.Tally.Canceled)
	}
}

func TestSuspendedTaskGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "suspends")
	shelf(t, shared, "suspends", 4000, nil)
	id := begun(t, shared, "suspends", "suspends")
	must(t, shared, exitDone, "batch", "suspend", fmt.Sprint(id))
	var held int64
	eventually(t, "nothing moves any more", func() bool {
		before := held
		held = task(t, shared, id).Tally.Done()
		return held == before
	})
	must(t, shared, exitDone, "batch", "resume", fmt.Sprint(id))
	must(t, shared, exitDone, "batch", "watch", fmt.Sprint(id))
	done := task(t, shared, id)
	conserved(t, done)
	if done.Tally.Succeeded != 4000 {
		t.Errorf("task %+v", done)
	}
}

func TestManifestChangedWhileRunningFailsTheTask(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "changed")
	shelf(t, shared, "changed", 6000, nil)
	h := hooks(t, nil)
	id := begun(t, shared, "changed", "changed", "--callback", h.URL)
	put(t, shared, "changed/"+contract.ManifestName, []byte(addLine(1)+"\n"))
	a := must(t, shared, exitError, "batch", "watch", fmt.Sprint(id))
	if !strings.Contains(a.stdout+a.stderr, "changed while the task ran") {
		t.Errorf("the cause is not named:\n%s%s", a.stdout, a.stderr)
	}
	failed := task(t, shared, id)
	conserved(t, failed)
	if failed.State != contract.StateFail || failed.Code != contract.CodeManifestChanged || failed.Tally.Succeeded == 0 {
		t.Errorf("task %+v", failed)
	}
	came := await(t, h, id)
	if came[0].Payload.Status != "FAIL" {
		t.Errorf("callback %s", came[0].Body)
	}
}
