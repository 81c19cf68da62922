package subject

import (
	"math"

	"imagebatch/activities/imaging/descriptor"
)

// saliency is how much each pixel stands out, from 0 to 1.
type saliency [side * side]float32

const (
	strip     = 2   // pixels at a side of the picture that are taken for background
	tolerance = 16  // added to the variances of the background's colors
	cap98     = .98 // share of pixels that are below what counts as standing out fully
	focus     = .33 // in sides of the picture: how far from its center products reach

	// flat is the distance from the border's colors below which nothing stands out:
	// noise.
	flat = 0.5
)

// of computes the map. It is false when nothing stands out.
func (s *saliency) of(lab *descriptor.LabMap) bool {
	sides := backgrounds(lab)
	var largest float32
	for n := range s {
		x, y, z := lab[0][n], lab[1][n], lab[2][n]
		var sum, most float32
		for k := range sides {
			d := sides[k].distance(x, y, z)
			if sum += d; d > most {
				most = d
			}
		}
		// The product may touch one side: the farthest of the four is out.
		s[n] = (sum - most) * (1.0 / 3)
		if s[n] > largest {
			largest = s[n]
		}
	}
	full := s.quantile(cap98, largest)
	if full < flat {
		return false
	}
	unit := 1 / full
	for n, v := range s {
		if v *= unit; v > 1 {
			v = 1
		}
		s[n] = v * central[n]
	}
	return true
}

// background is the distribution of the colors at one side of the picture, as
// the map to three numbers whose squares add up to a squared Mahalanobis
// distance: the inverse of the Cholesky factor of their covariance.
type background struct {
	factor [3][3]float32 // lower triangle
	origin [3]float32    // what the mean is mapped to
}

func backgrounds(lab *descriptor.LabMap) [4]background {
	at := func(pixel func(along, across int) int) background {
		var pixels []int
		for across := range strip {
			for along := range side {
				pixels = append(pixels, pixel(along, across))
			}
		}
		return learn(lab, pixels)
	}
	return [4]background{
		at(func(along, across int) int { return across*side + along }),
		at(func(along, across int) int { return (side-1-across)*side + along }),
		at(func(along, across int) int { return along*side + across }),
		at(func(along, across int) int { return along*side + side - 1 - across }),
	}
}

func learn(lab *descriptor.LabMap, pixels []int) (b background) {
	var mean [3]float64
	var covariance [3][3]float64
	count := float64(len(pixels))
	for c := range mean {
		for _, n := range pixels {
			mean[c] += float64(lab[c][n]) / count
		}
	}
	for i := range 3 {
		for j := range i + 1 {
			for _, n := range pixels {
				covariance[i][j] += (float64(lab[i][n]) - mean[i]) * (float64(lab[j][n]) - mean[j]) / count
			}
		}
		covariance[i][i] += tolerance
	}
	inverse := invert(cholesky(covariance))
	for i := range 3 {
		for j := range i + 1 {
			b.factor[i][j] = float32(inverse[i][j])
			b.origin[i] += float32(inverse[i][j] * mean[j])
		}
	}
	return b
}

// cholesky is the lower triangle L with L·Lᵀ = m, of which the lower triangle is read.
func cholesky(m [3][3]float64) (l [3][3]float64) {
	for i := range 3 {
		for j := range i + 1 {
			rest := m[i][j]
			for k := range j {
				rest -= l[i][k] * l[j][k]
			}
			if i == j {
				l[i][i] = math.Sqrt(rest)
			} else {
				l[i][j] = rest / l[j][j]
			}
		}
	}
	return l
}

// invert is the inverse of a lower triangle.
func invert(l [3][3]float64) (out [3][3]float64) {
	for j := range 3 {
		out[j][j] = 1 / l[j][j]
		for i := j + 1; i < 3; i++ {
			for k := j; k < i; k++ {
				out[i][j] -= l[i][k] * out[k][j] / l[i][i]
			}
		}
	}
	return out
}

// distance is that of a color from the background.
func (b *background) distance(x, y, z float32) float32 {
	f, o := &b.factor, &b.origin
	u := f[0][0]*x - o[0]
	v := f[1][0]*x + f[1][1]*y - o[1]
	w := f[2][0]*x + f[2][1]*y + f[2][2]*z - o[2]
	return float32(math.Sqrt(float64(u*u + v*v + w*w)))
}

// central weighs pixels by how near to the center they are.
var central = func() (out saliency) {
	for n := range out {
		x, y := (float64(n%side)+0.5)/side-0.5, (float64(n/side)+0.5)/side-0.5
		out[n] = float32(0.5 + 0.5*math.Exp(-(x*x+y*y)/(2*focus*focus)))
	}
	return out
}()

// quantile is the value below which a share of all is, to a part in a thousand
// of the largest.
func (s *saliency) quantile(share float64, largest float32) float32 {
	const steps = 1024
	if largest == 0 {
		return 0
	}
	var counts [steps + 1]int
	unit := steps / largest
	for _, v := range s {
		counts[min(int(v*unit), steps)]++
	}
	left := int(share * side * side)
	for n, count := range counts {
		if left -= count; left < 0 {
			return (float32(n) + 0.5) * largest / steps
		}
	}
	return largest
}

// threshold divides the map in two by the largest variance between them: Otsu,
// "A threshold selection method from gray-level histograms", 1979.
func (s *saliency) threshold() float32 {
	const bins = 64
	var counts [bins]float64
	var total float64
	for _, v := range s {
		counts[min(int(v*bins), bins-1)]++
	}
	for n, count := range counts {
		total += float64(n) * count
	}
	var best, below, sum float64
	at := 0
	for n, count := range counts[:bins-1] {
		below += count
		sum += float64(n) * count
		above := side*side - below
		if below == 0 || above == 0 {
			continue
		}
		difference := sum/below - (total-sum)/above
		if variance := below * above * difference * difference; variance > best {
			best, at = variance, n
		}
	}
	return float32(at+1) / bins
}

// smooth is the picture blurred by a binomial of 3×3; beyond the edge, the
// outermost pixels are repeated.
func smooth(lab, out *descriptor.LabMap) {
	var rows [side * side]float32
	for c := range lab {
		in := &lab[c]
		for y := range side {
			row, to := in[y*side:(y+1)*side], rows[y*side:(y+1)*side]
			to[0] = (3*row[0] + row[1]) / 4
			for x := 1; x < side-1; x++ {
				to[x] = (row[x-1] + 2*row[x] + row[x+1]) / 4
			}
			to[side-1] = (row[side-2] + 3*row[side-1]) / 4
		}
		for y := range side {
			above, here, below := rows[max(y-1, 0)*side:], rows[y*side:], rows[min(y+1, side-1)*side:]
			to := out[c][y*side : (y+1)*side]
			for x := range to {
				to[x] = (above[x] + 2*here[x] + below[x]) / 4
			}
		}
	}
}
