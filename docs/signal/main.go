// Command signal is how another service stops a batch task: it knows package
// contract and Temporal's client, and nothing else of imagebatch.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"imagebatch/workflows/contract"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: signal INSTANCE")
	}
	if err := stop(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// stop asks the running task of an instance where it stands, then cancels it.
// Naming the task keeps a late signal from hitting the instance's next one.
func stop(ctx context.Context, instance string) error {
	temporal, err := client.DialContext(ctx, envconfig.MustLoadDefaultClientOptions())
	if err != nil {
		return err
	}
	defer temporal.Close()

	id := contract.BatchTaskWorkflowID(instance)
	answer, err := temporal.QueryWorkflow(ctx, id, "", contract.StatusQuery.Name)
	if err != nil {
		return fmt.Errorf("ask %s for its status: %w", id, err)
	}
	var status contract.Status
	if err := answer.Get(&status); err != nil {
		return fmt.Errorf("read the status of %s: %w", id, err)
	}
	fmt.Printf("task %d is %s, %d of %d lines done\n", status.Task, status.State, status.Done(), status.Total)

	return temporal.SignalWorkflow(ctx, id, "", contract.Cancel.Name, contract.Control{
		Task: status.Task, Reason: "the shop has closed", By: "stock-service",
	})
}
