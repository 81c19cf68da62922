package imaging

// ppm is a portable pixmap, as https://netpbm.sourceforge.net/doc/ppm.html has
// it: P3 has decimal numbers, P6 bytes. Numbers go up to a maximum of the
// file's choice.
type ppm struct {
	width, height int
	plain         bool // P3
	maximum       int
	samples       []byte // what follows the header
}

// parsePPM reads the header of data that starts with P3 or P6.
func parsePPM(data []byte) (ppm, error) {
	p := ppm{plain: data[1] == '3'}
	text := ppmText(data[2:])
	if len(text) > 0 && !isSpace(text[0]) && text[0] != '#' {
		return ppm{}, undecodable("its PPM header is damaged")
	}
	for _, field := range []struct {
		value *int
		most  int
	}{
		{&p.width, mostNumber}, {&p.height, mostNumber}, {&p.maximum, 1<<16 - 1},
	} {
		number, ok := text.number()
		if !ok || number == 0 || number > field.most {
			return ppm{}, undecodable("its PPM header is damaged or cut off")
		}
		*field.value = number
	}
	if len(text) == 0 || !isSpace(text[0]) {
		return ppm{}, undecodable("its PPM header is damaged or cut off")
	}
	p.samples = text[1:] // exactly one space parts header and samples
	return p, nil
}

// decode fills out, which holds three bytes for each pixel.
func (p ppm) decode(out []byte) error {
	if p.plain {
		return p.decodePlain(out)
	}
	if p.maximum > 255 {
		if len(p.samples) < 2*len(out) {
			return undecodable("the file is cut off: it has %d of %d bytes of pixels", len(p.samples), 2*len(out))
		}
		for n := range out {
			out[n] = p.scale(int(p.samples[2*n])<<8 | int(p.samples[2*n+1]))
		}
		return nil
	}
	if len(p.samples) < len(out) {
		return undecodable("the file is cut off: it has %d of %d bytes of pixels", len(p.samples), len(out))
	}
	if p.maximum == 255 {
		copy(out, p.samples)
		return nil
	}
	var scaled [256]byte
	for value := range scaled {
		scaled[value] = p.scale(value)
	}
	for n := range out {
		out[n] = scaled[p.samples[n]]
	}
	return nil
}

func (p ppm) decodePlain(out []byte) error {
	text := ppmText(p.samples)
	for n := range out {
		number, ok := text.number()
		if !ok || number > 1<<16-1 {
			return undecodable("the file is cut off or damaged: sample %d of %d is no number", n+1, len(out))
		}
		out[n] = p.scale(number)
	}
	return nil
}

// scale brings a sample to 0–255. One above the maximum counts as the maximum.
func (p ppm) scale(value int) byte {
	return byte((min(value, p.maximum)*255 + p.maximum/2) / p.maximum)
}

// ppmText is numbers parted by white space; # comments out the rest of a line.
type ppmText []byte

// mostNumber stands for every number above it too.
const mostNumber = 1<<31 - 1

// number takes the next number off the text. It is false when there is none.
func (t *ppmText) number() (value int, ok bool) {
	text := *t
	for len(text) > 0 && (isSpace(text[0]) || text[0] == '#') {
		if text[0] == '#' {
			for len(text) > 0 && text[0] != '\n' && text[0] != '\r' {
				text = text[1:]
			}
			continue
		}
		text = text[1:]
	}
	for len(text) > 0 && '0' <= text[0] && text[0] <= '9' {
		value, ok = min(10*value+int(text[0]-'0'), mostNumber), true
		text = text[1:]
	}
	*t = text
	return value, ok
}

func isSpace(b byte) bool {
	return b == ' ' || '\t' <= b && b <= '\r'
}
