package imaging

import "math"

// Version names the descriptor below. Vectors of different versions must not be
// compared; a change of any number in this file is another version.
const Version = "ht1"

// The descriptor describes how a picture is laid out, in 704 numbers:
//
//   - edges: 8×8 cells, each with the strength of the edges in eight directions;
//   - colors: 8×8 cells, each with its difference from the picture's mean color.
//
// Both have the same weight, so that the vector has length 1 and two pictures
// compare by its cosine. It is stored as int8 by one fixed scale.
const (
	cells      = 8
	directions = 8
	edgeSize   = cells * cells * directions
	colorSize  = cells * cells * 3
	// Dimensions is the number of components, and bytes, of a vector.
	Dimensions = edgeSize + colorSize
)

const (
	half = side / 2 // the edges are looked for at half the thumbnail's size
	cell = half / cells

	// quantum is the component that becomes 127; larger ones are cut. Of 512
	// photos, one component in 360,000 reached it.
	quantum = 0.3
	// damping keeps cells in which nothing happens, or only noise, small.
	damping = 120
	// faint is the color contrast below which a picture counts as of one color:
	// what is left is rounding, and must not be blown up to full length.
	faint = 4
)

// describer holds what describe works with.
type describer struct {
	luma   [half * half]float32
	edges  [edgeSize]float32
	energy [cells * cells]float32
	vector [Dimensions]float32
}

// describe computes the vector of a thumbnail. One of a single color, without
// edges, is all zeros.
func describe(t *thumbnail, d *describer) []byte {
	edges, colors := d.vector[:edgeSize], d.vector[edgeSize:]
	describeEdges(t, d, edges)
	describeColors(t, colors)
	scale(edges, 0)
	scale(colors, faint)

	out := make([]byte, Dimensions)
	factor := float32(math.Sqrt(0.5) * 127 / quantum)
	for n, v := range d.vector {
		out[n] = byte(int8(math.RoundToEven(float64(min(max(v*factor, -127), 127)))))
	}
	return out
}

// scale brings v to length 1, or shorter when it is shorter than least.
func scale(v []float32, least float32) {
	var sum float32
	for _, x := range v {
		sum += x * x
	}
	length := max(float32(math.Sqrt(float64(sum))), least)
	if length == 0 {
		return
	}
	for n := range v {
		v[n] /= length
	}
}

// describeEdges sums the gradients of the luma in cells of 4×4 pixels by
// direction, and weakens each cell by how much happens around it.
func describeEdges(t *thumbnail, d *describer, out []float32) {
	for y := range half {
		for x := range half {
			a := t[3*(2*y*side+2*x):]
			b := t[3*((2*y+1)*side+2*x):]
			red := int(a[0]) + int(a[3]) + int(b[0]) + int(b[3])
			green := int(a[1]) + int(a[4]) + int(b[1]) + int(b[4])
			blue := int(a[2]) + int(a[5]) + int(b[2]) + int(b[5])
			d.luma[y*half+x] = float32(299*red+587*green+114*blue) / 4000
		}
	}
	clear(d.edges[:])
	for y := range half {
		above, here, below := d.row(y-1), d.row(y), d.row(y+1)
		for x := range half {
			gx := here[min(x+1, half-1)] - here[max(x-1, 0)]
			gy := below[x] - above[x]
			at := ((y/cell)*cells + x/cell) * directions
			vote(d.edges[at:at+directions], gx, gy)
		}
	}
	for n := range d.energy {
		var sum float32
		for _, g := range d.edges[n*directions : (n+1)*directions] {
			sum += g
		}
		d.energy[n] = sum
	}
	for n := range d.energy {
		around := d.around(n%cells, n/cells) + damping
		for k := n * directions; k < (n+1)*directions; k++ {
			out[k] = float32(math.Sqrt(float64(d.edges[k] / around)))
		}
	}
}

// row is a row of luma; beyond the edge, the outermost is repeated.
func (d *describer) row(y int) []float32 {
	y = min(max(y, 0), half-1)
	return d.luma[y*half : (y+1)*half]
}

// around is the mean energy of a cell and its neighbors.
func (d *describer) around(x, y int) float32 {
	var sum float32
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			sum += d.energy[min(max(y+dy, 0), cells-1)*cells+min(max(x+dx, 0), cells-1)]
		}
	}
	return sum / 9
}

// vote adds a gradient to eight directions, 45° apart, x right and y down: what
// two axes share goes to the diagonal between them, the rest to the stronger.
func vote(bins []float32, gx, gy float32) {
	ax, ay := gx, gy
	right, down := true, true
	if gx < 0 {
		ax, right = -gx, false
	}
	if gy < 0 {
		ay, down = -gy, false
	}
	axis := 2
	switch {
	case ax >= ay && right:
		axis = 0
	case ax >= ay:
		axis = 4
	case !down:
		axis = 6
	}
	diagonal := 1
	switch {
	case !right && down:
		diagonal = 3
	case !right:
		diagonal = 5
	case !down:
		diagonal = 7
	}
	bins[axis] += max(ax-ay, ay-ax)
	bins[diagonal] += math.Sqrt2 * min(ax, ay)
}

// describeColors averages CIE L*a*b* in 8×8 cells and takes off the mean.
func describeColors(t *thumbnail, out []float32) {
	const size = side / cells
	clear(out)
	for y := range side {
		for x := range side {
			at := 3 * (y*side + x)
			l, a, b := lab(t[at], t[at+1], t[at+2])
			sums := out[3*((y/size)*cells+x/size):]
			sums[0] += l
			sums[1] += a
			sums[2] += b
		}
	}
	var mean [3]float32
	for n, sum := range out {
		mean[n%3] += sum / (cells * cells)
	}
	for n := range out {
		out[n] = (out[n] - mean[n%3]) / (size * size)
	}
}
