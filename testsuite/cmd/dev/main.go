// Command dev runs the whole system on this machine until it is interrupted:
// Temporal with its web UI, the development object store and one worker. What
// it keeps lies in the state folder; started again on the same folder it goes
// on where it stopped.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"imagebatch/testsuite/stack"
)

func main() {
	bin := flag.String("bin", "bin", "folder with the programs")
	state := flag.String("state", "var/dev", "folder for everything that is kept")
	flag.Parse()
	stack.Main("dev", func(ctx context.Context) error { return run(ctx, *bin, *state, os.Stdout) })
}

func run(ctx context.Context, bin, state string, out io.Writer) error {
	fmt.Fprintln(out, "starting Temporal, the object store and a worker ...")
	s, err := stack.Start(ctx, stack.Options{State: state, Bin: bin, Usual: true})
	if err != nil {
		return err
	}
	fmt.Fprint(out, s.Describe())
	fmt.Fprintln(out, "\nrunning; Ctrl-C stops it")
	<-ctx.Done()
	fmt.Fprintln(out, "\nstopping: the worker commits what it has in hand")
	return s.Stop()
}
