package index_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// labels stores pictures of a category, and returns their vectors: around one
// direction of their own, as far from it as spread says.
func (s *shop) labels(task, line int64, category, count int, given bool, spread float64, random *rand.Rand) (next int64, vectors [][]byte) {
	s.Helper()
	var outcomes []activities.Outcome
	for range count {
		vector := make([]byte, 32)
		for i := range vector {
			component := spread * 40 * random.NormFloat64()
			if i == category {
				component += 100
			}
			vector[i] = byte(int8(max(-127, min(127, math.Round(component)))))
		}
		vectors = append(vectors, vector)
		outcome := put(line, "p", fmt.Sprint(line), "")
		outcome.Put.Picture.CategoryID, outcome.Put.CategoryGiven, outcome.Put.Vector, outcome.Put.FeatureVersion = category, given, vector, "1"
		outcomes = append(outcomes, outcome)
		line++
	}
	s.commit(task, outcomes...)
	return line, vectors
}

func (s *shop) category(vector []byte) activities.CategoryGuess {
	s.Helper()
	guess, err := s.index.Category(s.Context(), "shop", vector, "1")
	s.must(err)
	return guess
}

func TestCategoryIsTheOneOfItsNeighbours(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	random := rand.New(rand.NewPCG(1, 2))
	task := s.begin("shop")
	line := int64(1)
	for category, count := range []int{200, 40, 30} {
		line, _ = s.labels(task, line, category, count, true, 0.5, random)
	}
	s.labels(task, line, 5, 100, false, 0.1, random) // predicted ones have no vote
	for category := range 3 {
		vector := make([]byte, 32)
		vector[category] = 100
		guess := s.category(vector)
		if guess.ID != category || guess.Confidence < 0.8 || guess.Confidence > 1 {
			t.Errorf("a picture of category %d: %+v", category, guess)
		}
	}
	vector := make([]byte, 32)
	vector[5] = 100
	if guess := s.category(vector); guess.ID > 2 || guess.Confidence > 0.9 {
		t.Errorf("a picture like none that was given a category: %+v", guess)
	}
}

// TestCategoryFollowsTheRule works the rule out on its own.
func TestCategoryFollowsTheRule(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	random := rand.New(rand.NewPCG(3, 4))
	task := s.begin("shop")
	type picture struct {
		category int
		vector   []byte
	}
	var all []picture
	counts := []int{150, 60, 25, 10}
	line := int64(1)
	for category, count := range counts {
		var vectors [][]byte
		line, vectors = s.labels(task, line, category, count, true, 2, random)
		for _, vector := range vectors {
			all = append(all, picture{category, vector})
		}
	}
	for range 50 {
		vector := make([]byte, 32)
		for i := range vector {
			vector[i] = byte(random.IntN(256))
		}
		slices.SortStableFunc(all, func(a, b picture) int {
			if plainCosine(a.vector, vector) > plainCosine(b.vector, vector) {
				return -1
			}
			return 1
		})
		shares, sum := make([]float64, len(counts)), 0.0
		for _, p := range all[:25] {
			share := math.Exp(10*(plainCosine(p.vector, vector)-plainCosine(all[0].vector, vector))) / math.Sqrt(float64(counts[p.category]))
			shares[p.category] += share
			sum += share
		}
		want := slices.Index(shares, slices.Max(shares))
		got := s.category(vector)
		if got.ID != want || math.Abs(got.Confidence-slices.Max(shares)/sum) > 1e-9 {
			t.Fatalf("got %+v, want category %d of %v", got, want, shares)
		}
	}
}

func plainCosine(a, b []byte) float64 {
	var product, squareA, squareB float64
	for i := range a {
		x, y := float64(int8(a[i])), float64(int8(b[i]))
		product, squareA, squareB = product+x*y, squareA+x*x, squareB+y*y
	}
	return max(0, product/math.Sqrt(squareA*squareB))
}

func TestCategoryNeedsLabels(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	random := rand.New(rand.NewPCG(5, 6))
	others := activities.CategoryGuess{ID: contract.CategoryOthers}
	if got := s.category(make([]byte, 32)); got != others {
		t.Errorf("in an empty instance: %+v", got)
	}
	task := s.begin("shop")
	line, vectors := s.labels(task, 1, 3, 19, true, 0.1, random)
	if got := s.category(vectors[0]); got != others {
		t.Errorf("with 19 labels: %+v", got)
	}
	s.labels(task, line, 3, 30, true, 0.1, random) // so many that the instance is looked at again
	if got := s.category(vectors[0]); got.ID != 3 || got.Confidence != 1 {
		t.Errorf("with 49 labels: %+v", got)
	}
	for name, c := range map[string]struct {
		vector  []byte
		version string
	}{"Version": {vectors[0], "2"}, "Length": {vectors[0][:16], "1"}, "None": {nil, "1"}} {
		got, err := s.index.Category(t.Context(), "shop", c.vector, c.version)
		if err != nil || got != (activities.CategoryGuess{ID: contract.CategoryOthers}) {
			t.Errorf("%s: a vector that cannot be compared: %+v, %v", name, got, err)
		}
	}
	if _, err := s.index.Category(t.Context(), "nowhere", nil, "1"); !errors.Is(err, &contract.Error{Code: contract.CodeInstanceNotFound}) {
		t.Errorf("in no instance: %v", err)
	}
}

func TestCategoryForgetsWhatIsDeleted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	random := rand.New(rand.NewPCG(7, 8))
	task := s.begin("shop")
	line, vectors := s.labels(task, 1, 3, 60, true, 0.1, random)
	line, _ = s.labels(task, line, 4, 30, true, 0.1, random)
	if got := s.category(vectors[0]); got.ID != 3 {
		t.Fatalf("before: %+v", got)
	}
	var deletions []activities.Outcome
	for n := range 60 {
		deletions = append(deletions, deletion(line+int64(n), "p", fmt.Sprint(n+1)))
	}
	s.commit(task, deletions...)
	if got := s.category(vectors[0]); got.ID != 4 {
		t.Errorf("after: %+v", got)
	}
}

func TestCategoryOfALargeInstanceIsOfASample(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.index.LimitGallery(300)
	random := rand.New(rand.NewPCG(11, 12))
	task := s.begin("shop")
	line, _ := s.labels(task, 1, 3, 1000, true, 0.1, random)
	_, vectors := s.labels(task, line, 4, 1000, true, 0.1, random)
	if got := s.category(vectors[0]); got.ID != 4 {
		t.Errorf("got %+v", got)
	}
	sample := s.index.Gallery(t.Context(), 1)
	tenths := make([]int, 10)
	for _, ordinal := range sample {
		tenths[(ordinal-1)/200]++
	}
	if len(sample) > 300 || slices.Min(tenths) < 15 || slices.Max(tenths) > 45 {
		t.Errorf("a sample of %d, by tenths of the instance %v; want at most 300, evenly", len(sample), tenths)
	}
}

func TestCategoryOfManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for n := range 6 { // more instances than are held
		s.create(fmt.Sprint("shop", n))
	}
	random := rand.New(rand.NewPCG(9, 10))
	_, vectors := s.labels(s.begin("shop"), 1, 3, 60, true, 0.1, random)
	var group sync.WaitGroup
	for n := range 40 {
		group.Go(func() {
			if n%4 == 0 {
				if _, err := s.index.Category(t.Context(), fmt.Sprint("shop", n%6), vectors[0], "1"); err != nil {
					t.Error(err)
				}
				return
			}
			guess, err := s.index.Category(t.Context(), "shop", vectors[n], "1")
			if err != nil || guess.ID != 3 || guess.Confidence != 1 {
				t.Errorf("%+v, %v", guess, err)
			}
		})
	}
	group.Wait()
}
