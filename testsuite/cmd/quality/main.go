// Command quality measures what the search is worth on a folder of photos, with
// the product's own decoder and index: pictures go in as files, hits come out.
//
//   - copies.go: is the original of an edited picture found first?
//   - baseline.go: the same for the descriptors that one would try first
//   - category.go: are pictures of the same category found, and is it predicted?
//   - subject.go: is the product found in its picture?
//   - pipeline.go, engine.go: how pictures become vectors, and vectors hits
//   - report.go: the figures
//
// Queries are photos that the descriptor was not learned from, as long as the
// folder is the one that it was learned from; see edits.HeldOut. The program
// exits non-zero only when something broke, never for a low figure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"imagebatch/testsuite/edits"
	"imagebatch/testsuite/stack"
)

func main() {
	var q quality
	flag.StringVar(&q.dir, "images", "", "folder of photos, one folder a category")
	flag.StringVar(&q.out, "out", "", "file for the figures as JSON")
	flag.IntVar(&q.queries, "queries", 200, "photos that are edited and searched for")
	flag.IntVar(&q.composites, "composites", 70, "drawn pictures of a product on each kind of ground")
	flag.BoolVar(&q.stress, "stress", true, "also search for photos after harder edits")
	flag.Parse()
	stack.Main("quality", q.run)
}

type quality struct {
	dir, out            string
	queries, composites int
	stress              bool
	began               time.Time

	photos   []edits.Photo
	pipeline *pipeline
	engine   *engine
}

func (q *quality) run(ctx context.Context) (err error) {
	if q.dir == "" {
		return errors.New("no photos are named; give IMAGES=dir, a folder with one folder of photos for each category")
	}
	q.began = time.Now()
	if q.photos, err = edits.Photos(q.dir); err != nil {
		return err
	}
	if q.pipeline, err = newPipeline(); err != nil {
		return err
	}
	state, err := os.MkdirTemp("", "quality")
	if err != nil {
		return fmt.Errorf("make a folder for the index: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(state)) }()
	if q.engine, err = openEngine(ctx, filepath.Join(state, "index.db")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.engine.close()) }()

	stored, err := q.store(ctx)
	if err != nil {
		return err
	}
	figures := Figures{Photos: len(q.photos), FeatureVersion: q.pipeline.imager.FeatureVersion()}
	for _, measure := range []func(context.Context, []storedPhoto, *Figures) error{q.categories, q.subjects, q.copies} {
		if err := measure(ctx, stored, &figures); err != nil {
			return err
		}
	}
	figures.Seconds = time.Since(q.began).Seconds()
	figures.print(os.Stdout)
	return stack.Save(q.out, figures)
}

// storedPhoto is a photo with what was computed from it once.
type storedPhoto struct {
	edits.Photo
	described described
	baselines baselines
}

// The instances that are searched: every photo, and those that the descriptor
// may have been learned from.
const (
	everything = "everything"
	gallery    = "gallery"
)

// store describes every photo and puts it into the index.
func (q *quality) store(ctx context.Context) ([]storedPhoto, error) {
	stored := make([]storedPhoto, len(q.photos))
	if err := edits.InParallel(ctx, len(stored), func(n int) (err error) {
		stored[n].Photo = q.photos[n]
		content, err := os.ReadFile(q.photos[n].Path)
		if err != nil {
			return err
		}
		if stored[n].described, err = q.pipeline.describe(ctx, content); err != nil {
			return fmt.Errorf("describe %q: %w", q.photos[n].Path, err)
		}
		decoded, err := q.photos[n].Decode()
		if err == nil {
			stored[n].baselines = describeSimply(decoded)
		}
		return err
	}); err != nil {
		return nil, err
	}
	var learned []storedPhoto
	for _, photo := range stored {
		if !photo.HeldOut {
			learned = append(learned, photo)
		}
	}
	if err := q.engine.fill(ctx, everything, stored); err != nil {
		return nil, err
	}
	if err := q.engine.fill(ctx, gallery, learned); err != nil {
		return nil, err
	}
	q.say("%d photos described and stored", len(stored))
	return stored, nil
}

// heldOut are n of the photos that were not learned from, drawn at random, or
// all of them when there are fewer.
func (q *quality) heldOut(stored []storedPhoto, n int, purpose string) []int {
	var all []int
	for at := range stored {
		if stored[at].HeldOut {
			all = append(all, at)
		}
	}
	return edits.Sample(all, n, 0, purpose)
}

func (q *quality) say(format string, arguments ...any) {
	fmt.Printf("%5.0fs  %s\n", time.Since(q.began).Seconds(), fmt.Sprintf(format, arguments...))
}
