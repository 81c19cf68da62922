package descriptor

// Side is how many pixels wide and high a thumbnail is.
const Side = 64

// Thumbnail is a view of a picture, shrunk to 64×64 pixels whatever its
// proportions: 8-bit sRGB, row by row, three bytes a pixel.
type Thumbnail [3 * Side * Side]byte

// Luma comes in thousandths of a step of 8 bits, summed over the pixels of a
// square, so that gradients and their sums are integers and exact.
const lumaScale = 1000

// luma is the brightness of the thumbnail with its sides divided by shrink, 1 or
// 2: for each square of shrink×shrink pixels the sum of theirs.
func (t *Thumbnail) luma(shrink int) []int32 {
	side := Side / shrink
	out := make([]int32, side*side)
	for y := range Side {
		for x := range Side {
			p := t[3*(y*Side+x):]
			out[y/shrink*side+x/shrink] += 299*int32(p[0]) + 587*int32(p[1]) + 114*int32(p[2])
		}
	}
	return out
}
