package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/imaging/descriptor"
	"imagebatch/activities/index"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// Search is how long a search over searchPictures takes, in milliseconds.
type Search struct {
	Pictures int         `json:"pictures"`
	Index    Percentiles `json:"index"`    // by package index alone
	Temporal Percentiles `json:"temporal"` // as an operation, from the request to the answer
}

// Percentiles of a time, in milliseconds.
type Percentiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

const (
	searchInstance = "bench-search"
	searchPictures = 100_000
	// searches of each way: the 99 % point is the third slowest.
	searches = 200
)

// measureSearch searches random vectors for one of them. The vectors go past
// imaging, because a search does not care what they show.
func (b *bench) measureSearch(ctx context.Context) (*Search, error) {
	ledger, err := store.Open(ctx, b.stack.Database())
	if err != nil {
		return nil, err
	}
	defer ledger.Close()
	pictures := index.New(ledger)
	wanted, vector, err := fillInstance(ctx, ledger, pictures)
	if err != nil {
		return nil, fmt.Errorf("fill instance %q: %w", searchInstance, err)
	}
	if err := ledger.SetRate(ctx, searchInstance, contract.RateSearch, 1000); err != nil {
		return nil, err
	}
	temporal, err := b.stack.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer temporal.Close()

	query := activities.SearchQuery{Vectors: []activities.QueryVector{{Vector: vector}}, FeatureVersion: imaging.Version}
	result := &Search{Pictures: searchPictures}
	if result.Index, err = percentiles(func() error {
		found, err := pictures.Search(ctx, searchInstance, query)
		if err == nil && (len(found.Hits) == 0 || found.Hits[0].Score != 1) {
			err = fmt.Errorf("search %q: the picture itself is not the first hit", searchInstance)
		}
		return err
	}); err != nil {
		return nil, err
	}
	in := contract.SearchInput{Instance: searchInstance, ProductID: wanted, PicName: pictureName(1)}
	result.Temporal, err = percentiles(func() error {
		run, err := temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: "bench-search." + uuid.NewString(), TaskQueue: contract.DefaultTaskQueue,
		}, contract.SearchImage.Name, in)
		if err != nil {
			return err
		}
		var found contract.SearchResult
		return run.Get(ctx, &found)
	})
	return result, err
}

func pictureName(line int64) string { return fmt.Sprintf("%06d.jpg", line) }

// fillInstance stores searchPictures random vectors by a task of their own, and
// tells the product and the vector of the first.
func fillInstance(ctx context.Context, ledger *store.Store, pictures *index.Index) (product string, vector []byte, err error) {
	in := contract.CreateInstanceInput{Name: searchInstance, Region: "cn-shanghai", Capacity: searchPictures}
	if _, err := pictures.CreateInstance(ctx, in, searchInstance); err != nil {
		return "", nil, err
	}
	task, err := ledger.Begin(ctx, contract.BeginInput{Kind: contract.KindBatchTask, RunID: searchInstance, Instance: searchInstance}, nil)
	if err != nil {
		return "", nil, err
	}
	const slice = 1000
	random := rand.New(rand.NewPCG(1, 1))
	product = "product-1"
	for first := int64(1); first <= searchPictures; first += slice {
		batch := activities.Batch{Task: task.Task, Slice: int(first / slice), First: first, Lines: slice}
		for line := first; line < first+slice; line++ {
			components := make([]byte, descriptor.Size)
			for n := range components {
				components[n] = byte(random.Uint32())
			}
			if line == 1 {
				vector = components
			}
			batch.Outcomes = append(batch.Outcomes, activities.Outcome{
				Line: line, Ending: activities.Succeeded, Stage: activities.Indexed,
				Put: &activities.PutPicture{
					Picture: contract.Picture{ProductID: fmt.Sprintf("product-%d", line), PicName: pictureName(line), CategoryID: contract.CategoryOthers},
					Vector:  components, FeatureVersion: imaging.Version,
				},
			})
		}
		if _, err := pictures.Commit(ctx, batch); err != nil {
			return "", nil, err
		}
	}
	// Without a plan a task cannot end as a success.
	_, err = ledger.End(ctx, contract.Ending{Task: task.Task, State: contract.StateStop, Message: "filled"})
	return product, vector, err
}

// percentiles does something again and again, once unmeasured.
func percentiles(do func() error) (Percentiles, error) {
	took := make([]time.Duration, 0, searches)
	for n := range searches + 1 {
		start := time.Now()
		if err := do(); err != nil {
			return Percentiles{}, err
		}
		if n > 0 {
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	millis := func(share int) float64 { return took[len(took)*share/100].Seconds() * 1000 }
	return Percentiles{P50: millis(50), P99: millis(99)}, nil
}
