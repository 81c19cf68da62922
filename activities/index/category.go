package index

import (
	"context"
	"math"
	"slices"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// The rule by which a category is guessed. The figures were fixed on photos of
// clothing: https://github.com/alexeygrigorev/clothing-dataset-small.
const (
	// neighbours are how many of the most alike pictures have a vote.
	neighbours = 25
	// sharpness makes a vote weigh exp(sharpness × (score − best score)).
	sharpness = 10
	// fewestLabelled is how many pictures must have a category before any is
	// guessed.
	fewestLabelled = 20
)

// Category guesses the category of a picture that is to be stored: the most
// alike of those pictures whose category was given vote, and the votes of a
// category are divided by the square root of how many pictures it has, so that a
// large one does not win by its size. It is CategoryOthers with confidence 0 as
// long as few pictures have a category, and for a vector that cannot be compared
// with those of the instance. What was stored a moment ago may not count yet.
// CodeInstanceNotFound.
func (x *Index) Category(ctx context.Context, instance string, vector []byte, featureVersion string) (activities.CategoryGuess, error) {
	var target store.Instance
	if err := x.store.Read(ctx, func(t *store.Tx) (err error) {
		target, err = t.Instance(instance)
		return err
	}); err != nil {
		return activities.CategoryGuess{}, err
	}
	unknown := activities.CategoryGuess{ID: contract.CategoryOthers}
	if target.Features != featureVersion || target.Dimensions != len(vector) || len(vector) == 0 {
		return unknown, nil
	}
	labelled, err := x.galleries.of(ctx, x, target)
	if err != nil {
		return activities.CategoryGuess{}, err
	}
	if labelled.total < fewestLabelled || len(labelled.pictures) == 0 {
		return unknown, nil
	}
	return vote(labelled.nearest(vector), labelled.counts), nil
}

// nearest are the pictures most alike to a vector, the best first.
func (g *gallery) nearest(vector []byte) []vouch {
	own := square(vector)
	votes := make([]vouch, 0, neighbours+1)
	for i, product := range products(vector, g.vectors) {
		s := score(int64(product), own, g.pictures[i].square)
		if len(votes) == neighbours && s <= votes[neighbours-1].score {
			continue
		}
		at, _ := slices.BinarySearchFunc(votes, s, func(v vouch, s float64) int {
			if v.score >= s {
				return -1
			}
			return 1
		})
		votes = slices.Insert(votes, at, vouch{g.pictures[i].category, s})
		votes = votes[:min(len(votes), neighbours)]
	}
	return votes
}

// vouch is a picture's vote for its category.
type vouch struct {
	category int
	score    float64
}

// vote counts votes that are ordered by score. Of equal categories the smallest
// wins.
func vote(votes []vouch, counts map[int]int64) activities.CategoryGuess {
	shares := make(map[int]float64)
	for _, v := range votes {
		shares[v.category] += math.Exp(sharpness*(v.score-votes[0].score)) / math.Sqrt(float64(max(1, counts[v.category])))
	}
	guess := activities.CategoryGuess{ID: contract.CategoryOthers}
	var most, sum float64
	for category, share := range shares {
		sum += share
		if share > most || share == most && category < guess.ID {
			guess.ID, most = category, share
		}
	}
	guess.Confidence = most / sum
	return guess
}
