package subject

import (
	"cmp"
	"math/bits"
)

// lightest is the weight of a part that is kept, in that of the heaviest.
const lightest = 0.3

// part is a connected piece of the mask.
type part struct {
	weight float64 // the sum of the map in it
	profile
}

func heavierFirst(a, b part) int { return cmp.Compare(b.weight, a.weight) }

// profile are sums of the map over the columns and rows of a set of pixels.
type profile struct {
	columns, rows [side]float64
	pixels        int
}

func (p *profile) add(other *profile) {
	for n := range side {
		p.columns[n] += other.columns[n]
		p.rows[n] += other.rows[n]
	}
	p.pixels += other.pixels
}

// tail is the share of a profile that is outside of its box on each side.
const tail = 0.002

func (p *profile) box() Box {
	left, right := extent(&p.columns)
	top, bottom := extent(&p.rows)
	return Box{left, top, right, bottom}
}

// extent is where all but the tails of the sums are, in fractions of their number.
func extent(sums *[side]float64) (from, to float64) {
	var total float64
	for _, v := range sums {
		total += v
	}
	where := func(share float64) float64 {
		left := share * total
		for n, v := range sums {
			if v > 0 && left <= v {
				return (float64(n) + left/v) / side
			}
			left -= v
		}
		return 1
	}
	return where(tail), where(1 - tail)
}

// contrast is how much more than the rest a set of pixels stands out.
func (s *saliency) contrast(of *profile) float64 {
	var inside, total float64
	for _, v := range of.rows {
		inside += v
	}
	for _, v := range s {
		total += float64(v)
	}
	outside := 0.0
	if rest := side*side - of.pixels; rest > 0 {
		outside = (total - inside) / float64(rest)
	}
	return inside/float64(of.pixels) - outside
}

// parts are the pieces of a mask that hang together, also by corners.
func (f *Finder) parts(m *mask) (out []part) {
	left := *m
	for row := 0; row < side; {
		if left[row] == 0 {
			row++
			continue
		}
		var p part
		f.queue = append(f.queue[:0], int16(row*side+bits.TrailingZeros64(left[row])))
		left[row] &= left[row] - 1
		for len(f.queue) > 0 {
			n := int(f.queue[len(f.queue)-1])
			f.queue = f.queue[:len(f.queue)-1]
			x, y := n%side, n/side
			v := float64(f.salience[n])
			p.weight += v
			p.columns[x] += v
			p.rows[y] += v
			p.pixels++
			here := uint64(1) << x
			around := here<<1 | here | here>>1
			for row := max(y-1, 0); row <= min(y+1, side-1); row++ {
				near := left[row] & around
				left[row] &^= near
				for ; near != 0; near &= near - 1 {
					f.queue = append(f.queue, int16(row*side+bits.TrailingZeros64(near)))
				}
			}
		}
		out = append(out, p)
	}
	return out
}
