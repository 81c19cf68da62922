package jpegscan

import "math/bits"

// The four kinds of scans of a progressive JPEG: the first bits of brightness and
// of a band of coefficients, and one more bit of either.

func (s *scan) firstBrightness(part *part, _ int) bool { return s.brightness(part, s.low) }

func (s *scan) moreBrightness(*part, int) bool {
	s.bits.take(1)
	return true
}

func (s *scan) firstBand(part *part, block int) bool {
	if s.empty > 0 {
		s.empty--
		return true
	}
	for at := s.from; at <= s.to; at++ {
		symbol, ok := part.ac.symbol(&s.bits)
		if !ok {
			return false
		}
		run, size := int(symbol>>4), int(symbol&15)
		switch {
		case size > 10:
			return false
		case size > 0:
			at += run
			if at > s.to {
				return false
			}
			s.bits.take(size)
			part.component.set[block] |= 1 << at
		case run == 15:
			at += 15
			if at > s.to {
				return false
			}
		default:
			s.empty = 1<<run + s.bits.take(run) - 1
			return true
		}
	}
	return true
}

func (s *scan) moreBand(part *part, block int) bool {
	set := &part.component.set[block]
	at := s.from
	if s.empty == 0 {
	symbols:
		for at <= s.to {
			symbol, ok := part.ac.symbol(&s.bits)
			if !ok {
				return false
			}
			zeros, size := int(symbol>>4), int(symbol&15)
			switch {
			case size > 1:
				return false // one bit more makes no more than one of zero
			case size == 1:
				s.bits.take(1)
			case zeros < 15:
				s.empty = 1<<zeros + s.bits.take(zeros)
				break symbols
			}
			at = s.refine(*set, at, zeros)
			if at > s.to {
				if size == 1 {
					return false
				}
				break
			}
			if size == 1 {
				*set |= 1 << at
			}
			at++
		}
	}
	if s.empty > 0 {
		s.refine(*set, at, 64)
		s.empty--
	}
	return true
}

// refine takes a bit for each coefficient that is set, from one on to that which
// has so many unset ones before it, and returns it. It ends behind the band.
func (s *scan) refine(set uint64, at, zeros int) int {
	if zeros == 64 { // of all that are left
		if at <= s.to {
			rest := set >> at & (1<<(s.to-at+1) - 1)
			for left := bits.OnesCount64(rest); left > 0; left -= 16 {
				s.bits.take(min(left, 16))
			}
		}
		return s.to + 1
	}
	for ; at <= s.to; at++ {
		if set>>at&1 != 0 {
			s.bits.take(1)
		} else if zeros--; zeros < 0 {
			break
		}
	}
	return at
}
