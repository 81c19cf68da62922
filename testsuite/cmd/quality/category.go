package main

import (
	"context"

	"imagebatch/testsuite/edits"
)

// nearest is how many hits are asked for their category.
const nearest = 10

// categories measures whether what is alike is of the same category, and
// whether the category can be told from it.
func (q *quality) categories(ctx context.Context, stored []storedPhoto, figures *Figures) error {
	category := map[string]string{}
	for _, photo := range stored {
		category[photo.File] = photo.Category
	}
	if len(q.engine.names) < 2 {
		q.say("no categories, as the photos are in no folders")
		return nil
	}
	queries := q.heldOut(stored, len(stored), "category")
	type judged struct {
		same  int
		right bool
	}
	judgements := make([]judged, len(queries))
	if err := edits.InParallel(ctx, len(queries), func(n int) error {
		query := stored[queries[n]]
		hits, err := q.engine.search(ctx, gallery, []view{{vector: query.described.vector}}, nearest)
		if err != nil {
			return err
		}
		for _, h := range hits {
			if category[h.file] == query.Category {
				judgements[n].same++
			}
		}
		guess, err := q.engine.categoryOf(ctx, gallery, query.described.vector)
		judgements[n].right = guess == query.Category
		return err
	}); err != nil {
		return err
	}
	var same, right int
	for _, j := range judgements {
		same += j.same
		if j.right {
			right++
		}
	}
	figures.Category = &CategoryFigures{
		Queries:       len(queries),
		PrecisionAt10: share(same, nearest*len(queries)),
		Predicted:     share(right, len(queries)),
	}
	q.say("categories: precision at 10 is %.1f %%, %.1f %% predicted", figures.Category.PrecisionAt10, figures.Category.Predicted)
	return nil
}

func share(part, whole int) float64 { return 100 * float64(part) / float64(max(whole, 1)) }
