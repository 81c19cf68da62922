// Command demo shows the system at work, unattended: it starts everything,
// draws a catalogue of pictures or takes a folder of the user's own, imports it
// with the starter, shows the report, searches by a picture and stops. What it
// shows it also checks: it exits 0 only when the counts, the report and the
// search are what the catalogue's plan says.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"imagebatch/testsuite/receiver"
	"imagebatch/testsuite/stack"
)

func main() {
	var d demo
	flag.StringVar(&d.bin, "bin", "bin", "folder with the programs")
	flag.StringVar(&d.state, "state", "var/demo", "folder for everything that is kept; emptied first")
	flag.StringVar(&d.images, "images", "", "folder of pictures to import instead of drawn ones")
	flag.BoolVar(&d.keep, "keep", false, "leave everything running at the end, until Ctrl-C")
	flag.Parse()
	stack.Main("demo", d.run)
}

type demo struct {
	bin, state, images string
	keep               bool

	stack *stack.Stack
	hooks *receiver.Receiver
}

// instance is the demo's instance, folder the one in the bucket.
const (
	instance = "demo"
	folder   = "shop/spring"
)

func (d *demo) run(ctx context.Context) (err error) {
	if err := os.RemoveAll(d.state); err != nil {
		return fmt.Errorf("empty the state folder: %w", err)
	}
	pictures := filepath.Join(d.state, "pictures")
	expected, err := d.prepare(pictures)
	if err != nil {
		return err
	}
	fmt.Println("starting Temporal, the object store and a worker ...")
	d.stack, err = stack.Start(ctx, stack.Options{State: d.state, Bin: d.bin, Usual: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stack.Stop()) }()
	if d.hooks, err = receiver.Start(nil); err != nil {
		return err
	}
	defer d.hooks.Close()

	start := time.Now()
	files, err := d.stack.Upload(ctx, pictures, folder)
	if err != nil {
		return err
	}
	fmt.Printf("uploaded %d files to oss://%s/%s in %s\n", files, stack.Bucket, folder, time.Since(start).Round(100*time.Millisecond))
	if err := d.show(ctx, expected); err != nil {
		return err
	}
	if !d.keep {
		fmt.Printf("\nall as expected. See it again, web UI included: make dev STATE=%s\n", d.state)
		return nil
	}
	fmt.Print("\nall as expected; everything keeps running until Ctrl-C\n", d.stack.Describe())
	<-ctx.Done()
	return nil
}
