package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
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
	child := func(id string) *workflowpb.PendingChildExecutionInfo {
		return &workflowpb.PendingChildExecutionInfo{WorkflowId: id}
	}
	s := serve(t, frontend{"DescribeWorkflowExecution": func(request any) (any, error) {
		switch request.(*workflowservice.DescribeWorkflowExecutionRequest).GetExecution().GetWorkflowId() {
		case "batch-task.shop":
			return &workflowservice.DescribeWorkflowExecutionResponse{
				PendingActivities: []*workflowpb.PendingActivityInfo{step("SampleLedger", 2, "once")},
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
