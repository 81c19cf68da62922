package main

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"

	"imagebatch/workflows/contract"
)

// setback is what holds a task up: nobody is there to run its steps, a step was
// paused in Temporal, or one fails again and again. Temporal goes on by itself;
// what is wrong is for a person to mend. The zero value is none.
type setback struct {
	Step     string    `json:"step,omitempty"` // name of the activity, or of the workflow where that is stuck
	Failures int32     `json:"failures,omitempty"`
	Cause    string    `json:"cause,omitempty"`  // of the last failure, or why it was paused
	Next     time.Time `json:"next,omitzero"`    // when it is tried again; zero while that is under way
	Paused   string    `json:"paused,omitempty"` // command that lets a paused step go on
	Queue    string    `json:"queue,omitempty"`  // task queue that no worker polls
	// Moving says that other steps are under way, so that lines may get done.
	Moving bool `json:"moving,omitempty"`
	// Stuck says that the workflow itself fails, which answers nobody until it does not.
	Stuck bool `json:"stuck,omitempty"`
}

// found reports whether there is a setback.
func (s setback) found() bool { return s.Failures > 0 || s.Paused != "" || s.Queue != "" }

// stops reports whether nothing can move because of it.
func (s setback) stops() bool { return s.found() && !s.Moving }

// kind is the same for as long as nothing new is to be said.
func (s setback) kind() string {
	if s.Failures > 0 && s.Paused == "" && s.Queue == "" {
		return s.Cause
	}
	return s.Queue + s.Paused
}

// String is one line, in which only the cause comes from elsewhere.
func (s setback) String() string {
	switch {
	case s.Queue != "":
		return fmt.Sprintf("no worker polls %s; start one with \"make dev\"", s.Queue)
	case s.Paused != "":
		text := s.Step + " is paused in Temporal"
		if s.Cause != "" {
			text += ", " + oneLine(s.Cause)
		}
		return text + "; let it go on with: " + s.Paused
	}
	return fmt.Sprintf("%s failed %s and is tried again: %s", s.Step, plural(int64(s.Failures), "time"), oneLine(s.Cause))
}

// Setback is what holds up the latest run of a workflow, or the chunks below it:
// that no worker polls comes first, then a workflow that is stuck, a paused step, and
// the step that has failed most often. It needs no worker.
func (t *temporalServer) Setback(ctx context.Context, workflowID string) (setback, error) {
	answer, err := t.sdk.DescribeWorkflowExecution(ctx, workflowID, "")
	if err != nil {
		return setback{}, t.explain(ctx, err)
	}
	queue := answer.GetExecutionConfig().GetTaskQueue().GetName()
	if queue == "" {
		queue = t.queue
	}
	p := pending{queues: map[string]bool{}, queue: queue}
	p.add(workflowID, answer.GetPendingActivities())
	if answer.GetPendingWorkflowTask().GetState() == enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED {
		p.queues[queue] = true
	}
	stuck := t.stuckRun(ctx, answer)
	for _, child := range answer.GetPendingChildren() {
		// One that ends in between has nothing that is held up.
		if answer, err := t.sdk.DescribeWorkflowExecution(ctx, child.GetWorkflowId(), child.GetRunId()); err == nil {
			p.add(child.GetWorkflowId(), answer.GetPendingActivities())
			if !stuck.found() {
				stuck = t.stuckRun(ctx, answer)
			}
		}
	}
	if p.moving == 0 {
		if unpolled := t.unpolled(ctx, p); unpolled != "" {
			return setback{Queue: unpolled}, nil
		}
	}
	worst := p.worst
	switch {
	case stuck.found():
		worst = stuck
	case p.paused.Paused != "":
		worst = p.paused
	}
	worst.Moving = worst.found() && p.moving > 0
	return worst, nil
}

// unpolled is a task queue on which steps wait and no worker asks for them.
func (t *temporalServer) unpolled(ctx context.Context, p pending) string {
	for _, queue := range []string{p.queue, contract.SliceQueue(p.queue)} {
		kind := enumspb.TASK_QUEUE_TYPE_ACTIVITY
		if queue == p.queue {
			kind = enumspb.TASK_QUEUE_TYPE_WORKFLOW // whoever serves one serves the other
		}
		if !p.queues[queue] {
			continue
		}
		if polled, err := t.polled(ctx, queue, kind, time.Time{}); err == nil && !polled {
			return queue
		}
	}
	return ""
}

// pending is what the steps of a task that have not ended tell.
type pending struct {
	queue  string          // of the workflow
	queues map[string]bool // on which something waits for a worker
	moving int             // steps that a worker has in hand
	worst  setback         // the step that failed most often
	paused setback
}

func (p *pending) add(workflowID string, steps []*workflowpb.PendingActivityInfo) {
	for _, step := range steps {
		name := step.GetActivityType().GetName()
		switch step.GetState() {
		case enumspb.PENDING_ACTIVITY_STATE_STARTED, enumspb.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED, enumspb.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED:
			p.moving++
		case enumspb.PENDING_ACTIVITY_STATE_SCHEDULED:
			queue := p.queue
			if name == contract.Slice.Name {
				queue = contract.SliceQueue(queue)
			}
			p.queues[queue] = true
		}
		failures := step.GetAttempt() - 1
		if step.GetLastFailure().GetApplicationFailureInfo().GetType() == contract.WorkerStopped {
			failures = 0 // another worker takes it on
		}
		found := setback{Step: name, Failures: failures, Cause: step.GetLastFailure().GetMessage()}
		if next := step.GetNextAttemptScheduleTime(); next != nil {
			found.Next = next.AsTime()
		}
		if step.GetLastFailure() != nil && failures > p.worst.Failures {
			p.worst = found
		}
		if step.GetPaused() && p.paused.Paused == "" {
			p.paused = setback{
				Step: name, Cause: pausedBy(step.GetPauseInfo()),
				Paused: fmt.Sprintf("temporal activity unpause --workflow-id %s --activity-id %s", workflowID, step.GetActivityId()),
			}
		}
	}
}

// pausedBy says who has paused a step, and why, as far as that is known.
func pausedBy(info *workflowpb.PendingActivityInfo_PauseInfo) string {
	manual := info.GetManual()
	text := ""
	if by := manual.GetIdentity(); by != "" {
		text = "by " + by
	}
	if why := manual.GetReason(); why != "" {
		text += ": " + why
	}
	return text
}
