package imaging

// decodeRuns decodes run-length packing: pairs of a count and a color (two
// colors in turn at four bits), with a count of zero for everything else. What
// the runs leave out has the palette's first color.
func (b bmp) decodeRuns(out []byte) error {
	for n := 0; n < len(out); n += 3 {
		b.color(out[n:], 0)
	}
	cut := undecodable("the file is cut off in its BMP pixels")
	in := b.body
	x, y := 0, 0
	put := func(index byte) {
		if x < b.width {
			b.color(b.line(out, y)[3*x:], int(index))
			x++
		}
	}
	for y < b.height {
		if len(in) < 2 {
			if y == b.height-1 && x >= b.width {
				return nil // only the end marker is missing
			}
			return cut
		}
		count, value := int(in[0]), in[1]
		in = in[2:]
		if count > 0 {
			for n := range count {
				put(b.runColor(value, n))
			}
			continue
		}
		switch value {
		case 0: // end of line
			x, y = 0, y+1
		case 1: // end of picture
			return nil
		case 2: // skip
			if len(in) < 2 {
				return cut
			}
			x, y = min(x+int(in[0]), b.width), y+int(in[1])
			in = in[2:]
		default: // as many colors as they are, padded to two bytes
			literal := (int(value)*b.depth + 7) / 8
			if len(in) < literal {
				return cut
			}
			for n := range int(value) {
				put(b.runColor(in[n*b.depth/8], n))
			}
			in = in[min(len(in), (literal+1)&^1):]
		}
	}
	return nil
}

// runColor is the n-th color of a byte that is repeated or, at four bits,
// holds two.
func (b bmp) runColor(value byte, n int) byte {
	if b.depth == 8 {
		return value
	}
	if n%2 == 0 {
		return value >> 4
	}
	return value & 15
}
