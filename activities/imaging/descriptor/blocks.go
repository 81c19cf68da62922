package descriptor

import "math"

// Codebooks are what the blocks S and C are computed with.
type Codebooks struct {
	Shapes    [64][shapePatch]float32 // centroids of block S
	ColorMean [colorPatch]float32
	ColorAxes [colorAxes][colorPatch]float32 // principal axes of patches of colors, less the mean
	Colors    [32][colorAxes]float32         // centroids of block C, on these axes
}

// Where the blocks are in the joined features.
const (
	sizeS = 64 * shapePatch
	sizeH = 8 * 8 * directions
	sizeT = tiles * tiles * 3
	sizeC = 32 * colorAxes

	// BlockSize is the number of features of a view before projection.
	BlockSize = sizeS + sizeH + sizeT + sizeC
)

// Blocks are the features of a thumbnail before projection: S, H, T and C, each
// of length 1, weighted so that all together are. Where a picture is flat, H and T are
// zero. This is what the kernel is held against; learning uses it too.
func Blocks(t *Thumbnail, c *Codebooks) *[BlockSize]float32 {
	out := new([BlockSize]float32)
	s, h, tt, cc := out[:sizeS], out[sizeS:][:sizeH], out[sizeS+sizeH:][:sizeT], out[sizeS+sizeH+sizeT:]

	for _, patch := range ShapePatches(t) {
		n := nearest(func(n int) []float32 { return c.Shapes[n][:] }, len(c.Shapes), patch[:])
		for k, v := range patch {
			s[n*shapePatch+k] += v - c.Shapes[n][k]
		}
	}
	finish(s, shapePatch)
	layoutOfEdges(t, h)
	layoutOfColors(t, tt)
	for _, patch := range ColorPatches(t) {
		reduced := c.reduce(&patch)
		n := nearest(func(n int) []float32 { return c.Colors[n][:] }, len(c.Colors), reduced[:])
		for k, v := range reduced {
			cc[n*colorAxes+k] += v - c.Colors[n][k]
		}
	}
	finish(cc, colorAxes)

	for _, part := range []struct {
		block  []float32
		weight float64
	}{{s, 2.0 / 6}, {h, 2.0 / 6}, {tt, 1.0 / 6}, {cc, 1.0 / 6}} {
		factor := float32(math.Sqrt(part.weight))
		for n := range part.block {
			part.block[n] *= factor
		}
	}
	return out
}
