package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
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
// slice of that instance. It is nil where there is none, or where fewer workers
// would be left than are to be spared.
func (c *crew) take(ctx context.Context, r *rand.Rand, instance string, spare int) (*hand, error) {
	c.mu.Lock()
	free := slices.Clone(c.free)
	c.mu.Unlock()
	hands, err := c.hands(ctx, instance, free...)
	if err != nil || len(hands) == 0 {
		return nil, err
	}
	chosen := hands[r.IntN(len(hands))]
	c.mu.Lock()
	defer c.mu.Unlock()
	n := slices.Index(c.free, chosen.worker)
	if n < 0 || len(c.free) <= spare {
		return nil, nil
	}
	c.free = slices.Delete(c.free, n, n+1)
	return &chosen, nil
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

// hands are the slices that workers have in hand; with an instance, only slices
// of that instance.
func (c *crew) hands(ctx context.Context, instance string, of ...*stack.Process) (hands []hand, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	open, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", contract.Chunk.Name), PageSize: 100,
	})
	if err != nil {
		return nil, fmt.Errorf("list open chunks: %w", err)
	}
	for _, execution := range open.GetExecutions() {
		id := execution.GetExecution().GetWorkflowId()
		if instance != "" && !strings.HasPrefix(id, contract.BatchTaskWorkflowID(instance)+".") {
			continue
		}
		pending, err := c.pending(ctx, id)
		if err != nil {
			return nil, err
		}
		for slice, now := range pending {
			for _, worker := range of {
				if now == (activity{started: true, pid: worker.PID()}) {
					hands = append(hands, hand{worker: worker, chunk: id, activity: slice})
				}
			}
		}
	}
	// In a certain order, so that a seed chooses the same among the same.
	slices.SortFunc(hands, func(a, b hand) int {
		return cmp.Or(cmp.Compare(a.chunk, b.chunk), cmp.Compare(a.activity, b.activity))
	})
	return hands, nil
}

// activity is a slice that has been given to a worker, or waits for one.
type activity struct {
	started bool
	pid     int // of the worker that began it last
}

// pending are the slices of a chunk that are not done, by activity id.
func (c *crew) pending(ctx context.Context, chunk string) (map[string]activity, error) {
	answer, err := c.temporal.DescribeWorkflowExecution(ctx, chunk, "")
	if err != nil {
		return nil, fmt.Errorf("describe chunk %s: %w", chunk, err)
	}
	pending := map[string]activity{}
	for _, info := range answer.GetPendingActivities() {
		if info.GetActivityType().GetName() != contract.Slice.Name {
			continue
		}
		process, _, _ := strings.Cut(info.GetLastWorkerIdentity(), "@") // the SDK's own identity: pid@host@queue
		pid, _ := strconv.Atoi(process)                                 // 0 before a worker has it
		pending[info.GetActivityId()] = activity{started: info.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED, pid: pid}
	}
	return pending, nil
}

// held reports whether a worker that is dead or stopped still has its slice in
// hand: then it had it when that happened.
func (c *crew) held(ctx context.Context, h *hand) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	pending, err := c.pending(ctx, h.chunk)
	return err == nil && pending[h.activity] == (activity{started: true, pid: h.worker.PID()})
}

// waiting counts the slices that a worker had in hand and nobody else has begun.
func (c *crew) waiting(ctx context.Context, hands []hand) (waiting int) {
	chunks := map[string]map[string]activity{}
	for _, h := range hands {
		pending, asked := chunks[h.chunk]
		if !asked {
			var err error
			if pending, err = c.pending(ctx, h.chunk); err != nil && !isNotFound(err) {
				return len(hands) // nobody knows: the server may be coming up
			}
			chunks[h.chunk] = pending
		}
		if now, open := pending[h.activity]; open && !now.begunBeside(h.worker.PID()) {
			waiting++
		}
	}
	return waiting
}

// begunBeside reports whether another process than this has begun the slice.
func (a activity) begunBeside(pid int) bool { return a.started && a.pid != pid }
