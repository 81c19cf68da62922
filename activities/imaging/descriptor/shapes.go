package descriptor

import "math"

const (
	// shapePatch is the number of components of a patch of block S: 2×2 squares
	// of 2×2 cells, eight directions each.
	shapePatch   = 4 * directions
	shapePatches = 13*13 + 5*5

	// faintPatch and faintCell keep patches and cells small in which nothing
	// happens, or only noise.
	faintPatch = 200
	faintCell  = 120
)

// ShapePatches are the 194 normalised patches that block S is made of: every
// place in two sizes, of components that are roots and together at most 1.
func ShapePatches(t *Thumbnail) [][shapePatch]float32 {
	out := make([][shapePatch]float32, 0, shapePatches)
	for _, shrink := range []int{1, 2} {
		out = appendPatches(out, t.gradients(shrink))
	}
	return out
}

// appendPatches takes the patches of one size: its four squares are the cells at
// (x,y), (x+2,y), (x,y+2) and (x+2,y+2), each with its neighbors right and below.
func appendPatches(out [][shapePatch]float32, g *cells) [][shapePatch]float32 {
	for y := range g.count - 3 {
		for x := range g.count - 3 {
			var patch [shapePatch]float32
			var energy [4]float32
			for n, from := range [4][2]int{{x, y}, {x + 2, y}, {x, y + 2}, {x + 2, y + 2}} {
				u, v := from[0], from[1]
				square := (*[directions]float32)(patch[n*directions:])
				for k := range square {
					square[k] = (g.at(u, v)[k] + g.at(u+1, v)[k]) + (g.at(u, v+1)[k] + g.at(u+1, v+1)[k])
				}
				energy[n] = pairs(square)
			}
			total := (energy[0] + energy[1]) + (energy[2] + energy[3]) + faintPatch
			for k, v := range patch {
				patch[k] = float32(math.Sqrt(float64(v / total)))
			}
			out = append(out, patch)
		}
	}
	return out
}

// layoutOfEdges is block H: each cell of the smaller size by how much happens
// around it.
func layoutOfEdges(t *Thumbnail, out []float32) {
	g := t.gradients(2)
	energy := make([]float32, len(g.bins))
	for n, bins := range g.bins {
		energy[n] = pairs(&bins)
	}
	for y := range g.count {
		for x := range g.count {
			var around float32
			for dy := -1; dy <= 1; dy++ {
				v := min(max(y+dy, 0), g.count-1) * g.count
				around += (energy[v+max(x-1, 0)] + energy[v+x]) + energy[v+min(x+1, g.count-1)]
			}
			around = around*(1.0/9) + faintCell
			n := y*g.count + x
			for k, v := range g.bins[n] {
				out[n*directions+k] = float32(math.Sqrt(float64(v / around)))
			}
		}
	}
	normalize(out, 0)
}
