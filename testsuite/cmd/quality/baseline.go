package main

import (
	"image"
	"math"
	"math/bits"
	"slices"

	"imagebatch/testsuite/edits"
)

// baselines are the descriptors that one would try first.
type baselines struct {
	pHash, dHash uint64
	histogram    []float32 // square roots of shares, of length 1
}

// baselineNames are those of distances, in its order.
var baselineNames = [...]string{"pHash", "dHash", "RGB histogram"}

// distances are those between two pictures, by each of the baselines.
func (b *baselines) distances(other *baselines) [3]float64 {
	var alike float32
	for n, v := range b.histogram {
		alike += v * other.histogram[n]
	}
	return [3]float64{
		float64(bits.OnesCount64(b.pHash ^ other.pHash)),
		float64(bits.OnesCount64(b.dHash ^ other.dHash)),
		-float64(alike),
	}
}

func describeSimply(in *image.RGBA) baselines {
	return baselines{pHash: pHash(in), dHash: dHash(in), histogram: histogram(in)}
}

// brightness is the luma of a picture brought to a size.
func brightness(in *image.RGBA, width, height int) []float64 {
	small := edits.Resize(in, width, height)
	out := make([]float64, width*height)
	for n := range out {
		p := small.Pix[4*n:]
		out[n] = 0.299*float64(p[0]) + 0.587*float64(p[1]) + 0.114*float64(p[2])
	}
	return out
}

// pHash has a bit for each of the 8×8 lowest frequencies of a picture of 32×32
// pixels: whether it is above their median.
func pHash(in *image.RGBA) (hash uint64) {
	const side, kept = 32, 8
	luma := brightness(in, side, side)
	var rows [side][kept]float64
	for y := range side {
		for u := range kept {
			for x := range side {
				rows[y][u] += luma[y*side+x] * cosines[u][x]
			}
		}
	}
	var frequencies [kept * kept]float64
	for v := range kept {
		for u := range kept {
			for y := range side {
				frequencies[v*kept+u] += rows[y][u] * cosines[v][y]
			}
		}
	}
	sorted := slices.Sorted(slices.Values(frequencies[1:]))
	median := sorted[len(sorted)/2]
	for n, frequency := range frequencies {
		if frequency > median {
			hash |= 1 << n
		}
	}
	return hash
}

var cosines = func() (table [8][32]float64) {
	for u := range table {
		for x := range table[u] {
			table[u][x] = math.Cos(math.Pi * float64(u) * (float64(x) + 0.5) / 32)
		}
	}
	return table
}()

// dHash has a bit for each of 8×8 pixels: whether the next one is brighter.
func dHash(in *image.RGBA) (hash uint64) {
	luma := brightness(in, 9, 8)
	for y := range 8 {
		for x := range 8 {
			if luma[9*y+x+1] > luma[9*y+x] {
				hash |= 1 << (8*y + x)
			}
		}
	}
	return hash
}

// histogram counts colors in 8×8×8 boxes.
func histogram(in *image.RGBA) []float32 {
	var counts [512]int
	for at := 0; at < len(in.Pix); at += 4 {
		counts[int(in.Pix[at]>>5)<<6|int(in.Pix[at+1]>>5)<<3|int(in.Pix[at+2]>>5)]++
	}
	out := make([]float32, len(counts))
	for n, count := range counts {
		out[n] = float32(math.Sqrt(float64(count) / float64(len(in.Pix)/4)))
	}
	return out
}
