package edits

import (
	"image"
	"math"
)

// wide is the deviation from which a picture is blurred at a quarter of its size:
// it looks the same and costs a sixtieth.
const wide = 8

// blur is Gaussian, with the outermost pixels repeated beyond the edge.
func blur(in *image.RGBA, sigma float64) *image.RGBA {
	width, height := in.Rect.Dx(), in.Rect.Dy()
	if sigma >= wide && min(width, height) >= 16 {
		return Resize(blur(Resize(in, width/4, height/4), sigma/4), width, height)
	}
	weights := bell(sigma)
	return blurColumns(blurRows(in, weights), weights)
}

// bell is half of a Gaussian from its middle on; the whole sums to 1.
func bell(sigma float64) []float32 {
	radius := int(math.Ceil(3 * sigma))
	exact, total := make([]float64, radius+1), 0.0
	for n := range exact {
		exact[n] = math.Exp(-float64(n*n) / (2 * sigma * sigma))
		total += exact[n]
		if n > 0 {
			total += exact[n]
		}
	}
	out := make([]float32, len(exact))
	for n, v := range exact {
		out[n] = float32(v / total)
	}
	return out
}

func blurRows(in *image.RGBA, weights []float32) *image.RGBA {
	width, height := in.Rect.Dx(), in.Rect.Dy()
	out := clone(in)
	for y := range height {
		from, to := in.Pix[in.Stride*y:], out.Pix[out.Stride*y:]
		for x := range width {
			p := from[4*x:]
			red, green, blue := float32(p[0])*weights[0], float32(p[1])*weights[0], float32(p[2])*weights[0]
			for n, weight := range weights[1:] {
				p, q := from[4*max(x-n-1, 0):], from[4*min(x+n+1, width-1):]
				red += weight * float32(int(p[0])+int(q[0]))
				green += weight * float32(int(p[1])+int(q[1]))
				blue += weight * float32(int(p[2])+int(q[2]))
			}
			to[4*x], to[4*x+1], to[4*x+2] = uint8(red+0.5), uint8(green+0.5), uint8(blue+0.5)
		}
	}
	return out
}

func blurColumns(in *image.RGBA, weights []float32) *image.RGBA {
	height, out := in.Rect.Dy(), clone(in)
	sums := make([]float32, in.Stride)
	row := func(y int) []uint8 {
		y = min(max(y, 0), height-1)
		return in.Pix[in.Stride*y : in.Stride*(y+1)]
	}
	for y := range height {
		for i, v := range row(y) {
			sums[i] = float32(v) * weights[0]
		}
		for n, weight := range weights[1:] {
			above, below := row(y-n-1), row(y+n+1)
			for i := range sums {
				sums[i] += weight * float32(int(above[i])+int(below[i]))
			}
		}
		to := out.Pix[out.Stride*y:]
		for i, v := range sums {
			to[i] = uint8(v + 0.5)
		}
	}
	return out
}
