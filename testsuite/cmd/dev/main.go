// Command dev runs the whole system on this machine until it is interrupted:
// Temporal with its web UI, the development object store and one worker. What
// it keeps lies in the state folder; started again on the same folder it goes
// on where it stopped.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"imagebatch/testsuite/stack"
)

func main() {
	bin := flag.String("bin", "bin", "folder with the programs")
	state := flag.String("state", "var/dev", "folder for everything that is kept")
	images := flag.String("images", "", "folder of pictures to put into the object store")
	flag.Parse()
	stack.Main("dev", func(ctx context.Context) error { return run(ctx, *bin, *state, *images, os.Stdout) })
}

func run(ctx context.Context, bin, state, images string, out io.Writer) error {
	fmt.Fprintln(out, "starting Temporal, the object store and a worker ...")
	s, err := stack.Start(ctx, stack.Options{State: state, Bin: bin, Usual: true})
	if err != nil {
		return err
	}
	fmt.Fprint(out, s.Describe())
	if images != "" {
		if err := upload(ctx, s, images, filepath.Join(state, "images"), out); err != nil {
			return errors.Join(err, s.Stop())
		}
	}
	fmt.Fprintln(out, "\nrunning; Ctrl-C stops it")
	<-ctx.Done()
	fmt.Fprintln(out, "\nstopping: the worker commits what it has in hand")
	return s.Stop()
}
