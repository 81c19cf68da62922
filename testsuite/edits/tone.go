package edits

import (
	"image"
	"math"
	"math/rand/v2"
)

// gain makes every channel v·factor + offset, clipped.
func gain(in *image.RGBA, factor, offset float64) *image.RGBA {
	var table [256]uint8
	for v := range table {
		table[v] = clip(float64(v)*factor + offset)
	}
	out := clone(in)
	each(out, func(p []uint8) { p[0], p[1], p[2] = table[p[0]], table[p[1]], table[p[2]] })
	return out
}

// contrast moves every channel away from 128 by a factor.
func contrast(in *image.RGBA, factor float64) *image.RGBA { return gain(in, factor, 128-128*factor) }

// noise adds normal noise to every channel.
func noise(in *image.RGBA, sigma float64, random *rand.Rand) *image.RGBA {
	out := clone(in)
	each(out, func(p []uint8) {
		for channel := range 3 {
			p[channel] = clip(float64(p[channel]) + sigma*random.NormFloat64())
		}
	})
	return out
}

// hue turns the hue of HSV by degrees.
func hue(in *image.RGBA, degrees float64) *image.RGBA {
	out := clone(in)
	turn := degrees / 60
	each(out, func(p []uint8) {
		r, g, b := float64(p[0]), float64(p[1]), float64(p[2])
		value := max(r, g, b)
		chroma := value - min(r, g, b)
		if chroma == 0 {
			return
		}
		var sextant float64
		switch value {
		case r:
			sextant = (g - b) / chroma
		case g:
			sextant = (b-r)/chroma + 2
		default:
			sextant = (r-g)/chroma + 4
		}
		sextant += turn
		for channel, shift := range [3]float64{5, 3, 1} {
			k := math.Mod(sextant+shift+12, 6)
			p[channel] = clip(value - chroma*min(max(min(k, 4-k), 0), 1))
		}
	})
	return out
}

// each visits the pixels of a picture, to change them in place.
func each(in *image.RGBA, visit func(p []uint8)) {
	for at := 0; at+4 <= len(in.Pix); at += 4 {
		visit(in.Pix[at : at+4 : at+4])
	}
}

func clip(v float64) uint8 { return uint8(min(max(v+0.5, 0), 255)) }
