// Command torture runs batch tasks while everything they stand on fails: workers
// are killed with slices in hand, stopped and woken; the Temporal server is
// killed and started again; the object store refuses, resets, cuts, delays and is
// hidden by pages; workers of another namespace come along; tasks are started by
// the starter and by schedules; pictures are replaced while they are read; the database is locked; the callback
// receiver is away; tasks are suspended, resumed, canceled and terminated. After
// each task it holds the index, the counts, the report and the callback against
// what the manifest alone says.
//
// The schedule of faults, the manifests and what befalls each task are drawn
// from a seed. Where in the work a fault strikes depends on the machine, so that
// a seed repeats a run in kind, not to the line.
//
// main.go sets up and sums up, lane.go runs tasks, fate.go is what befalls them,
// chaos.go, sleep.go, stray.go, fickle.go and crew.go are the faults; open.go, verify.go,
// report.go and again.go judge.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/testsuite/stack"
)

func main() {
	var t torture
	flag.StringVar(&t.bin, "bin", "bin", "folder with the programs")
	flag.StringVar(&t.state, "state", "var/torture", "folder for everything that is kept; emptied first")
	flag.StringVar(&t.out, "out", "", "file for the figures as JSON")
	flag.DurationVar(&t.duration, "duration", 10*time.Minute, "how long faults happen; the last tasks are stopped and judged after that")
	flag.Uint64Var(&t.seed, "seed", 1, "what everything is drawn from")
	flag.IntVar(&t.lines, "lines", 50_000, "lines of a task")
	flag.IntVar(&t.lanes, "instances", 2, "instances; each has one task at a time, and each task builds on the last one's index")
	flag.IntVar(&t.workers, "workers", 3, "worker processes")
	flag.Var(&t.settings, "set", "NAME=VALUE of the workers' environment; may be repeated")
	flag.Parse()
	stack.Main("torture", t.run)
}

type torture struct {
	bin, state, out string
	duration        time.Duration
	seed            uint64
	lines           int
	lanes, workers  int
	settings        stack.Settings

	address  string // of Temporal, the same after a kill
	stack    *stack.Stack
	temporal client.Client
	ledger   *store.Store
	objects  activities.Objects
	crew     *crew
	receiver *moody
	figures  figures
	end      time.Time // of the faults
}

// errViolated says that a promise was broken; which one has been printed.
var errViolated = errors.New("a promise was broken")

func (t *torture) run(ctx context.Context) (err error) {
	if err := os.RemoveAll(t.state); err != nil {
		return fmt.Errorf("empty the state folder: %w", err)
	}
	t.figures.start(t.seed, t.duration)
	if err := t.setUp(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.tearDown()) }()

	running, cancel := context.WithCancel(ctx)
	defer cancel()
	t.end = time.Now().Add(t.duration)
	broken := make(chan error, t.lanes+1) // what the torture itself cannot go on after
	var chaos, lanes sync.WaitGroup
	chaos.Go(func() {
		if err := t.chaos(running); err != nil {
			broken <- err
			cancel()
		}
	})
	for n := range t.lanes {
		lanes.Go(func() {
			l := newLane(t, n)
			if err := l.run(running); err != nil {
				broken <- fmt.Errorf("instance %s: %w", l.name, err)
				cancel()
			}
		})
	}
	lanes.Wait()
	cancel()
	chaos.Wait()
	close(broken)
	for failure := range broken {
		if !errors.Is(failure, context.Canceled) && !errors.Is(failure, errViolated) {
			err = errors.Join(err, failure)
		}
	}
	t.figures.print(os.Stdout)
	if err := t.figures.save(t.out); err != nil {
		return err
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && t.figures.violated() {
		return fmt.Errorf("%w; repeat with: make torture DURATION=%s SEED=%d; logs and files are kept in %s", errViolated, t.duration, t.seed, t.state)
	}
	return err
}

func (t *torture) setUp(ctx context.Context) (err error) {
	if t.stack, err = stack.Start(ctx, stack.Options{
		State: filepath.Join(t.state, "stack"), Bin: t.bin, Workers: t.workers, Settings: t.settings,
	}); err != nil {
		return err
	}
	t.address = t.stack.Temporal.Address
	if t.temporal, err = t.stack.Dial(ctx); err != nil {
		return errors.Join(err, t.stack.Stop())
	}
	if err := t.makeElsewhere(ctx); err != nil {
		return errors.Join(err, t.stack.Stop())
	}
	if t.ledger, err = store.Open(ctx, t.stack.Database()); err != nil {
		return errors.Join(err, t.stack.Stop())
	}
	if t.objects, err = t.stack.Objects(ctx); err != nil {
		return errors.Join(err, t.stack.Stop())
	}
	if t.receiver, err = startMoody(); err != nil {
		return errors.Join(err, t.stack.Stop())
	}
	t.crew = newCrew(t.stack, t.temporal)
	return nil
}

func (t *torture) tearDown() error {
	t.temporal.Close()
	t.receiver.close()
	return errors.Join(t.stack.Stop(), t.ledger.Close())
}

// over reports whether no new trouble is to begin.
func (t *torture) over() bool { return !time.Now().Before(t.end) }

// random is a source of its own for everything that draws, so that what one
// draws does not depend on when another does.
func (t *torture) random(of uint64) *rand.Rand { return rand.New(rand.NewPCG(t.seed, of)) }

// sleep waits, and reports whether the context still holds.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// between draws a duration.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)))
}
