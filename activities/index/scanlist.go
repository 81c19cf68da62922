package index

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"imagebatch/activities"
	"imagebatch/activities/store"
)

// list finds the pictures that a query without vectors is about, the first by
// product and name. It reads by id, not by name, because that is the order in
// which pictures lie on disk.
func (x *Index) list(ctx context.Context, target store.Instance, query activities.SearchQuery) (activities.SearchHits, error) {
	l := listing{limit: query.Start + query.Num, distinct: query.DistinctProducts}
	condition, values := among(query)
	if condition == "" {
		condition = "1"
	}
	if err := x.eachPage(ctx, target, func(t *store.Tx, first, end int64) error {
		return l.page(t, condition, append([]any{first, end}, values...))
	}); err != nil {
		return activities.SearchHits{}, err
	}
	hits, err := x.hits(ctx, l.found[min(query.Start, len(l.found)):], query)
	return activities.SearchHits{Hits: hits, Matched: l.matched, Searched: l.matched}, err
}

// listing keeps the first candidates by product and name.
type listing struct {
	limit    int
	distinct bool

	mu      sync.Mutex
	matched int64
	found   []candidate
}

// page takes the pictures of a range of ids in.
func (l *listing) page(t *store.Tx, condition string, values []any) error {
	var matched int64
	if _, err := t.Row([]any{&matched}, "SELECT count(*) FROM picture WHERE id >= ? AND id < ? AND "+condition, values...); err != nil {
		return err
	}
	if matched == 0 {
		return nil
	}
	statement := "SELECT id, product, name FROM picture WHERE id >= ? AND id < ? AND " + condition
	if last, full := l.last(); full {
		statement += " AND (product, name) <= (?, ?)"
		values = append(values, last.product, last.name)
	}
	if l.distinct {
		statement = "SELECT id, product, min(name) FROM (" + statement + ") GROUP BY product"
	}
	var found []candidate
	if err := t.Each(func(scan func(...any) error) error {
		var c candidate
		err := scan(&c.id, &c.product, &c.name)
		found = append(found, c)
		return err
	}, statement+" ORDER BY product, name LIMIT ?", append(values, l.limit)...); err != nil {
		return err
	}
	l.add(matched, found)
	return nil
}

// last is the last of the first candidates, once there are enough of them.
func (l *listing) last() (candidate, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.found) < l.limit {
		return candidate{}, false
	}
	return l.found[l.limit-1], true
}

func (l *listing) add(matched int64, found []candidate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.matched += matched
	l.found = append(l.found, found...)
	slices.SortFunc(l.found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.product, b.product), cmp.Compare(a.name, b.name))
	})
	if l.distinct {
		l.found = slices.CompactFunc(l.found, func(a, b candidate) bool { return a.product == b.product })
	}
	l.found = l.found[:min(len(l.found), l.limit)]
}
