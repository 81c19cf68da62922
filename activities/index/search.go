package index

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// Bounds of a search.
const (
	// scanPage is how many ids one read covers: some milliseconds.
	scanPage = 8192
	// scanners is how many goroutines read and compare.
	scanners = 2
	// Hits, when none and at most.
	defaultHits = 10
	maxHits     = 1000
)

// Search compares a vector with every picture of the instance. The most alike
// come first, equal ones by product and name. Pictures that come or go
// meanwhile may or may not be seen. CodeFeatureVersion, CodeInstanceNotFound.
func (x *Index) Search(ctx context.Context, instance string, query activities.SearchVector) (contract.SearchResult, error) {
	hits := query.Num
	if hits == 0 {
		hits = defaultHits
	}
	if hits < 0 || hits > maxHits {
		return contract.SearchResult{}, contract.Errorf(contract.CodeInvalidNumParameter, "num is %d; ask for 1 to %d hits", hits, maxHits)
	}
	var target store.Instance
	if err := x.store.Read(ctx, func(t *store.Tx) (err error) {
		target, err = t.Instance(instance)
		return err
	}); err != nil {
		return contract.SearchResult{}, err
	}
	if target.Features != "" && (target.Features != query.FeatureVersion || target.Dimensions != len(query.Vector)) {
		return contract.SearchResult{}, contract.Errorf(contract.CodeFeatureVersion,
			"instance %q holds features of version %q, %d bytes, and this worker asks with %q, %d bytes; import everything into a new instance, or run the worker of that version",
			instance, target.Features, target.Dimensions, query.FeatureVersion, len(query.Vector))
	}
	s := &scan{index: x, query: components(query.Vector), square: square(query.Vector), best: best{limit: hits}}
	s.next, s.end = pictureID(target.Number, 1), pictureID(target.Number, target.NextPicture)
	group, scanning := errgroup.WithContext(ctx)
	for range scanners {
		group.Go(func() error { return s.run(scanning) })
	}
	if err := group.Wait(); err != nil {
		return contract.SearchResult{}, err
	}
	return s.result(ctx)
}

// scan is a search under way, shared by its scanners.
type scan struct {
	index  *Index
	query  []int8
	square int64

	mu        sync.Mutex
	next, end int64 // ids yet to be read
	best      best
	searched  int64
}

// run compares pages until there are none left.
func (s *scan) run(ctx context.Context) error {
	for {
		s.mu.Lock()
		first, floor := s.next, s.best.floor()
		s.next += scanPage
		s.mu.Unlock()
		if first >= s.end {
			return nil
		}
		compared, found, err := s.page(ctx, first, min(first+scanPage, s.end), floor)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.searched += compared
		s.best.add(found)
		s.mu.Unlock()
	}
}

// page compares the vectors of a range of ids. It returns those that may be
// among the best, given that scores below floor are not.
func (s *scan) page(ctx context.Context, first, end int64, floor float64) (compared int64, found []candidate, err error) {
	err = s.index.store.Read(ctx, func(t *store.Tx) error {
		var id, squared any // scanning into any skips reflection, a fifth of the time
		var vector sql.RawBytes
		destinations := []any{&id, &squared, &vector}
		if err := t.Each(func(scan func(...any) error) error {
			if err := scan(destinations...); err != nil {
				return err
			}
			if len(vector) != len(s.query) {
				return nil
			}
			compared++
			if score := score(dot(s.query, components(vector)), s.square, squared.(int64)); score >= floor {
				found = append(found, candidate{id: id.(int64), score: score})
			}
			return nil
		}, "SELECT picture, square, vector FROM vector WHERE picture >= ? AND picture < ?", first, end); err != nil {
			return err
		}
		found = leading(found, s.best.limit)
		return nameAll(t, found)
	})
	return compared, found, err
}

// leading are the candidates up to the n-th score, and all that equal it.
func leading(found []candidate, n int) []candidate {
	if len(found) <= n {
		return found
	}
	slices.SortFunc(found, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	last := found[n-1].score
	for n < len(found) && found[n].score == last {
		n++
	}
	return found[:n]
}

func nameAll(t *store.Tx, found []candidate) error {
	for i := range found {
		if _, err := t.Row([]any{&found[i].product, &found[i].name}, "SELECT product, name FROM picture WHERE id = ?", found[i].id); err != nil {
			return err
		}
	}
	return nil
}

// result reads the pictures that were found. One that has gone since is left out.
func (s *scan) result(ctx context.Context) (contract.SearchResult, error) {
	result := contract.SearchResult{Hits: []contract.Hit{}, Searched: s.searched}
	err := s.index.store.Read(ctx, func(t *store.Tx) error {
		for _, c := range s.best.found {
			hit := contract.Hit{Score: c.score}
			found, err := t.Row(pictureFields(&hit.Picture), "SELECT "+pictureColumns+" FROM picture WHERE id = ?", c.id)
			if err != nil {
				return err
			}
			if found {
				result.Hits = append(result.Hits, hit)
			}
		}
		return nil
	})
	return result, err
}

// candidate is a picture that may be among the best.
type candidate struct {
	id            int64
	score         float64
	product, name string
}

// best keeps the best candidates seen, at most limit, in order.
type best struct {
	limit int
	found []candidate
}

// floor is the score below which a candidate cannot be among the best.
func (b *best) floor() float64 {
	if len(b.found) < b.limit {
		return math.Inf(-1)
	}
	return b.found[b.limit-1].score
}

func (b *best) add(more []candidate) {
	b.found = append(b.found, more...)
	slices.SortFunc(b.found, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.product, y.product), cmp.Compare(x.name, y.name))
	})
	b.found = b.found[:min(len(b.found), b.limit)]
}
