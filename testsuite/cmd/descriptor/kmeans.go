package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"imagebatch/testsuite/edits"
)

const (
	clusterStarts = 3
	clusterRounds = 40
	// portions is into how many parts the points are divided. Sums are taken in
	// each and then over all in order, so that they do not depend on the cores.
	portions = 32
)

// cluster finds count centers such that points are near to one: the best of
// several starts of Lloyd's algorithm.
func (t *training) cluster(p points, count int, purpose string) points {
	var best points
	least := math.Inf(1)
	for start := range clusterStarts {
		centers := spread(p, count, edits.Seeded(t.seed, purpose, string(rune('a'+start))))
		distance := math.Inf(1)
		for range clusterRounds {
			before := distance
			if distance = improve(p, centers); distance > before*(1-1e-5) {
				break
			}
		}
		t.say("%s, start %d: mean squared distance %.5f", purpose, start+1, distance)
		if distance < least {
			best, least = centers, distance
		}
	}
	return best
}

// spread chooses points to start from, each with a chance that grows with its
// squared distance from those chosen before (k-means++).
func spread(p points, count int, random *rand.Rand) points {
	centers := points{size: p.size}
	distances := make([]float64, p.count())
	for n := range distances {
		distances[n] = math.Inf(1)
	}
	chosen := random.IntN(p.count())
	for {
		center := p.row(chosen)
		centers.values = append(centers.values, center...)
		if centers.count() == count {
			return centers
		}
		var total float64
		for n := range distances {
			distances[n] = min(distances[n], squaredDistance(p.row(n), center))
			total += distances[n]
		}
		at := random.Float64() * total
		chosen = slices.IndexFunc(distances, func(d float64) bool { at -= d; return at < 0 })
		chosen = max(chosen, 0)
	}
}

func squaredDistance(a, b []float32) float64 {
	var sum float32
	for n, v := range a {
		sum += (v - b[n]) * (v - b[n])
	}
	return float64(sum)
}

// improve moves each center into the middle of the points that are nearest to
// it, and returns the mean squared distance there was before.
func improve(p, centers points) float64 {
	type part struct {
		sums     []float64
		counts   []int
		distance float64
	}
	halves := make([]float32, centers.count())
	for n := range halves {
		halves[n] = float32(squaredDistance(centers.row(n), make([]float32, p.size)) / 2)
	}
	parts := make([]part, portions)
	work := func(n int) error {
		q := part{sums: make([]float64, len(centers.values)), counts: make([]int, centers.count())}
		for at := n * p.count() / portions; at < (n+1)*p.count()/portions; at++ {
			row := p.row(at)
			nearest := nearestTo(row, centers, halves)
			q.distance += squaredDistance(row, centers.row(nearest))
			q.counts[nearest]++
			for k, v := range row {
				q.sums[nearest*p.size+k] += float64(v)
			}
		}
		parts[n] = q
		return nil
	}
	_ = edits.InParallel(context.Background(), portions, work) // neither the work nor this context fails

	all := parts[0]
	for _, q := range parts[1:] {
		all.distance += q.distance
		for n, v := range q.sums {
			all.sums[n] += v
		}
		for n, v := range q.counts {
			all.counts[n] += v
		}
	}
	for n := range centers.values {
		if count := all.counts[n/p.size]; count > 0 {
			centers.values[n] = float32(all.sums[n] / float64(count))
		}
	}
	return all.distance / float64(p.count())
}

// nearestTo is the center with the largest product, less half of its square.
func nearestTo(row []float32, centers points, halves []float32) int {
	nearest, best := 0, float32(math.Inf(-1))
	for n, half := range halves {
		score := -half
		for k, v := range centers.row(n) {
			score += v * row[k]
		}
		if score > best {
			nearest, best = n, score
		}
	}
	return nearest
}
