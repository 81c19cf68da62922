// Command record writes the histories that workflows are replayed on: it starts
// a stack, takes small tasks through every branch a workflow can take, and saves
// what Temporal kept of them.
//
// Run it (make record) on the code that is deployed, before a workflow is
// changed: the test of package workflows then says whether tasks that run there
// survive the change.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"go.temporal.io/sdk/client"

	"imagebatch/testsuite/receiver"
	"imagebatch/testsuite/stack"
)

func main() {
	var r recorder
	flag.StringVar(&r.bin, "bin", "bin", "folder with the programs")
	flag.StringVar(&r.state, "state", "var/record", "folder for everything that is kept; emptied first")
	flag.StringVar(&r.out, "out", "workflows/testdata/replay", "folder for the histories; those in it are replaced")
	flag.Parse()
	stack.Main("record", r.run)
}

type recorder struct {
	bin, state, out string

	stack    *stack.Stack
	temporal client.Client
	receiver *receiver.Receiver
}

func (r *recorder) run(ctx context.Context) (err error) {
	if err := os.RemoveAll(r.state); err != nil {
		return fmt.Errorf("empty the state folder: %w", err)
	}
	if r.stack, err = stack.Start(ctx, stack.Options{State: filepath.Join(r.state, "stack"), Bin: r.bin}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.stack.Stop()) }()
	r.temporal, err = r.stack.Dial(ctx)
	if err != nil {
		return err
	}
	defer r.temporal.Close()
	if r.receiver, err = receiver.Start(nil); err != nil {
		return err
	}
	defer r.receiver.Close()
	if err := r.prepare(ctx); err != nil {
		return err
	}
	for _, s := range scenarios {
		if err := s.run(ctx, r); err != nil {
			return fmt.Errorf("record %s: %w", s.name, err)
		}
	}
	return r.save(ctx)
}
