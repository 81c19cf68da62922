package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// crew is the worker processes. Whoever does something to one takes it out of
// the crew first, so that nobody else picks it.
type crew struct {
	stack    *stack.Stack
	temporal client.Client

	mu   sync.Mutex
	free []*stack.Process
	hire sync.Mutex // one at a time: the stack keeps count
}

func newCrew(s *stack.Stack, temporal client.Client) *crew {
	return &crew{stack: s, temporal: temporal, free: append([]*stack.Process(nil), s.Workers...)}
}

// hand is a slice that a worker has in hand, as far as Temporal knows.
type hand struct {
	worker   *stack.Process
	chunk    string // workflow id
	activity string
}

// take takes a worker with a slice in hand out of the crew; with an instance, a
// slice of that instance. It is nil where there is none.
func (c *crew) take(ctx context.Context, r *rand.Rand, instance string) (*hand, error) {
	hands, err := c.hands(ctx, instance)
	if err != nil || len(hands) == 0 {
		return nil, err
	}
	chosen := hands[r.IntN(len(hands))]
	c.mu.Lock()
	defer c.mu.Unlock()
	for n, worker := range c.free {
		if worker == chosen.worker {
			c.free = append(c.free[:n:n], c.free[n+1:]...)
			return &chosen, nil
		}
	}
	return nil, nil
}

// give puts a worker into the crew.
func (c *crew) give(worker *stack.Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, worker)
}

// replace starts a worker in the place of one that is gone.
func (c *crew) replace() error {
	c.hire.Lock()
	defer c.hire.Unlock()
	worker, err := c.stack.StartWorker(nil)
	if err != nil {
		return err
	}
	c.give(worker)
	return nil
}

// hands are the slices in hand of free workers.
func (c *crew) hands(ctx context.Context, instance string) (hands []hand, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	open, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", contract.Chunk.Name), PageSize: 100,
	})
	if err != nil {
		return nil, fmt.Errorf("list open chunks: %w", err)
	}
	c.mu.Lock()
	workers := map[string]*stack.Process{}
	for _, worker := range c.free {
		workers[strconv.Itoa(worker.PID())] = worker
	}
	c.mu.Unlock()
	for _, execution := range open.GetExecutions() {
		id := execution.GetExecution().GetWorkflowId()
		if instance != "" && !strings.HasPrefix(id, contract.BatchTaskWorkflowID(instance)+".") {
			continue
		}
		started, err := c.started(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, activity := range started {
			pid, _, _ := strings.Cut(activity.GetLastWorkerIdentity(), "@")
			if worker := workers[pid]; worker != nil {
				hands = append(hands, hand{worker: worker, chunk: id, activity: activity.GetActivityId()})
			}
		}
	}
	return hands, nil
}

// started are the slices of a chunk that a worker has begun.
func (c *crew) started(ctx context.Context, chunk string) (slices []*workflowpb.PendingActivityInfo, err error) {
	answer, err := c.temporal.DescribeWorkflowExecution(ctx, chunk, "")
	if err != nil {
		return nil, fmt.Errorf("describe chunk %s: %w", chunk, err)
	}
	for _, activity := range answer.GetPendingActivities() {
		if activity.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED && activity.GetActivityType().GetName() == contract.Slice.Name {
			slices = append(slices, activity)
		}
	}
	return slices, nil
}

// held reports whether a worker that is dead or stopped still has its slice in
// hand: then it had it when that happened.
func (c *crew) held(ctx context.Context, h *hand) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	started, err := c.started(ctx, h.chunk)
	if err != nil {
		return false
	}
	for _, activity := range started {
		pid, _, _ := strings.Cut(activity.GetLastWorkerIdentity(), "@")
		if activity.GetActivityId() == h.activity && pid == strconv.Itoa(h.worker.PID()) {
			return true
		}
	}
	return false
}

// freeze stops a process in its tracks, but not while it holds up the others:
// writable reports whether the database still takes a transaction. The process
// is woken where it did not work out.
func freeze(ctx context.Context, worker *stack.Process, writable func(context.Context) bool) bool {
	for range 20 {
		if worker.Signal(syscall.SIGSTOP) != nil {
			return false
		}
		if writable(ctx) {
			return true
		}
		wake(worker)
		if !sleep(ctx, 20*time.Millisecond) {
			return false
		}
	}
	return false
}

func wake(worker *stack.Process) {
	worker.Signal(syscall.SIGCONT) // an error means that it has ended meanwhile
}
