package index

import (
	"context"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// Bounds of a search.
const (
	// Hits, when no number is asked for, and how far they may reach.
	defaultHits = 10
	maxHits     = 1000
	// maxQueries is how many vectors a search may ask with.
	maxQueries = 64
)

// Search finds the pictures of the instance that are most alike to the query, or
// without vectors those that its filter selects. Pictures that come or go
// meanwhile may or may not be seen. CodeInvalidStartParameter,
// CodeInvalidNumParameter, CodeFeatureVersion, CodeInstanceNotFound.
func (x *Index) Search(ctx context.Context, instance string, query activities.SearchQuery) (activities.SearchHits, error) {
	if query.Num == 0 {
		query.Num = defaultHits
	}
	if query.Start < 0 || query.Start >= maxHits {
		return activities.SearchHits{}, contract.Errorf(contract.CodeInvalidStartParameter, "start is %d; start at 0 to %d", query.Start, maxHits-1)
	}
	if query.Num < 0 || query.Num > maxHits-query.Start {
		return activities.SearchHits{}, contract.Errorf(contract.CodeInvalidNumParameter, "num is %d, from %d on; ask for 1 or more hits among the first %d", query.Num, query.Start, maxHits)
	}
	var target store.Instance
	if err := x.store.Read(ctx, func(t *store.Tx) (err error) {
		target, err = t.Instance(instance)
		return err
	}); err != nil {
		return activities.SearchHits{}, err
	}
	if len(query.Vectors) == 0 {
		return x.list(ctx, target, query)
	}
	if err := checkComparable(target, query); err != nil {
		return activities.SearchHits{}, err
	}
	return x.nearest(ctx, target, query)
}

// checkComparable refuses vectors that an instance has none of the kind of.
func checkComparable(target store.Instance, query activities.SearchQuery) error {
	if len(query.Vectors) > maxQueries {
		return contract.Errorf(contract.CodeInternalError, "the search asks with %d vectors; ask with at most %d", len(query.Vectors), maxQueries)
	}
	if target.Features == "" {
		return nil
	}
	for _, q := range query.Vectors {
		length := len(q.Vector)
		if q.Part != activities.Both {
			length *= 2
		}
		if query.FeatureVersion != target.Features || length != target.Dimensions {
			return foreignFeatures(target, query.FeatureVersion, length)
		}
	}
	return nil
}

// foreignFeatures refuses a vector that cannot be compared with those of an
// instance, neither to store nor to search. An instance never changes its version:
// the way out is a new one.
func foreignFeatures(target store.Instance, version string, length int) error {
	if target.Features == version {
		return contract.Errorf(contract.CodeFeatureVersion,
			"instance %q holds vectors of %d bytes and this one has %d, though both are version %q; run workers of one build",
			target.Name, target.Dimensions, length, version)
	}
	return contract.Errorf(contract.CodeFeatureVersion,
		"instance %q holds features of version %q and this worker makes %q; dump it by \"starter instance dump %s\", import the dump into a new instance by the command that this prints, or run the worker of that version",
		target.Name, target.Features, version, target.Name)
}

// hits reads the pictures that were found. One that has gone since is left out.
func (x *Index) hits(ctx context.Context, found []candidate, query activities.SearchQuery) ([]activities.SearchHit, error) {
	hits := make([]activities.SearchHit, 0, len(found))
	err := x.store.Read(ctx, func(t *store.Tx) error {
		for _, c := range found {
			hit := activities.SearchHit{Score: c.score, Query: c.query}
			found, err := t.Row(pictureFields(&hit.Picture), "SELECT "+pictureColumns+" FROM picture WHERE id = ?", c.id)
			if err != nil {
				return err
			}
			if found && len(query.Vectors) > 0 {
				var vector []byte
				if found, err = t.Row([]any{&vector}, "SELECT vector FROM vector WHERE picture = ?", c.id); err != nil {
					return err
				}
				hit.Whole, hit.Subject = halves(query.Vectors[c.query], vector)
			}
			if found {
				hits = append(hits, hit)
			}
		}
		return nil
	})
	return hits, err
}

// halves is how alike a query vector is to the halves of a stored one.
func halves(query activities.QueryVector, stored []byte) (whole, subject float64) {
	half := len(stored) / 2
	first, second := query.Vector, query.Vector
	if query.Part == activities.Both {
		first, second = query.Vector[:half], query.Vector[half:]
	}
	return Similarity(first, stored[:half]), Similarity(second, stored[half:])
}
