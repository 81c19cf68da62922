// Command record writes the histories that workflows are replayed on: it starts
// a stack, takes small tasks through every branch a workflow can take, and saves
// what Temporal kept of them.
//
// Run it (make record) on the code that is deployed, before a workflow is
// changed: the test of package workflows then says whether tasks that run there
// survive the change. The version in the name of a history says which code it is
// from; what is there of a version is never replaced.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
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
	flag.StringVar(&r.out, "out", "workflows/testdata/replay", "folder for the histories")
	flag.StringVar(&r.version, "version", "v1", "version of the workflows, a part of the names of new histories")
	flag.Parse()
	stack.Main("record", r.run)
}

type recorder struct {
	bin, state, out, version string

	stack    *stack.Stack
	temporal client.Client
	receiver *receiver.Receiver
	redirect *receiver.Receiver // refuses every callback for good
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
	if r.redirect, err = receiver.Start(func(int) int { return http.StatusTemporaryRedirect }); err != nil {
		return err
	}
	defer r.redirect.Close()
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
