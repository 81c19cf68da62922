package descriptor

import "math"

const (
	// colorPatch is the number of components of a patch of block C: 2×2 cells,
	// each with mean and deviation of L*, a* and b*.
	colorPatch   = 4 * 6
	colorPatches = 15 * 15
	colorCells   = Side / cellSide

	colorAxes  = 16 // that a patch is brought down to
	colorUnit  = 50 // of L*a*b*, which becomes 1
	tiles      = 8  // of block T, each way
	faintColor = 4  // contrast below which a picture counts as of one color: what is left is rounding
)

// colorCell is mean and standard deviation of L*, a* and b* in a cell.
type colorCell struct{ mean, deviation [3]float32 }

func (m *LabMap) cells() *[colorCells * colorCells]colorCell {
	out := new([colorCells * colorCells]colorCell)
	for n := range out {
		corner := n/colorCells*cellSide*Side + n%colorCells*cellSide
		for channel := range m {
			mean := sumOfCell(m[channel][corner:], func(v float32) float32 { return v }) * (1.0 / 16)
			variance := sumOfCell(m[channel][corner:], func(v float32) float32 { return (v - mean) * (v - mean) }) * (1.0 / 16)
			out[n].mean[channel], out[n].deviation[channel] = mean, float32(math.Sqrt(float64(variance)))
		}
	}
	return out
}

// sumOfCell adds up in pairs, as the kernel does.
func sumOfCell(from []float32, of func(float32) float32) float32 {
	var columns [cellSide]float32
	for x := range columns {
		columns[x] = (of(from[x]) + of(from[Side+x])) + (of(from[2*Side+x]) + of(from[3*Side+x]))
	}
	return (columns[0] + columns[1]) + (columns[2] + columns[3])
}

// ColorPatches are the 225 patches that block C is made of, before mean and axes.
func ColorPatches(t *Thumbnail) [][colorPatch]float32 {
	cells := t.Lab().cells()
	out := make([][colorPatch]float32, 0, colorPatches)
	for y := range colorCells - 1 {
		for x := range colorCells - 1 {
			var patch [colorPatch]float32
			n := y*colorCells + x
			for k, at := range [4]int{n, n + 1, n + colorCells, n + colorCells + 1} {
				for channel := range 3 {
					patch[6*k+channel] = cells[at].mean[channel] * (1.0 / colorUnit)
					patch[6*k+3+channel] = cells[at].deviation[channel] * (1.0 / colorUnit)
				}
			}
			out = append(out, patch)
		}
	}
	return out
}

// layoutOfColors is block T: 8×8 tiles by their difference from the picture's
// mean color.
func layoutOfColors(t *Thumbnail, out []float32) {
	cells := t.Lab().cells()
	var mean [3]float32
	for n := range tiles * tiles {
		corner := n/tiles*2*colorCells + n%tiles*2
		for channel := range mean {
			at := func(n int) float32 { return cells[n].mean[channel] }
			tile := ((at(corner) + at(corner+1)) + (at(corner+colorCells) + at(corner+colorCells+1))) * 0.25
			out[3*n+channel] = tile
			mean[channel] += tile
		}
	}
	for n := range out {
		out[n] -= mean[n%3] * (1.0 / (tiles * tiles))
	}
	normalize(out, faintColor)
}
