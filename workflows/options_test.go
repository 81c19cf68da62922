package workflows_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows"
	"imagebatch/workflows/contract"
)

func TestPatience(t *testing.T) {
	t.Parallel()
	type patience struct {
		Queue             string
		Heartbeat         time.Duration
		Answers, Unending bool // waits for what a canceled attempt has to say; tries without end
		InAll             time.Duration
	}
	const beat = 30 * time.Second
	want := map[string]patience{
		contract.Begin.Name:           {Unending: true},
		contract.Plan.Name:            {Unending: true, Heartbeat: beat, Answers: true},
		contract.Slice.Name:           {Unending: true, Heartbeat: beat, Answers: true, Queue: "imagebatch-slices"},
		contract.End.Name:             {Unending: true},
		contract.WriteReport.Name:     {InAll: 10 * time.Second},
		contract.DeliverCallback.Name: {Unending: true, InAll: 72 * time.Hour},
		contract.RecordCallback.Name:  {Unending: true},
	}
	w, in := newWorld(t, 1000), input()
	w.runTask(in)
	env := w.newEnv()
	env.ExecuteWorkflow(contract.Callback.Name, contract.CallbackInput{Task: taskNumber})
	for name, want := range want {
		given := w.options[name]
		if len(given) == 0 {
			t.Errorf("%s did not run", name)
			continue
		}
		got := patience{
			Queue: given[0].TaskQueue, Heartbeat: given[0].HeartbeatTimeout, Answers: given[0].WaitForCancellation,
			Unending: given[0].RetryPolicy.MaximumAttempts == 0, InAll: given[0].ScheduleToCloseTimeout,
		}
		if got.Queue == contract.DefaultTaskQueue {
			got.Queue = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	settled := newWorld(t, 0)
	settled.noTasks = true
	env = settled.newEnv()
	env.ExecuteWorkflow(contract.SettleTerminated.Name, contract.Settlement{Task: taskNumber, Tried: true})
	if later := settled.options[contract.WriteReport.Name][0]; later.ScheduleToCloseTimeout != 24*time.Hour || later.RetryPolicy.MaximumAttempts != 0 || later.HeartbeatTimeout != beat {
		t.Errorf("a report that is written later: %+v", later)
	}
	for op, want := range map[string]patience{
		contract.SearchImage.Name:    {InAll: 2 * time.Minute},
		contract.CheckManifest.Name:  {InAll: 4 * time.Hour, Heartbeat: beat},
		contract.DeleteInstance.Name: {InAll: time.Hour, Heartbeat: beat},
	} {
		ask := newWorld(t, 0)
		env := ask.newEnv()
		workflows.BindOperation(env, contract.Operation[contract.Nothing, contract.Nothing]{Name: op},
			func(context.Context, contract.Nothing) (contract.Nothing, error) { return contract.Nothing{}, nil })
		env.ExecuteWorkflow(op, contract.Nothing{})
		got := patience{Heartbeat: ask.options[op][0].HeartbeatTimeout, InAll: ask.options[op][0].ScheduleToCloseTimeout}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", op, diff)
		}
	}
	summaries := func(options workflow.ActivityOptions) bool {
		return options.Summary == "slice 17/63: fetch → validate → featurize → index, lines 257–272"
	}
	if !slices.ContainsFunc(w.options[contract.Slice.Name], summaries) {
		t.Errorf("no slice says what it does, such as %q", w.options[contract.Slice.Name][0].Summary)
	}
}
