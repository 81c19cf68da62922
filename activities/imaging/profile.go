package imaging

import (
	"encoding/binary"
	"math"

	"imagebatch/activities/imaging/container"
)

// A color profile is converted by unless that would change nothing, or it is not
// the picture's: https://www.color.org/specification/ICC.1-2022-05.pdf has the
// form, https://www.w3.org/Graphics/Color/srgb the numbers of sRGB.

// converting is the profile that a picture is to be converted by, nil for none.
func converting(file container.File) []byte {
	data := file.Profile()
	if data == nil {
		return nil
	}
	p := profile(data)
	if !p.describes(file.Space) || p.isSRGB(file.Space) {
		return nil
	}
	return data
}

// profile is the content of an ICC profile.
type profile []byte

const profileHead = 128

// describes reports whether it is a profile of pictures in that space. libvips
// would take any, and fail when the number of samples is another. Lab needs none.
func (p profile) describes(space container.Space) bool {
	if len(p) < profileHead+4 || string(p[36:40]) != "acsp" {
		return false
	}
	switch string(p[12:16]) {
	case "scnr", "mntr", "prtr", "spac":
	default:
		return false // of a device's calibration, of named colors, of effects
	}
	switch string(p[16:20]) {
	case "RGB ":
		return space == container.RGB
	case "GRAY":
		return space == container.Gray
	case "CMYK":
		return space == container.CMYK
	}
	return false
}

// isSRGB reports whether converting by the profile leaves colors as they are. Most
// cameras and programs embed the profile of sRGB, under many names.
func (p profile) isSRGB(space container.Space) bool {
	if space == container.Gray {
		return string(p[20:24]) == "XYZ " && p.curveIsSRGB("kTRC")
	}
	if space != container.RGB || string(p[20:24]) != "XYZ " || p.tag("A2B0") != nil || p.tag("A2B1") != nil {
		return false
	}
	for _, primary := range []struct {
		name string
		want [3]float64 // for the white of D50, as profiles have it
	}{
		{"rXYZ", [3]float64{0.4361, 0.2225, 0.0139}},
		{"gXYZ", [3]float64{0.3851, 0.7169, 0.0971}},
		{"bXYZ", [3]float64{0.1431, 0.0606, 0.7141}},
	} {
		content := p.tag(primary.name)
		if len(content) < 20 || string(content[:4]) != "XYZ " {
			return false
		}
		for n, want := range primary.want {
			const near = 0.002 // less than a level of 255
			if math.Abs(fixed(content[8+4*n:])-want) > near {
				return false
			}
		}
	}
	return p.curveIsSRGB("rTRC") && p.curveIsSRGB("gTRC") && p.curveIsSRGB("bTRC")
}

// tag is the content of a tag, nil for none.
func (p profile) tag(name string) []byte {
	count := min(int(binary.BigEndian.Uint32(p[profileHead:])), 100)
	for n := range count {
		at := profileHead + 4 + 12*n
		if at+12 > len(p) {
			return nil
		}
		if string(p[at:at+4]) != name {
			continue
		}
		start, length := int(binary.BigEndian.Uint32(p[at+4:])), int(binary.BigEndian.Uint32(p[at+8:]))
		if start > len(p) || length > len(p)-start {
			return nil
		}
		return p[start : start+length]
	}
	return nil
}

// curveIsSRGB compares a curve with sRGB's. Half a level of 255 is rounding.
func (p profile) curveIsSRGB(name string) bool {
	curve := curveOf(p.tag(name))
	if curve == nil {
		return false
	}
	for level := range 256 {
		linear := curve(float64(level) / 255)
		if !(math.Abs(encoded(linear)*255-float64(level)) < 0.5) {
			return false
		}
	}
	return true
}

// encoded is the sRGB value of linear light.
func encoded(linear float64) float64 {
	if linear <= 0.0031308 {
		return 12.92 * linear
	}
	return 1.055*math.Pow(linear, 1/2.4) - 0.055
}

// curveOf reads a curve from 0–1 to linear light, nil if it is none.
func curveOf(content []byte) func(float64) float64 {
	if len(content) < 12 {
		return nil
	}
	big := binary.BigEndian
	switch string(content[:4]) {
	case "curv":
		count, table := int(big.Uint32(content[8:])), content[12:]
		switch {
		case count == 0:
			return func(x float64) float64 { return x }
		case len(table)/2 < count:
			return nil
		case count == 1:
			gamma := float64(big.Uint16(table)) / 256
			return func(x float64) float64 { return math.Pow(x, gamma) }
		}
		return func(x float64) float64 {
			at := x * float64(count-1)
			low := min(int(at), count-2)
			from, to := float64(big.Uint16(table[2*low:])), float64(big.Uint16(table[2*low+2:]))
			return (from + (to-from)*(at-float64(low))) / 65535
		}
	case "para":
		return parametric(int(big.Uint16(content[8:])), content[12:])
	}
	return nil
}

// parametric is a curve by its formula: g a b c d e f, as many as the kind has.
func parametric(kind int, content []byte) func(float64) float64 {
	counts := []int{1, 3, 4, 5, 7}
	if kind >= len(counts) || len(content) < 4*counts[kind] {
		return nil
	}
	var v [7]float64
	for n := range counts[kind] {
		v[n] = fixed(content[4*n:])
	}
	g, a, b, c, d, e, f := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 0:
		a, b, c, d, e, f = 1, 0, 0, 0, 0, 0
	case 1:
		c, d, e, f = 0, -b/a, 0, 0
	case 2:
		c, d, e, f = 0, -b/a, c, c
	case 3:
		e, f = 0, 0
	}
	return func(x float64) float64 {
		if x >= d {
			return math.Pow(a*x+b, g) + e
		}
		return c*x + f
	}
}

// fixed is a number with 16 bits behind the point.
func fixed(from []byte) float64 { return float64(int32(binary.BigEndian.Uint32(from))) / 65536 }
