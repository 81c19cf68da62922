package subject

// mask is a set of pixels: a row of them in each number, x counted from the
// lowest bit.
type mask [side]uint64

// above are the pixels whose value is at least least.
func (s *saliency) above(least float32) (m mask) {
	for n, v := range s {
		if v >= least {
			m[n/side] |= 1 << (n % side)
		}
	}
	return m
}

// open takes away what is narrower than 3 pixels.
func (m mask) open() mask { return m.grow(-1).grow(1) }

// close fills gaps narrower than 5 pixels.
func (m mask) close() mask { return m.grow(2).grow(-2) }

// grow widens a mask by so many pixels in all directions, or narrows it. Outside
// the picture lies nothing that would change it.
func (m mask) grow(by int) mask {
	if by < 0 {
		return m.not().grow(-by).not()
	}
	for range by {
		var wide mask
		for y, row := range m {
			wide[y] = row | row<<1 | row>>1
		}
		for y := range m {
			m[y] = wide[max(y-1, 0)] | wide[y] | wide[min(y+1, side-1)]
		}
	}
	return m
}

func (m mask) not() mask {
	for y := range m {
		m[y] = ^m[y]
	}
	return m
}
