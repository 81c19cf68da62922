package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// sizes cut a task into many small pieces, so that every fault finds some.
var sizes = contract.Sizes{SliceLines: 64, ChunkSlices: 8, Window: 6, ContinueAfterChunks: 24}

const firstRetry = 200 * time.Millisecond // of callbacks

// byItsSchedule has the lane's schedule start a task, and another service at the
// same time: one of the two must be refused, and change nothing. It counts what
// it has asked the schedule for. One trigger is enough: of two within a second
// the schedule would make one, as the ids of its workflows end in a second.
func (l *lane) byItsSchedule(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	nightly := l.temporal.ScheduleClient().GetHandle(ctx, l.name)
	if _, err := nightly.Describe(ctx); isNotFound(err) {
		if err := l.makeSchedule(ctx); err != nil {
			return err
		}
	}
	if err := nightly.Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL}); err != nil {
		return fmt.Errorf("trigger the schedule %s: %w", l.name, err)
	}
	defer sleep(ctx, 2*time.Second) // a start takes its time; the next look sees it
	l.triggered++
	l.figures.fault("starts by schedules", 1)
	another := client.StartWorkflowOptions{ID: fmt.Sprintf("%s-service-%d", l.startID(), l.triggered), TaskQueue: contract.DefaultTaskQueue}
	if _, err := l.temporal.ExecuteWorkflow(ctx, another, contract.StartBatchTask.Name, l.startInput()); err != nil {
		return fmt.Errorf("start a task of %s as another service: %w", l.name, err)
	}
	l.figures.fault("starts by another service", 1)
	return nil
}

// scheduleIsQuiet reports whether every start that the schedule was asked for has
// had its answer: one that comes late would start a task that nobody follows.
func (l *lane) scheduleIsQuiet(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	nightly, err := l.temporal.ScheduleClient().GetHandle(ctx, l.name).Describe(ctx)
	if err != nil || nightly.Info.NumActions < l.triggered {
		return false
	}
	open, err := l.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: fmt.Sprintf("WorkflowId STARTS_WITH '%s-' AND ExecutionStatus = 'Running'", l.startID()),
	})
	return err == nil && open.GetCount() == 0
}

// startID is what the ids of the starts begin with.
func (l *lane) startID() string { return "nightly-" + l.name }

// makeSchedule makes a schedule that starts nothing by itself.
func (l *lane) makeSchedule(ctx context.Context) error {
	_, err := l.temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: l.name, Paused: true,
		Action: &client.ScheduleWorkflowAction{
			ID: l.startID(), Workflow: contract.StartBatchTask.Name, TaskQueue: contract.DefaultTaskQueue,
			Args: []any{l.startInput()},
		},
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return nil
	}
	return err
}

func (l *lane) startInput() contract.BatchTaskInput {
	return contract.BatchTaskInput{
		Instance: l.name, Bucket: stack.Bucket, Path: "/" + l.name, Callback: l.receiver.address, CallbackRetry: firstRetry, Sizes: sizes,
	}
}
