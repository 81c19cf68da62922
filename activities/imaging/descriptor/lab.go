package descriptor

import "math"

// LabMap is a thumbnail in CIE L*a*b* under D65: L* from 0 to 100, a* and b*
// around 0, each on its own, row by row.
type LabMap [3][Side * Side]float32

// Lab is the thumbnail in CIE L*a*b*, within 0.1 of exact.
func (t *Thumbnail) Lab() *LabMap {
	out := new(LabMap)
	for n := range Side * Side {
		out[0][n], out[1][n], out[2][n] = lab(t[3*n], t[3*n+1], t[3*n+2])
	}
	return out
}

// Tables for the way from sRGB, which has two powers a pixel otherwise: from a
// byte to linear light, and CIE's cube root at steps fine enough.
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

// toXYZ are the rows of the matrix from linear sRGB to XYZ, each divided by what
// white has of it.
var toXYZ = [3][3]float32{
	{0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047},
	{0.2126729, 0.7151522, 0.0721750},
	{0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883},
}

// lab is the color of an sRGB pixel.
func lab(red, green, blue byte) (l, a, b float32) {
	r, g, bl := linear[red], linear[green], linear[blue]
	var f [3]float32
	for n, row := range toXYZ {
		f[n] = cubeRoot(float32(row[0]*r) + float32(row[1]*g) + float32(row[2]*bl))
	}
	return float32(116*f[1]) - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])
}

// cubeRoot interpolates between the steps of the table.
func cubeRoot(v float32) float32 {
	at := v * rootSteps
	n := min(int(at), rootSteps)
	return root[n] + float32((root[n+1]-root[n])*(at-float32(n)))
}
