package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"imagebatch/testsuite/stack"
)

// elsewhere is a namespace beside the one that the tasks run in.
const elsewhere = "elsewhere"

// makeElsewhere makes the other namespace.
func (t *torture) makeElsewhere(ctx context.Context) error {
	_, err := t.temporal.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: elsewhere, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	if _, there := err.(*serviceerror.NamespaceAlreadyExists); err != nil && !there {
		return fmt.Errorf("make the namespace %s: %w", elsewhere, err)
	}
	return nil
}

// strayWorker starts a worker on the database that was told the wrong namespace.
// It must not come to work: there it would find none of the tasks' workflows, and
// take all of them for dead.
func (c *mischief) strayWorker(_ context.Context, _ *rand.Rand) error {
	c.server.Lock() // a worker waits for a server that is away
	defer c.server.Unlock()
	c.crew.hire.Lock()
	defer c.crew.hire.Unlock()
	stray, err := c.stack.StartWorker(stack.Settings{"TEMPORAL_NAMESPACE": elsewhere})
	switch {
	case err == nil:
		stray.Kill()
		c.figures.violation("a worker of another namespace came to work on the database")
	case !strings.Contains(err.Error(), elsewhere): // it ended for another reason, and had no chance to stray
		c.figures.tell("a worker of another namespace did not come so far: %v", err)
	default:
		c.figures.fault("workers of another namespace", 1)
	}
	return nil
}
