// Command bench measures the system against its parts, interleaved in one run on
// the same pictures, because a shared machine makes absolute times worthless:
//
//	a  libvips load with shrink-on-load and nothing else, on all cores
//	b  a plain loop over the same stage functions, without Temporal
//	c  the whole system, from batch start to SUCCESS
//	d  the naive design: the four stages as four activities a picture
//
// It also measures what must not grow: events for each line, and the memory of
// a worker; and how long searches of a large instance take. It exits non-zero only
// when something broke, never for a low figure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"imagebatch/activities"
	"imagebatch/testsuite/stack"
	"imagebatch/testsuite/workload"
)

func main() {
	var b bench
	flag.StringVar(&b.bin, "bin", "bin", "folder with the programs")
	flag.StringVar(&b.state, "state", "var/bench", "folder for everything that is kept; emptied first")
	flag.StringVar(&b.images, "images", "", "folder of pictures instead of drawn ones")
	flag.StringVar(&b.out, "out", "", "file for the figures as JSON")
	flag.IntVar(&b.lines, "lines", 12_288, "lines of a round; the pictures are repeated as often as it takes")
	flag.IntVar(&b.naive, "naive", 300, "pictures of a round of the naive design")
	flag.IntVar(&b.rounds, "rounds", 3, "rounds; the figures are medians")
	flag.BoolVar(&b.scale, "scale", true, "also measure events and memory of large tasks")
	flag.BoolVar(&b.search, "search", true, "also measure searches of a large instance")
	flag.Var(&b.settings, "set", "NAME=VALUE of the worker's environment; may be repeated")
	flag.StringVar(&b.only, "only", "abcd", "which measurements to make")
	flag.Parse()
	stack.Main("bench", b.run)
}

type bench struct {
	bin, state, images, out string
	lines, naive, rounds    int
	scale, search           bool
	only                    string
	settings                stack.Settings

	stack *stack.Stack
	work  workload.Workload
}

// folder is where the pictures of all measurements lie in the bucket.
const folder = "bench"

// limits are the same for the plain loops as for a worker.
func limits() activities.Limits { return activities.NewLimits(runtime.NumCPU()) }

func (b *bench) run(ctx context.Context) (err error) {
	if err := os.RemoveAll(b.state); err != nil {
		return fmt.Errorf("empty the state folder: %w", err)
	}
	b.stack, err = stack.Start(ctx, stack.Options{State: filepath.Join(b.state, "stack"), Bin: b.bin, Settings: b.settings})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stack.Stop()) }()
	if b.work, err = workload.Prepare(ctx, b.stack, folder, b.images, b.state, b.lines); err != nil {
		return err
	}
	if err := b.putManifest(ctx, folder, b.work.Lines, b.work.Add); err != nil {
		return err
	}
	fmt.Printf("%d lines over %d pictures, %d rounds, %d cores\n", b.work.Lines, len(b.work.Pictures), b.rounds, runtime.NumCPU())

	var figures Figures
	for round := range b.rounds {
		for _, measured := range []struct {
			name string
			run  func(context.Context, int) (Figure, error)
		}{{"a", b.loadOnly}, {"b", b.plainLoop}, {"c", b.wholeSystem}, {"d", b.naiveDesign}} {
			if !strings.Contains(b.only, measured.name) {
				continue
			}
			figure, err := measured.run(ctx, round)
			if err != nil {
				return fmt.Errorf("measure %s: %w", measured.name, err)
			}
			figures.add(measured.name, figure)
			fmt.Printf("round %d  %s  %8.1f pictures/s  %6.2f CPU-ms a picture\n", round+1, measured.name, figure.PerSecond, figure.CPUMillis)
		}
	}
	if b.scale {
		if figures.Scale, err = b.measureScale(ctx); err != nil {
			return fmt.Errorf("measure scale: %w", err)
		}
	}
	if b.search {
		if figures.Search, err = b.measureSearch(ctx); err != nil {
			return fmt.Errorf("measure searches: %w", err)
		}
	}
	figures.settle()
	figures.print(os.Stdout)
	figures.At = time.Now()
	return stack.Save(b.out, figures)
}
