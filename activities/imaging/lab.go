package imaging

import "math"

// Tables for the way from sRGB to CIE L*a*b* under D65, which has two powers a
// pixel otherwise: from a byte to linear light, and the cube root of CIE's
// formula at steps fine enough to be within 0.1 of exact.
var (
	linear [256]float32
	root   [rootSteps + 2]float32
)

const rootSteps = 4096

func init() {
	for n := range linear {
		v := float64(n) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		linear[n] = float32(v)
	}
	for n := range root {
		const edge = 6.0 / 29
		v := float64(n) / rootSteps
		if v > edge*edge*edge {
			v = math.Cbrt(v)
		} else {
			v = v/(3*edge*edge) + 4.0/29
		}
		root[n] = float32(v)
	}
}

// lab is the color of an sRGB pixel: L* from 0 to 100, a* and b* around 0.
func lab(red, green, blue byte) (l, a, b float32) {
	r, g, bl := linear[red], linear[green], linear[blue]
	x := cubeRoot((0.4124564*r + 0.3575761*g + 0.1804375*bl) / 0.95047)
	y := cubeRoot(0.2126729*r + 0.7151522*g + 0.0721750*bl)
	z := cubeRoot((0.0193339*r + 0.1191920*g + 0.9503041*bl) / 1.08883)
	return 116*y - 16, 500 * (x - y), 200 * (y - z)
}

// cubeRoot interpolates between the steps of the table.
func cubeRoot(v float32) float32 {
	at := v * rootSteps
	n := min(int(at), rootSteps)
	return root[n] + (root[n+1]-root[n])*(at-float32(n))
}
