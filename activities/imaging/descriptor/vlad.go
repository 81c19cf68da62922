package descriptor

import "math"

// reduce brings a patch of colors down to its principal axes.
func (c *Codebooks) reduce(patch *[colorPatch]float32) (out [colorAxes]float32) {
	for n, v := range patch {
		v -= c.ColorMean[n]
		for k := range out {
			out[k] += float32(v * c.ColorAxes[k][n])
		}
	}
	return out
}

// nearest is the index of the row of rows that is nearest to v: the one with the
// largest product with it, less half of its own square.
func nearest(rows func(int) []float32, count int, v []float32) int {
	best, at := float32(math.Inf(-1)), 0
	for n := range count {
		row := rows(n)
		score := -halfSquare(row)
		for k, x := range v {
			score += float32(x * row[k])
		}
		if score > best {
			best, at = score, n
		}
	}
	return at
}

func halfSquare(v []float32) float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return float32(sum / 2)
}

// finish ends a block of sums, one for each centroid of size components: each is
// brought to length 1, the signed roots of all together again.
func finish(block []float32, size int) {
	for at := 0; at < len(block); at += size {
		normalize(block[at:at+size], 0)
	}
	for n, v := range block {
		block[n] = float32(math.Copysign(math.Sqrt(math.Abs(float64(v))), float64(v)))
	}
	normalize(block, 0)
}

// nothing keeps what is zero from being divided by zero.
const nothing = 1e-9

// normalize brings v to length 1, or shorter when it is shorter than least.
func normalize(v []float32, least float64) {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	length := max(math.Sqrt(sum), least) + nothing
	for n := range v {
		v[n] = float32(float64(v[n]) / length)
	}
}
