package main

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"imagebatch/workflows/contract"
)

var diskFull = setback{Step: "RunSlice", Failures: 3, Cause: "write to /data/index.db: the disk is full; free some space"}

func TestSetbackIsTheStepThatFailedMostOften(t *testing.T) {
	t.Parallel()
	step := func(name string, attempt int32, cause string) *workflowpb.PendingActivityInfo {
		info := &workflowpb.PendingActivityInfo{ActivityType: &commonpb.ActivityType{Name: name}, Attempt: attempt}
		if cause != "" {
			info.LastFailure = &failurepb.Failure{Message: cause}
			info.NextAttemptScheduleTime = timestamppb.New(began)
		}
		return info
	}
	rolledOut := step("ReadPlan", 9, "the worker stops")
	rolledOut.LastFailure.FailureInfo = &failurepb.Failure_ApplicationFailureInfo{
		ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: contract.WorkerStopped},
	}
	child := func(id string) *workflowpb.PendingChildExecutionInfo {
		return &workflowpb.PendingChildExecutionInfo{WorkflowId: id}
	}
	s := serve(t, frontend{"DescribeWorkflowExecution": func(request any) (any, error) {
		switch request.(*workflowservice.DescribeWorkflowExecutionRequest).GetExecution().GetWorkflowId() {
		case "batch-task.shop":
			return &workflowservice.DescribeWorkflowExecutionResponse{
				PendingActivities: []*workflowpb.PendingActivityInfo{step("SampleLedger", 2, "once"), rolledOut},
				PendingChildren:   []*workflowpb.PendingChildExecutionInfo{child("gone"), child("chunk")},
			}, nil
		case "chunk":
			return &workflowservice.DescribeWorkflowExecutionResponse{PendingActivities: []*workflowpb.PendingActivityInfo{
				step("RunSlice", 1, ""), step("RunSlice", 4, diskFull.Cause), step("RunSlice", 3, "less often"),
			}}, nil
		}
		return nil, serviceerror.NewNotFound("no such workflow")
	}})
	got, err := s.Setback(t.Context(), "batch-task.shop")
	want := diskFull
	want.Next = began
	if err != nil || got != want {
		t.Errorf("setback = %+v, error %v; want %+v", got, err, want)
	}
	if _, err := s.Setback(t.Context(), "gone"); err != errNoExecution {
		t.Errorf("error = %v, want %v", err, errNoExecution)
	}
}

func TestSetbackOfEveryKind(t *testing.T) {
	t.Parallel()
	const started, scheduled, paused = enumspb.PENDING_ACTIVITY_STATE_STARTED, enumspb.PENDING_ACTIVITY_STATE_SCHEDULED, enumspb.PENDING_ACTIVITY_STATE_PAUSED
	step := func(state enumspb.PendingActivityState, attempt int32, cause string) *workflowpb.PendingActivityInfo {
		info := &workflowpb.PendingActivityInfo{ActivityId: "5", ActivityType: &commonpb.ActivityType{Name: contract.Slice.Name}, State: state, Attempt: attempt, Paused: state == paused}
		if cause != "" {
			info.LastFailure = &failurepb.Failure{Message: cause}
		}
		if info.Paused {
			info.PauseInfo = &workflowpb.PendingActivityInfo_PauseInfo{PausedBy: &workflowpb.PendingActivityInfo_PauseInfo_Manual_{
				Manual: &workflowpb.PendingActivityInfo_PauseInfo_Manual{Identity: "ann@host", Reason: "the shop is closed"},
			}}
		}
		return info
	}
	const unpause = "temporal activity unpause --workflow-id batch-task.shop --activity-id 5"
	for name, test := range map[string]struct {
		reason string
		steps  []*workflowpb.PendingActivityInfo
		polled bool
		task   bool // of the workflow waits for a worker
		says   string
		stops  bool
	}{
		"Nothing":       {polled: true},
		"UnderWay":      {steps: []*workflowpb.PendingActivityInfo{step(started, 1, "")}, polled: true},
		"WaitsForASlot": {reason: "other tasks have the slots", steps: []*workflowpb.PendingActivityInfo{step(scheduled, 1, "")}, polled: true},
		"Paused": {steps: []*workflowpb.PendingActivityInfo{step(paused, 3, "once")}, polled: true, stops: true,
			says: "Slice is paused in Temporal, by ann@host: the shop is closed; let it go on with: " + unpause},
		"OnePaused": {reason: "others go on", steps: []*workflowpb.PendingActivityInfo{step(paused, 1, ""), step(started, 1, "")}, polled: true, stops: false,
			says: "Slice is paused in Temporal, by ann@host: the shop is closed; let it go on with: " + unpause},
		"PausedWithoutWorkers": {reason: "nothing waits for one", steps: []*workflowpb.PendingActivityInfo{step(paused, 1, "")}, stops: true,
			says: "Slice is paused in Temporal, by ann@host: the shop is closed; let it go on with: " + unpause},
		"Fails":        {steps: []*workflowpb.PendingActivityInfo{step(scheduled, 4, diskFull.Cause)}, polled: true, stops: true, says: "Slice failed 3 times and is tried again: " + diskFull.Cause},
		"OneFails":     {steps: []*workflowpb.PendingActivityInfo{step(scheduled, 4, diskFull.Cause), step(started, 1, "")}, polled: true, says: "Slice failed 3 times and is tried again: " + diskFull.Cause},
		"NoWorker":     {steps: []*workflowpb.PendingActivityInfo{step(scheduled, 4, "heartbeat timeout")}, stops: true, says: `no worker polls imagebatch-slices; start one with "make dev"`},
		"NoWorkerYet":  {task: true, stops: true, says: `no worker polls imagebatch; start one with "make dev"`},
		"WorkerAtWork": {reason: "one that has a step in hand is there", steps: []*workflowpb.PendingActivityInfo{step(started, 1, ""), step(scheduled, 1, "")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, frontend{
				"DescribeWorkflowExecution": func(any) (any, error) {
					answer := &workflowservice.DescribeWorkflowExecutionResponse{PendingActivities: test.steps}
					if test.task {
						answer.PendingWorkflowTask = &workflowpb.PendingWorkflowTaskInfo{State: enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED}
					}
					return answer, nil
				},
				"DescribeTaskQueue": func(any) (any, error) {
					answer := &workflowservice.DescribeTaskQueueResponse{}
					last := timestamppb.New(time.Now().Add(-10 * time.Minute))
					if test.polled {
						last = timestamppb.Now()
					}
					answer.Pollers = []*taskqueuepb.PollerInfo{{LastAccessTime: last}}
					return answer, nil
				},
			})
			got, err := s.Setback(t.Context(), "batch-task.shop")
			if err != nil || got.found() != (test.says != "") || got.found() && got.String() != test.says || got.stops() != test.stops {
				t.Errorf("setback = %+v, %v; want %q, nothing moves: %t; %s", got, err, test.says, test.stops, test.reason)
			}
		})
	}
}

// A task whose only step was paused has no rate, and no time left.
func TestNothingIsPromisedWhileNothingMoves(t *testing.T) {
	t.Parallel()
	paused := setback{Step: contract.Slice.Name, Paused: "temporal activity unpause"}
	live := contract.Status{
		Task: 12, State: contract.StateProcessing, Planned: true, Total: 2000, Rate: 282, ETA: 2,
		Tally: contract.Tally{Counts: contract.Counts{Succeeded: 1436}},
	}
	f := &fakeServer{
		operate: ledger(aTask(inState(contract.StateProcessing))),
		status:  func(string) (contract.Status, error) { return live, nil },
		setback: func(string) (setback, error) { return paused, nil },
	}
	if got := try(t, f, "batch get 12"); strings.Contains(got.stdout, "282/s") || !strings.Contains(got.stdout, "held up   Slice is paused in Temporal; let it go on with: temporal activity unpause\n") {
		t.Errorf("batch get:\n%s", got.stdout)
	}
	var view map[string]any
	if err := json.Unmarshal([]byte(try(t, f, "batch get 12 -o json").stdout), &view); err != nil || view["linesPerSecond"] != nil || view["etaSeconds"] != nil || view["heldUp"] == nil {
		t.Errorf("batch get as JSON: %v, %v", view, err)
	}
	paused.Moving = true
	if got := try(t, f, "batch get 12"); !strings.Contains(got.stdout, "282/s, 2s left") || !strings.Contains(got.stdout, "held up") {
		t.Errorf("batch get of a task in which other steps go on:\n%s", got.stdout)
	}
	live.State = contract.StateSuspended
	if got := try(t, f, "batch get 12"); strings.Contains(got.stdout, "held up") {
		t.Errorf("batch get of a suspended task:\n%s", got.stdout)
	}
}

func TestWatchPromisesNothingWhileNothingMoves(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		found setback
		want  string
	}{
		"Paused":  {setback{Step: contract.Slice.Name, Paused: "temporal activity unpause"}, "held up: Slice is paused in Temporal; let it go on with: temporal activity unpause\n"},
		"Unknown": {setback{}, "task 12 PROCESSING: 500/2,000 (25%), 0 failed\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := run12(30*time.Second, aTask())
			r.status = func(string) (contract.Status, error) {
				return contract.Status{
					Task: 12, State: contract.StateProcessing, Planned: true, Total: 2000, Rate: 282, ETA: 2,
					Tally: contract.Tally{Counts: contract.Counts{Succeeded: 500}},
				}, nil
			}
			r.setback = func(string) (setback, error) { return test.found, nil }
			got := try(t, &r.fakeServer, "batch watch 12")
			if !strings.HasPrefix(got.stderr, "task 12 PROCESSING: 500/2,000 (25%), 0 failed, 282/s, 5s left\n"+test.want) || strings.Count(got.stderr, " left") != 1 {
				t.Errorf("%s: standard error:\n%s\nwant one promise, then %q", name, got.stderr, test.want)
			}
		})
	}
}

func TestStillAfter(t *testing.T) {
	t.Parallel()
	for rate, want := range map[float64]time.Duration{0: 5 * time.Second, 282: 5 * time.Second, 12.8: 10 * time.Second, 2: 64 * time.Second, 0.01: 2 * time.Minute} {
		if got := stillAfter(rate); got != want {
			t.Errorf("stillAfter(%v) = %s, want %s", rate, got, want)
		}
	}
}

func TestWatchSaysWhatHoldsATaskUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := run12(40*time.Second, aTask())
		done := func() int64 { // stands still for 25 seconds
			since := time.Since(r.begin)
			if since > 5*time.Second {
				since = max(5*time.Second, since-25*time.Second)
			}
			return int64(since/time.Second) * 100
		}
		r.status = func(string) (contract.Status, error) {
			return contract.Status{
				Task: 12, State: contract.StateProcessing, Planned: true, Total: 2000, Rate: 100, ETA: float64(2000-done()) / 100,
				Tally: contract.Tally{Counts: contract.Counts{Succeeded: done()}},
			}, nil
		}
		asked := 0
		r.setback = func(id string) (setback, error) {
			if id != "batch-task.shop" {
				t.Errorf("asked about %q", id)
			}
			asked++
			found := diskFull
			found.Failures += int32(asked) // which is no news
			return found, nil
		}
		want := rows(
			"task 12 PROCESSING: 0/2,000 (0%), 0 failed, 100/s, 20s left",
			"task 12 PROCESSING: 200/2,000 (10%), 0 failed, 100/s, 18s left",
			"task 12 PROCESSING: 400/2,000 (20%), 0 failed, 100/s, 16s left",
			"task 12 PROCESSING: 500/2,000 (25%), 0 failed, 100/s, 15s left",
			"held up: RunSlice failed 4 times and is tried again: write to /data/index.db: the disk is full; free some space",
			"it gets on again",
			"task 12 PROCESSING: 600/2,000 (30%), 0 failed, 100/s, 14s left")
		if got := try(t, &r.fakeServer, "batch watch 12"); len(got.stderr) < len(want) || got.stderr[:len(want)] != want {
			t.Errorf("standard error:\n%s\nwant it to begin with:\n%s", got.stderr, want)
		}
		if asked > 5 {
			t.Errorf("asked %d times in 25 seconds", asked)
		}
	})
}

func TestGetSaysWhatHoldsATaskUp(t *testing.T) {
	t.Parallel()
	f := &fakeServer{
		operate: ledger(aTask(inState(contract.StateProcessing))),
		setback: func(string) (setback, error) { return diskFull, nil },
	}
	want := "held up   RunSlice failed 3 times and is tried again: " + diskFull.Cause + "\n"
	if got := try(t, f, "batch get 12"); !strings.Contains(got.stdout, want) {
		t.Errorf("standard output:\n%s\nwant a line %q", got.stdout, want)
	}
	f.operate = ledger(aTask())
	if got := try(t, f, "batch get 12"); strings.Contains(got.stdout, "held up") {
		t.Errorf("a task that has ended is held up:\n%s", got.stdout)
	}
}
