package catalogue

import (
	"image"
	"math"
	"math/rand/v2"
)

// motif is how a product looks.
type motif struct {
	shape     shape
	stretch   float64 // of the shape's width
	pattern   pattern
	frequency float64
	slant     float64   // of the pattern, in radians
	colours   [3]colour // the pattern's two, then the emblem's
	emblem    int       // 0 none, 1 disc, 2 diamond, 3 cross
	emblemV   float64   // where it sits
	emblemR   float64
}

// newMotif draws a look. The shape is not drawn, so that shapes can be dealt out
// evenly.
func newMotif(rng *rand.Rand, of shape) motif {
	hue := rng.Float64()
	m := motif{
		shape:     of,
		stretch:   0.8 + 0.4*rng.Float64(),
		pattern:   patterns[rng.IntN(len(patterns))],
		frequency: 3 + 7*rng.Float64(),
		slant:     float64(rng.IntN(4)) * math.Pi / 4,
		emblem:    rng.IntN(4),
		emblemV:   -0.1 + 0.5*rng.Float64(),
		emblemR:   0.1 + 0.12*rng.Float64(),
	}
	m.colours[0] = colour{hue, 0.25 + 0.75*rng.Float64(), 0.2 + 0.75*rng.Float64()}
	m.colours[1] = colour{hue + 0.2 + 0.6*rng.Float64(), rng.Float64(), 1.05 - m.colours[0].value*rng.Float64()}
	m.colours[2] = colour{rng.Float64(), 0.9, 0.95}
	return m
}

// view is how one picture shows a product.
type view struct {
	width, height    int
	zoom             float64 // 1: the product just fills the picture
	moveU, moveV     float64 // in halves of the picture
	turn             float64 // in radians
	mirrored         bool
	hue              float64 // what is added to every hue, 1 being the full circle
	gain             float64 // of the light
	backdrop, ground colour
}

// newView draws the view of a product's n-th picture. The first shows it plainly,
// the others as pictures of one thing differ: moved, cropped, in another light.
func newView(rng *rand.Rand, n int) view {
	size := 190 + rng.IntN(170)
	s := view{
		width: size, height: size * (90 + rng.IntN(40)) / 100,
		zoom: 0.85, gain: 1,
		backdrop: colour{rng.Float64(), 0.06 * rng.Float64(), 0.9 + 0.1*rng.Float64()},
	}
	s.ground = colour{s.backdrop.hue, s.backdrop.saturation, s.backdrop.value - 0.08}
	if n == 0 {
		return s
	}
	spread := func(x float64) float64 { return x * (2*rng.Float64() - 1) }
	s.zoom += spread(0.04)
	s.moveU, s.moveV = spread(0.02), spread(0.02)
	s.gain += spread(0.18)
	switch n % 3 {
	case 0:
		s.mirrored = true
		s.turn = spread(0.03)
	case 1:
		s.hue = spread(0.03)
	case 2:
		s.zoom = 0.9
	}
	switch rng.IntN(40) { // now and then one of another size
	case 0:
		s.width, s.height = 100, 100+rng.IntN(40)
	case 1:
		s.width, s.height = 640, 480
	}
	return s
}

// box is where the product lies in the picture, in pixels.
func (s view) box(m motif) image.Rectangle {
	side := s.side()
	centreX := float64(s.width)/2 + s.moveU*side
	centreY := float64(s.height)/2 + s.moveV*side
	reachX, reachY := side*s.zoom*min(1, m.stretch), side*s.zoom
	return image.Rect(int(centreX-reachX), int(centreY-reachY), int(centreX+reachX), int(centreY+reachY)).
		Intersect(image.Rect(0, 0, s.width, s.height))
}

// side is half of the shorter side, in pixels.
func (s view) side() float64 { return float64(min(s.width, s.height)) / 2 }

// paint draws a product.
func paint(m motif, s view) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, s.width, s.height))
	var ink [3][3]float64
	for i, c := range m.colours {
		c.hue += s.hue
		ink[i] = c.rgb(s.gain)
	}
	backdrop, ground := s.backdrop.rgb(1), s.ground.rgb(1)
	sin, cos := math.Sincos(s.turn)
	slantSin, slantCos := math.Sincos(m.slant)
	scale := 1 / (s.side() * s.zoom)
	at := 0
	for y := range s.height {
		back := backdrop
		if y > s.height*4/5 {
			back = ground
		}
		v0 := (float64(y) + 0.5 - float64(s.height)/2 - s.moveV*s.side()) * scale
		for x := range s.width {
			u0 := (float64(x) + 0.5 - float64(s.width)/2 - s.moveU*s.side()) * scale
			u, v := u0*cos-v0*sin, u0*sin+v0*cos
			if s.mirrored {
				u = -u
			}
			light, surface := 1.0, back
			if m.shape.covers(u/m.stretch, v) {
				light = 1 - 0.18*u - 0.08*v
				surface = ink[m.surface(u, v, slantSin, slantCos)]
			}
			for channel, c := range surface {
				picture.Pix[at+channel] = uint8(max(0, min(c*light, 255)))
			}
			picture.Pix[at+3] = 255
			at += 4
		}
	}
	return picture
}

// surface is which of its colours a product has at a point.
func (m motif) surface(u, v, sin, cos float64) int {
	du, dv := math.Abs(u), math.Abs(v-m.emblemV)
	switch {
	case m.emblem == 1 && math.Hypot(du, dv) < m.emblemR,
		m.emblem == 2 && du+dv < m.emblemR*1.2,
		m.emblem == 3 && max(du, dv) < m.emblemR && min(du, dv) < m.emblemR/3:
		return 2
	}
	return m.pattern.at(u*cos-v*sin, u*sin+v*cos, m.frequency)
}

// colour is a hue on a circle of length 1, with saturation and value from 0 to 1.
type colour struct{ hue, saturation, value float64 }

// rgb is the colour under a light, each part from 0 to 255.
func (c colour) rgb(gain float64) [3]float64 {
	value := 255 * max(0, min(c.value*gain, 1))
	saturation := max(0, min(c.saturation, 1))
	part := func(n float64) float64 {
		k := math.Mod(n+6*(c.hue+2), 6)
		return value * (1 - saturation*max(0, min(k, 4-k, 1)))
	}
	return [3]float64{part(5), part(3), part(1)}
}

// words name the hues for people, from red on.
var words = [...]string{"red", "orange", "yellow", "green", "green", "teal", "teal", "blue", "blue", "violet", "pink", "red"}

// name is what people call the colour.
func (c colour) name() string {
	switch {
	case c.value < 0.3:
		return "black"
	case c.saturation < 0.3:
		return "grey"
	}
	_, hue := math.Modf(c.hue + 2)
	return words[int(hue*float64(len(words)))%len(words)]
}
