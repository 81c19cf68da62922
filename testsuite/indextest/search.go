package indextest

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// hit is what a search is compared by.
type hit struct {
	Product, Name string
	Score         float64
}

func hitsOf(result activities.SearchHits) []hit {
	hits := make([]hit, 0, len(result.Hits))
	for _, h := range result.Hits {
		hits = append(hits, hit{h.Picture.ProductID, h.Picture.PicName, h.Score})
	}
	return hits
}

// ranking is what a search must find, the obvious way.
func ranking(stored map[[2]string][]byte, query []byte, n int) []hit {
	hits := make([]hit, 0, len(stored))
	for name, vector := range stored {
		hits = append(hits, hit{name[0], name[1], cosine(query, vector)})
	}
	slices.SortFunc(hits, func(a, b hit) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		if order := strings.Compare(a.Product, b.Product); order != 0 {
			return order
		}
		return strings.Compare(a.Name, b.Name)
	})
	return hits[:min(n, len(hits))]
}

func cosine(a, b []byte) float64 {
	var product, squareA, squareB float64
	for i := range a {
		x, y := float64(int8(a[i])), float64(int8(b[i]))
		product, squareA, squareB = product+x*y, squareA+x*x, squareB+y*y
	}
	if squareA == 0 && squareB == 0 {
		return 1
	}
	if squareA == 0 || squareB == 0 {
		return 0
	}
	return math.Min(1, math.Max(0, product/math.Sqrt(squareA*squareB)))
}

func testSearch(t *testing.T, open Open) {
	t.Run("Exact", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 10000)
		task, list := w.task(700, 0, 700)
		random := rand.New(rand.NewPCG(1, 2))
		stored := make(map[[2]string][]byte)
		var outcomes []activities.Outcome
		for line := int64(1); line <= 700; line++ {
			outcome := adds(line, string(rune('a'+line%5)), drawnName(700-line), 0)
			vector := make([]byte, 67)
			for i := range vector {
				vector[i] = byte(random.IntN(256))
			}
			if line%7 == 0 {
				vector = slices.Clone(outcomes[line-2].Put.Vector) // a tie
			}
			if line == 500 {
				clear(vector)
			}
			outcome.Put.Vector = vector
			outcomes = append(outcomes, outcome)
			stored[[2]string{outcome.Put.Picture.ProductID, outcome.Put.Picture.PicName}] = vector
		}
		w.commit(task, list, 0, outcomes...)
		for _, n := range []int{1, 2, 3, 10, 100, 999} {
			for _, line := range []int{0, 6, 300, 499, 699} {
				query := outcomes[line].Put.Vector
				got, err := w.index.Search(w.Context(), w.instance, activities.SearchQuery{Vectors: []activities.QueryVector{{Vector: query}}, FeatureVersion: Features, Num: n})
				w.must(err)
				wantSame(t, "hits", hitsOf(got), ranking(stored, query, n))
				if got.Hits[0].Score != 1 {
					t.Errorf("the picture itself scores %v, want exactly 1", got.Hits[0].Score)
				}
				wantSame(t, "searched", got.Searched, int64(700))
			}
		}
	})
	t.Run("AllEqual", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 100)
		task, list := w.task(30, 0, 30)
		for line := int64(1); line <= 30; line++ {
			outcome := adds(line, "p", drawnName(31-line), 0)
			outcome.Put.Vector = []byte{1, 2, 255}
			w.commit(task, list, 0, outcome)
		}
		got, err := w.index.Search(w.Context(), w.instance, activities.SearchQuery{Vectors: []activities.QueryVector{{Vector: []byte{1, 2, 255}}}, FeatureVersion: Features, Num: 3})
		w.must(err)
		wantSame(t, "hits", hitsOf(got), []hit{{"p", drawnName(1), 1}, {"p", drawnName(2), 1}, {"p", drawnName(3), 1}})
	})
	t.Run("SeesOneInstance", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 100)
		task, list := w.task(2, 0, 2)
		w.commit(task, list, 0, adds(1, "p", "a", 0), adds(2, "p", "b", 0))
		w.create("other", 10)
		w.instance = "other"
		query := activities.SearchQuery{Vectors: []activities.QueryVector{{Vector: vectorOf(0, 1)}}, FeatureVersion: Features}
		empty, err := w.index.Search(w.Context(), "other", query)
		w.must(err)
		wantSame(t, "search of an empty instance", empty, activities.SearchHits{Hits: []activities.SearchHit{}})
		task, list = w.task(1, 0, 1)
		w.commit(task, list, 0, adds(1, "q", "c", 0))
		got, err := w.index.Search(w.Context(), "other", query)
		w.must(err)
		wantSame(t, "hits", hitsOf(got), []hit{{"q", "c", 1}})
	})
	t.Run("Refusals", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, open, 100)
		_, err := w.index.Search(w.Context(), "nowhere", activities.SearchQuery{Vectors: []activities.QueryVector{{Vector: []byte{1}}}, FeatureVersion: Features, Num: 1})
		wantCode(t, err, contract.CodeInstanceNotFound)
		_, err = w.index.Search(w.Context(), w.instance, activities.SearchQuery{Vectors: []activities.QueryVector{{Vector: []byte{1}}}, FeatureVersion: Features, Num: -1})
		wantCode(t, err, contract.CodeInvalidNumParameter)
	})
}
