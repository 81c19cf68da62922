// Command descriptor learns the table of the picture descriptor from a folder of
// photos, and writes it as table.bin. The folders below it are the categories.
//
// A fifth of the photos, by the names of their files, is never learned from; at
// the end the program searches for edited copies of some of these. The same
// photos and seed give the same table, on however many cores.
//
//   - pictures.go: which photos there are, and their thumbnails
//   - codebooks.go, kmeans.go: what blocks S and C are counted by
//   - examples.go: the features of the photos, and how edits move them
//   - learn.go: the projection that keeps what edits do not move
//   - check.go: what the table is worth
//
// The method is that of learned whitening: Mikolajczyk and Matas, "Improving
// descriptors for fast tree matching by optimal linear projection", 2007, with
// random edits for the matching pairs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"imagebatch/activities/imaging/descriptor"
	"imagebatch/testsuite/stack"
)

func main() {
	var t training
	flag.StringVar(&t.dir, "train", "", "folder of photos, one folder a category")
	flag.StringVar(&t.out, "out", "activities/imaging/descriptor/table.bin", "file to write the table to")
	flag.StringVar(&t.set, "set", "", "name and license of the photos, for the table's origin; by default the folder's name")
	flag.Uint64Var(&t.seed, "seed", 1, "seed of everything random")
	flag.Float64Var(&t.beta, "beta", 0.3, "weight of keeping categories together, 0 for learning without categories")
	flag.IntVar(&t.check, "check", 200, "photos that were not learned from to search for at the end, 0 for none")
	flag.Parse()
	stack.Main("descriptor", t.run)
}

type training struct {
	dir, out, set string
	seed          uint64
	beta          float64
	check         int
	began         time.Time
}

func (t *training) run(ctx context.Context) error {
	if t.dir == "" {
		return errors.New("no photos are named; give TRAIN=dir, a folder with one folder of photos for each category")
	}
	t.began = time.Now()
	all, err := load(ctx, t.dir)
	if err != nil {
		return err
	}
	learned, heldOut := all.divided()
	if len(learned) <= reducedSize {
		return fmt.Errorf("learn from %q: it has %d photos to learn from; give a folder with more than %d", t.dir, len(learned), reducedSize)
	}
	t.say("%d photos, %d to learn from, %d categories", len(all), len(learned), learned.categories())

	table := &descriptor.Table{Codebooks: t.learnCodebooks(learned)}
	t.say("codebooks learned")
	originals := features(learned, &table.Codebooks)
	space := t.reduce(originals)
	moves, err := t.moves(ctx, learned, originals, space, &table.Codebooks)
	if err != nil {
		return err
	}
	w, b := t.project(originals, learned, space, moves)
	table.Projection = descriptor.Quantize(w, b)
	if t.set == "" {
		t.set = filepath.Base(t.dir)
	}
	table.Origin = descriptor.Origin{
		Set: t.set + ", name-hash 80 %", Pictures: len(learned), Seed: t.seed,
		Command: fmt.Sprintf("make descriptor TRAIN=%s SEED=%d BETA=%g", filepath.Base(t.dir), t.seed, t.beta),
	}
	if err := os.WriteFile(t.out, table.Encode(), 0o644); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	t.say("table %s written to %s", table.Digest(), t.out)
	return t.judge(ctx, all, heldOut, table)
}

// say prints a line of progress.
func (t *training) say(format string, arguments ...any) {
	fmt.Printf("%5.0fs  %s\n", time.Since(t.began).Seconds(), fmt.Sprintf(format, arguments...))
}
