package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"imagebatch/testsuite/stack"
	"imagebatch/testsuite/workload"
	"imagebatch/workflows/contract"
)

// everyth line is poisoned: 2 % of them.
const everyth = 50

// breaking are the orders of the run with poisoned pictures, in turn: each way to
// end a decoder, at each stage.
var breaking = []string{"header:abort", "pixels:memory", "pixels:abort", "header:memory"}

// hanging are those of the run whose pictures never come to an end.
var hanging = []string{"pixels:hang", "header:hang"}

// poisonable is a system whose workers obey poisoned pictures.
func (d *drill) poisonable(ctx context.Context) (stack.Options, error) {
	program, err := filepath.Abs(filepath.Join(d.state, "worker-poison"))
	if err != nil {
		return stack.Options{}, fmt.Errorf("build the worker with the tag poison: %w", err)
	}
	settings := stack.Settings{"IMAGEBATCH_IMAGING_DEADLINE": d.deadline.String()}
	maps.Copy(settings, d.settings)
	return stack.Options{Worker: program, Settings: settings}, stack.BuildPoisonable(ctx, program)
}

// measurePoison runs the same lines clean, with pictures that break the decoder
// and with pictures that hang it.
func (d *drill) measurePoison(ctx context.Context) error {
	tainted, err := d.plant(ctx, "broken", breaking, d.work.Lines/everyth)
	if err != nil {
		return err
	}
	stuck, err := d.plant(ctx, "hung", hanging, d.hangs)
	if err != nil {
		return err
	}
	d.figures.Poison = &PoisonFigures{
		Lines: d.work.Lines, Poisoned: len(tainted.planted), Hangs: len(stuck.planted), Deadline: d.deadline.Seconds(),
	}
	for round := range d.rounds {
		var took PoisonRound
		for _, run := range []struct {
			name string
			lot
			seconds *float64
		}{{"clean", lot{planted: clean}, &took.Clean}, {"broken", tainted, &took.Broken}, {"hung", stuck, &took.Hung}} {
			manifest, err := workload.Manifest(d.work.Lines, run.line(d.work))
			if err != nil {
				return err
			}
			task, err := d.ground.run(ctx, fmt.Sprintf("%s-%d", run.name, round), manifest, run.planted)
			if err != nil {
				return fmt.Errorf("run with pictures that are %s: %w", run.name, err)
			}
			*run.seconds = seconds(task)
			fmt.Printf("poison      round %d  %-6s  %6.1f s  %7.1f pictures/s\n", round+1, run.name, seconds(task), float64(d.work.Lines)/seconds(task))
		}
		d.figures.Poison.Rounds = append(d.figures.Poison.Rounds, took)
	}
	for _, worker := range d.stack.Workers {
		select {
		case <-worker.Ended():
			return fmt.Errorf("%s has ended; its log is %s", worker.Name, worker.Log)
		default:
		}
	}
	d.figures.Poison.settle(d.figures.Cores)
	return nil
}

// lot is poisoned pictures in the bucket and the lines they are planted at.
type lot struct {
	planted isolated
	names   map[int]string // of pictures, by line, from 0
}

// plant uploads poisoned pictures, each with bytes of its own, for lines that are
// spread evenly.
func (d *drill) plant(ctx context.Context, name string, orders []string, count int) (lot, error) {
	objects, err := d.stack.Objects(ctx)
	if err != nil {
		return lot{}, err
	}
	planted := lot{planted: isolated{}, names: map[int]string{}}
	for n := range count {
		line, order := (2*n+1)*d.work.Lines/(2*count), orders[n%len(orders)]
		picture, err := os.ReadFile(d.work.File(line))
		if err != nil {
			return lot{}, fmt.Errorf("poison a picture: %w", err)
		}
		key := fmt.Sprintf("%s/%05d%s", name, n, filepath.Ext(d.work.File(line)))
		content := stack.Poisoned(picture, fmt.Sprintf("%s #%d", order, n))
		if err := objects.Put(ctx, stack.Bucket, folder+"/"+key, "application/octet-stream", bytes.NewReader(content)); err != nil {
			return lot{}, err
		}
		planted.names[line], planted.planted[int64(line+1)] = key, codeOf(order)
	}
	return planted, nil
}

// codeOf is what a picture with that order is isolated as.
func codeOf(order string) contract.Code {
	if strings.HasSuffix(order, ":hang") {
		return contract.CodeExtractFeatureTimeout
	}
	return contract.CodeUnsupportedPicFormat
}

// line is the manifest of the workload with the poisoned pictures in it.
func (l lot) line(work workload.Workload) func(int) any {
	return func(line int) any {
		name, bad := l.names[line]
		if !bad {
			return work.Add(line)
		}
		return map[string]any{"OperationType": "ADD", "ProductId": work.Product(line), "PicName": name}
	}
}
