package main

import (
	"context"
	"slices"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/index"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// engine is the product's index in a file of its own.
type engine struct {
	ledger *store.Store
	index  *index.Index
	names  []string // of categories, which the index knows by number
}

func openEngine(ctx context.Context, path string) (*engine, error) {
	ledger, err := store.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return &engine{ledger: ledger, index: index.New(ledger)}, nil
}

func (e *engine) close() error { return e.ledger.Close() }

// commitLines is how many pictures a transaction stores.
const commitLines = 500

// fill makes an instance of photos, each a product named after its file.
func (e *engine) fill(ctx context.Context, instance string, photos []storedPhoto) error {
	create := contract.CreateInstanceInput{Name: instance, Region: "cn-shanghai", Capacity: int64(len(photos))}
	if _, err := e.index.CreateInstance(ctx, create, instance); err != nil {
		return err
	}
	begun, err := e.ledger.Begin(ctx, contract.BeginInput{
		Kind: contract.KindBatchTask, WorkflowID: instance, RunID: instance, Instance: instance, Bucket: "quality", Path: "/",
	}, nil)
	if err != nil {
		return err
	}
	lines := len(photos)
	if _, err := e.ledger.SetPlan(ctx, begun.Task, contract.WorkList{
		Bucket: "quality", Key: contract.ManifestName, ETag: "-", Lines: int64(lines), RawLines: int64(lines),
		SliceLines: lines, Slices: 1, OffsetsKey: "-", Digest: "-",
	}); err != nil {
		return err
	}
	for first := 0; first < lines; first += commitLines {
		batch := activities.Batch{Task: begun.Task, First: 1, Lines: lines}
		for n := first; n < min(first+commitLines, lines); n++ {
			batch.Outcomes = append(batch.Outcomes, activities.Outcome{
				Line: int64(n + 1), Stage: activities.Indexed,
				Put: &activities.PutPicture{
					Picture: contract.Picture{
						ProductID: photos[n].File, PicName: photos[n].File, CategoryID: e.numberOf(photos[n].Category),
					},
					CategoryGiven: true, Vector: photos[n].described.vector, FeatureVersion: imaging.Version,
				},
			})
		}
		if _, err := e.index.Commit(ctx, batch); err != nil {
			return err
		}
	}
	_, err = e.ledger.End(ctx, contract.Ending{Task: begun.Task, State: contract.StateSuccess})
	return err
}

// numberOf gives a category its number.
func (e *engine) numberOf(category string) int {
	number := slices.Index(e.names, category)
	if number < 0 {
		number = len(e.names)
		e.names = append(e.names, category)
	}
	return number
}

// view is one way to ask for a picture, and what is taken off its scores.
type view struct {
	vector  []byte
	penalty float64
}

type hit struct {
	file  string
	score float64
}

// search finds the n pictures that are most alike to any of the views.
func (e *engine) search(ctx context.Context, instance string, views []view, n int) ([]hit, error) {
	query := activities.SearchQuery{FeatureVersion: imaging.Version, Num: n}
	for _, v := range views {
		query.Vectors = append(query.Vectors, activities.QueryVector{Vector: v.vector, Penalty: v.penalty})
	}
	found, err := e.index.Search(ctx, instance, query)
	if err != nil {
		return nil, err
	}
	hits := make([]hit, len(found.Hits))
	for n, h := range found.Hits {
		hits[n] = hit{h.Picture.PicName, h.Score}
	}
	return hits, nil
}

// categoryOf is the category that the index takes a picture to be of, empty when
// it makes no guess.
func (e *engine) categoryOf(ctx context.Context, instance string, vector []byte) (string, error) {
	guess, err := e.index.Category(ctx, instance, vector, imaging.Version)
	if err != nil || guess.ID >= len(e.names) {
		return "", err
	}
	return e.names[guess.ID], nil
}
