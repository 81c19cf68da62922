// Command drill measures what faults cost, on the real system and within one run,
// on the same pictures:
//
//	poison      2 % of the lines name pictures that crash the decoder or make it
//	            eat memory, then a few that hang it, against the same lines clean
//	suspension  a run that is suspended, has everything killed and is resumed,
//	            against one that nobody interrupts
//	rolling     workers are replaced one after the other during a run
//
// Low figures are for their reader to judge. It exits non-zero only when something
// broke: a wrong count, a wrong line isolated, an index that is not what applying
// the lines in order gives.
//
// poison.go, suspension.go and rolling.go measure, run.go is what a run has to come
// to, figures.go shows.
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

	"go.temporal.io/sdk/client"

	"imagebatch/activities/store"
	"imagebatch/testsuite/stack"
	"imagebatch/testsuite/workload"
)

func main() {
	var d drill
	flag.StringVar(&d.bin, "bin", "bin", "folder with the programs")
	flag.StringVar(&d.state, "state", "var/drill", "folder for everything that is kept; emptied first")
	flag.StringVar(&d.images, "images", "", "folder of pictures instead of drawn ones")
	flag.StringVar(&d.out, "out", "", "file for the figures as JSON")
	flag.StringVar(&d.only, "only", "poison,suspension,rolling", "which measurements to make")
	flag.IntVar(&d.lines, "lines", 16_384, "lines of a clean run; the pictures are repeated as often as it takes")
	flag.IntVar(&d.rounds, "rounds", 2, "rounds of the poison measurement; its figures are medians")
	flag.IntVar(&d.hangs, "hangs", 12, "pictures that hang the decoder, in the run that has them")
	flag.DurationVar(&d.deadline, "deadline", 2*time.Second, "of decoding a picture")
	flag.DurationVar(&d.long, "long", 130*time.Second, "how long the run that is suspended would take")
	flag.IntVar(&d.replacements, "replacements", 10, "workers that are replaced during a run")
	flag.Var(&d.settings, "set", "NAME=VALUE of the workers' environment; may be repeated")
	flag.Parse()
	stack.Main("drill", d.run)
}

type drill struct {
	bin, state, images, out, only string
	lines, rounds, hangs          int
	deadline, long                time.Duration
	replacements                  int
	settings                      stack.Settings

	*ground
	work    workload.Workload
	figures Figures
}

// ground is a running system and the ways into it.
type ground struct {
	stack    *stack.Stack
	temporal client.Client
	ledger   *store.Store
}

// folder is where the pictures and the manifest of every run lie in the bucket.
const folder = "drill"

func (d *drill) run(ctx context.Context) error {
	if err := os.RemoveAll(d.state); err != nil {
		return fmt.Errorf("empty the state folder: %w", err)
	}
	if err := os.MkdirAll(d.state, 0o755); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	d.figures.Cores, d.figures.At = runtime.NumCPU(), time.Now()
	for _, measured := range []struct {
		name    string
		options func(context.Context) (stack.Options, error)
		run     func(context.Context) error
	}{
		{"poison", d.poisonable, d.measurePoison},
		{"suspension", d.asShipped(1), d.measureSuspension},
		{"rolling", d.asShipped(2), d.measureRolling},
	} {
		if !strings.Contains(d.only, measured.name) {
			continue
		}
		options, err := measured.options(ctx)
		if err != nil {
			return err
		}
		options.State, options.Bin = filepath.Join(d.state, measured.name), d.bin
		if err := d.on(ctx, options, measured.run); err != nil {
			return fmt.Errorf("measure %s: %w", measured.name, err)
		}
	}
	d.figures.print(os.Stdout)
	return stack.Save(d.out, d.figures)
}

// asShipped is a system of the product's own programs.
func (d *drill) asShipped(workers int) func(context.Context) (stack.Options, error) {
	return func(context.Context) (stack.Options, error) {
		return stack.Options{Workers: workers, Settings: d.settings}, nil
	}
}

// on runs a measurement on a system of its own, with the pictures in its bucket.
func (d *drill) on(ctx context.Context, options stack.Options, measure func(context.Context) error) (err error) {
	if d.ground, err = open(ctx, options); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.ground.close()) }()
	d.work, err = workload.Prepare(ctx, d.stack, folder, d.images, filepath.Join(d.state, "pictures"), d.lines)
	if err != nil {
		return err
	}
	return measure(ctx)
}

func open(ctx context.Context, options stack.Options) (g *ground, err error) {
	g = &ground{}
	if g.stack, err = stack.Start(ctx, options); err != nil {
		return nil, err
	}
	if g.temporal, err = g.stack.Dial(ctx); err == nil {
		g.ledger, err = store.Open(ctx, g.stack.Database())
	}
	if err != nil {
		return nil, errors.Join(err, g.close())
	}
	return g, nil
}

func (g *ground) close() error {
	if g.temporal != nil {
		g.temporal.Close()
	}
	err := g.stack.Stop()
	if g.ledger != nil {
		err = errors.Join(err, g.ledger.Close())
	}
	return err
}
