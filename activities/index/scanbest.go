package index

import (
	"cmp"
	"slices"
	"sync"

	"imagebatch/activities/store"
)

// candidate is a picture that may be among the best.
type candidate struct {
	id            int64
	score         float64
	query         int    // which vector it is the score of
	product, name string // once they are needed
}

// tally counts what a scan has seen.
type tally struct{ searched, matched int64 }

// better orders by score, then by product and name.
func better(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.product, b.product), cmp.Compare(a.name, b.name))
}

// better by score alone.
func higher(a, b candidate) int { return cmp.Compare(b.score, a.score) }

// best keeps the best candidates that the scanners of one search find. Names are
// looked up only where they decide, because most candidates are soon beaten.
type best struct {
	limit    int
	distinct bool // one candidate of each product counts

	mu sync.Mutex
	tally
	found []candidate // by score; those beyond limit equal the last within it
}

// spareTies is how many candidates that equal the last of the best are kept
// before their names decide.
const spareTies = 4096

// lowest is the score below which a candidate cannot be among the best.
func (b *best) lowest() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.found) < b.limit {
		return 0
	}
	return b.found[b.limit-1].score
}

// add takes the candidates of a page in.
func (b *best) add(t *store.Tx, page tally, found []candidate) (err error) {
	if b.distinct {
		if found, err = leaders(t, found, b.limit); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.searched += page.searched
	b.matched += page.matched
	b.found = append(b.found, found...)
	if b.distinct {
		b.found = firsts(b.found)
		b.found = b.found[:min(len(b.found), b.limit)]
		return nil
	}
	slices.SortFunc(b.found, higher)
	b.found = leading(b.found, b.limit)
	if len(b.found) > b.limit+spareTies {
		b.found, err = named(t, b.found, b.limit)
	}
	return err
}

// ranked are the best, in order.
func (b *best) ranked(t *store.Tx) ([]candidate, error) {
	if b.distinct {
		return b.found, nil
	}
	return named(t, b.found, b.limit)
}

// leading are the candidates up to the n-th score, and all that equal it.
func leading(found []candidate, n int) []candidate {
	if len(found) <= n {
		return found
	}
	last := found[n-1].score
	for n < len(found) && found[n].score == last {
		n++
	}
	return found[:n]
}

// named are the first n of candidates that are ordered by score, with equal ones
// ordered by name. A picture that is equal to another and gone is left out.
func named(t *store.Tx, found []candidate, n int) ([]candidate, error) {
	kept := found[:0]
	for i, c := range found {
		tied := i > 0 && found[i-1].score == c.score || i+1 < len(found) && found[i+1].score == c.score
		if tied && c.name == "" {
			there, err := c.lookUp(t)
			if err != nil {
				return nil, err
			}
			if !there {
				continue
			}
		}
		kept = append(kept, c)
	}
	slices.SortStableFunc(kept, better)
	return kept[:min(len(kept), n)], nil
}

func (c *candidate) lookUp(t *store.Tx) (there bool, err error) {
	return t.Row([]any{&c.product, &c.name}, "SELECT product, name FROM picture WHERE id = ?", c.id)
}

// leaders are the best candidates of the n best products, and all products that
// equal the last.
func leaders(t *store.Tx, found []candidate, n int) ([]candidate, error) {
	slices.SortFunc(found, higher)
	products := make(map[string]bool)
	var kept []candidate
	for _, c := range found {
		if len(products) >= n && c.score < kept[len(kept)-1].score {
			break
		}
		there, err := c.lookUp(t)
		if err != nil {
			return nil, err
		}
		if there {
			products[c.product] = true
			kept = append(kept, c)
		}
	}
	return firsts(kept), nil
}

// firsts are the best candidates of each product, in order.
func firsts(found []candidate) []candidate {
	slices.SortFunc(found, better)
	seen := make(map[string]bool, len(found))
	return slices.DeleteFunc(found, func(c candidate) bool {
		again := seen[c.product]
		seen[c.product] = true
		return again
	})
}
