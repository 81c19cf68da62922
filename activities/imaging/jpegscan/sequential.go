package jpegscan

// sequential reads blocks of a sequential scan: one brightness, then the other 63
// coefficients.
func (s *scan) sequential(part *part, _ int) bool {
	return s.brightness(part, 0) && s.details(part.ac, part.limits)
}

// brightness reads a difference to the block before, whose sum must stay within
// what 8-bit samples can have.
func (s *scan) brightness(part *part, shift int) bool {
	size, ok := part.dc.symbol(&s.bits)
	if !ok || size > 11 {
		return false
	}
	if size == 0 {
		return true
	}
	part.sum += signed(s.bits.take(int(size)), int(size))
	value := (part.sum << shift) * part.step
	return -part.most <= value && value <= part.most
}

// signed is the value of a coefficient: the lower half of a size's values is
// negative.
func signed(value, size int) int {
	if value < 1<<(size-1) {
		return value - 1<<size + 1
	}
	return value
}

// details reads the coefficients behind the first one. This loop is most of the
// work on a picture.
func (s *scan) details(codes *huffman, limits *[64]uint8) bool {
	b := &s.bits
	held, count := b.held, b.count
	for at := 1; at < 64; {
		if count < 32 {
			b.held, b.count = held, count
			b.fill()
			held, count = b.held, b.count
		}
		if found := codes.whole[held>>(uint(count-lookup)&63)&(1<<lookup-1)]; found != 0 {
			count -= int(found & 0xff)
			at += int(found >> 8)
		} else {
			b.held, b.count = held, count
			symbol, ok := codes.symbol(b)
			advance, size := leads(symbol)
			if !ok || advance == 0 {
				return false
			}
			held, count = b.held, b.count-size
			at += advance
			if size > plain && (at > 64 || size > int(limits[at-1])) {
				return false
			}
		}
		if at > 64 && at < ended {
			b.held, b.count = held, count
			return false
		}
	}
	b.held, b.count = held, count
	return true
}
