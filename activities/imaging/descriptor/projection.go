package descriptor

import "math"

const (
	// HalfSize is the number of components of a view.
	HalfSize = 256
	// Size is the number of components, and bytes, of a vector: two views.
	Size = 2 * HalfSize

	// clip is the component that becomes 127; larger ones are cut.
	clip = 0.4
)

// Projection takes features to the components of a view: y = x·W − b, brought to
// length 1. W is kept as int8 with one scale a column.
type Projection struct {
	W           []int8 // column after column, BlockSize rows each
	Scale, Bias [HalfSize]float32
}

// Quantize rounds a projection. w has BlockSize rows of HalfSize columns, row by
// row; b has HalfSize components.
func Quantize(w, b []float64) Projection {
	p := Projection{W: make([]int8, BlockSize*HalfSize)}
	for column := range HalfSize {
		var largest float64
		for row := range BlockSize {
			largest = max(largest, math.Abs(w[row*HalfSize+column]))
		}
		scale := float32(largest / 127)
		p.Scale[column], p.Bias[column] = scale, float32(b[column])
		if scale == 0 {
			continue
		}
		for row := range BlockSize {
			v := math.RoundToEven(w[row*HalfSize+column] / float64(scale))
			p.W[column*BlockSize+row] = int8(min(max(v, -127), 127))
		}
	}
	return p
}

// project is the view of features, in floating point.
func (p *Projection) project(x *[BlockSize]float32) (out [HalfSize]float32) {
	for n := range out {
		var sum float64
		for row, w := range p.W[n*BlockSize : (n+1)*BlockSize] {
			sum += float64(x[row]) * float64(w)
		}
		out[n] = float32(sum*float64(p.Scale[n]) - float64(p.Bias[n]))
	}
	normalize(out[:], 0)
	return out
}

// Round stores the components of a view as they are kept: by one fixed scale,
// the largest cut off.
func Round(view *[HalfSize]float32) (out [HalfSize]int8) {
	for n, v := range view {
		out[n] = int8(math.RoundToEven(min(max(float64(v)*(127/clip), -127), 127)))
	}
	return out
}
