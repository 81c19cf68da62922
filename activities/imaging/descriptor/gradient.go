package descriptor

import "math"

// Gradients are counted in eight directions, 45° apart, x right and y down, and
// summed over cells of 4×4 pixels.
const (
	directions = 8
	cellSide   = 4
)

// cells are the gradients of a map of brightness, count×count cells.
type cells struct {
	count int
	bins  [][directions]float32
}

// at is a cell; beyond the edge, the outermost is repeated.
func (c *cells) at(x, y int) *[directions]float32 {
	x, y = min(max(x, 0), c.count-1), min(max(y, 0), c.count-1)
	return &c.bins[y*c.count+x]
}

// gradients are those of the thumbnail with its sides divided by shrink, 1 or 2.
func (t *Thumbnail) gradients(shrink int) *cells {
	side, luma := Side/shrink, t.luma(shrink)
	at := func(x, y int) int32 { return luma[min(max(y, 0), side-1)*side+min(max(x, 0), side-1)] }
	count := side / cellSide
	sums := make([][directions]int32, count*count)
	for y := range side {
		for x := range side {
			vote(&sums[y/cellSide*count+x/cellSide], at(x+1, y)-at(x-1, y), at(x, y+1)-at(x, y-1))
		}
	}
	out := &cells{count: count, bins: make([][directions]float32, len(sums))}
	unit := 1 / float32(shrink*shrink*lumaScale)
	for n, sum := range sums {
		for k, v := range sum {
			out.bins[n][k] = float32(v) * unit
			if k%2 == 1 {
				out.bins[n][k] *= math.Sqrt2
			}
		}
	}
	return out
}

// vote adds a gradient: what its two axes share goes to the diagonal between
// them, where it is longer by √2 than is added here, the rest to the stronger.
func vote(bins *[directions]int32, gx, gy int32) {
	ax, ay := max(gx, -gx), max(gy, -gy)
	axis := 2
	switch {
	case ax >= ay && gx >= 0:
		axis = 0
	case ax >= ay:
		axis = 4
	case gy < 0:
		axis = 6
	}
	diagonal := 1
	switch {
	case gx < 0 && gy >= 0:
		diagonal = 3
	case gx < 0:
		diagonal = 5
	case gy < 0:
		diagonal = 7
	}
	bins[axis] += max(ax-ay, ay-ax)
	bins[diagonal] += min(ax, ay)
}

// pairs adds up in the order in which the kernel does.
func pairs(v *[directions]float32) float32 {
	return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]))
}
