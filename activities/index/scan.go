package index

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"imagebatch/activities"
	"imagebatch/activities/store"
)

const (
	// scanPage is how many ids one read covers: some milliseconds.
	scanPage = 4096
	// scanners is how many goroutines read and compare.
	scanners = 2
)

// eachPage reads every range of an instance's picture ids, from first up to, not
// including, end. Several are read at once, each in a transaction of its own.
func (x *Index) eachPage(ctx context.Context, target store.Instance, look func(t *store.Tx, first, end int64) error) error {
	var page atomic.Int64
	group, scanning := errgroup.WithContext(ctx)
	for range scanners {
		group.Go(func() error {
			for {
				ordinal := 1 + (page.Add(1)-1)*scanPage
				if ordinal >= target.NextPicture {
					return nil
				}
				first, end := pictureID(target.Number, ordinal), pictureID(target.Number, min(ordinal+scanPage, target.NextPicture))
				if err := x.store.Read(scanning, func(t *store.Tx) error { return look(t, first, end) }); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// nearest compares vectors with every picture that a query is about. The
// comparison is a function inside SQL, so that neither vectors nor rows that do
// not count are handed to Go.
func (x *Index) nearest(ctx context.Context, target store.Instance, query activities.SearchQuery) (activities.SearchHits, error) {
	limit := query.Start + query.Num
	keep := int64(limit)
	if query.DistinctProducts {
		keep = scanPage // how many pictures make so many products is not known
	}
	statement, values := nearestStatement(query)
	plan := scanPlan(query, target.Dimensions, keep)
	best := best{limit: limit, distinct: query.DistinctProducts}
	if err := x.eachPage(ctx, target, func(t *store.Tx, first, end int64) error {
		var blob []byte
		if _, err := t.Row([]any{&blob}, statement, append([]any{plan, best.lowest(), first, end}, values...)...); err != nil {
			return err
		}
		tally, found := scanned(blob)
		return best.add(t, tally, found)
	}); err != nil {
		return activities.SearchHits{}, err
	}
	var found []candidate
	if err := x.store.Read(ctx, func(t *store.Tx) (err error) {
		found, err = best.ranked(t)
		return err
	}); err != nil {
		return activities.SearchHits{}, err
	}
	hits, err := x.hits(ctx, found[min(query.Start, len(found)):], query)
	return activities.SearchHits{Hits: hits, Matched: best.matched, Searched: best.searched}, err
}

// nearestStatement compares the pictures of a range of ids. Where there is a
// condition, pictures are read first and only the vectors of those it selects.
func nearestStatement(query activities.SearchQuery) (statement string, values []any) {
	condition, values := among(query)
	if condition == "" {
		return "SELECT nearest(?, ?, picture, square, vector) FROM vector WHERE picture >= ? AND picture < ?", nil
	}
	return "SELECT nearest(?, ?, vector.picture, square, vector) FROM picture CROSS JOIN vector ON vector.picture = picture.id" +
		" WHERE picture.id >= ? AND picture.id < ? AND " + condition, values
}
