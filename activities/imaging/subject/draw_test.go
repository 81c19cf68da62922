package subject_test

import (
	"math"
	"math/rand/v2"

	"imagebatch/activities/imaging/descriptor"
	"imagebatch/activities/imaging/subject"
)

type color [3]float64

func (c color) times(f float64) color { return color{c[0] * f, c[1] * f, c[2] * f} }

// surface is the color of a place, in fractions of the picture's sides.
type surface func(x, y float64) color

// paint averages 3×3 samples of a surface in each pixel and adds a little noise.
func paint(of surface, random *rand.Rand) *descriptor.LabMap {
	var thumbnail descriptor.Thumbnail
	for n := range descriptor.Side * descriptor.Side {
		var sum color
		for sample := range 9 {
			x := (float64(n%descriptor.Side) + (float64(sample%3)+.5)/3) / descriptor.Side
			y := (float64(n/descriptor.Side) + (float64(sample/3)+.5)/3) / descriptor.Side
			c := of(x, y)
			for k := range sum {
				sum[k] += c[k] / 9
			}
		}
		for k := range sum {
			thumbnail[3*n+k] = byte(min(max(sum[k]+3*random.NormFloat64(), 0), 255))
		}
	}
	return thumbnail.Lab()
}

// product is a shape with stripes and shading, and its true box.
type product struct {
	box    subject.Box
	inside func(x, y float64) bool
	color  surface
}

// drawProduct draws an ellipse, a rectangle, a triangle or a shirt.
func drawProduct(box subject.Box, random *rand.Rand) product {
	kind := random.IntN(4)
	base, stripe := anyColor(random), 1+0.3*random.Float64()
	return product{
		box: box,
		inside: func(x, y float64) bool {
			u := 2*(x-box.Left)/(box.Right-box.Left) - 1
			v := 2*(y-box.Top)/(box.Bottom-box.Top) - 1
			if math.Abs(u) > 1 || math.Abs(v) > 1 {
				return false
			}
			switch kind {
			case 0:
				return u*u+v*v <= 1
			case 1:
				return true
			case 2:
				return math.Abs(u) <= (v+1)/2
			default:
				return math.Abs(u) < 0.6 || v < -0.3
			}
		},
		color: func(x, y float64) color {
			c := base.times(1 - 0.3*(y-box.Top))
			if math.Mod(y*9, 1) < 0.4 {
				c = c.times(stripe)
			}
			return c
		},
	}
}

func anyColor(random *rand.Rand) color {
	return color{random.Float64() * 230, random.Float64() * 230, random.Float64() * 230}
}

// anyBox has sides of 40 to 85 % of the picture's.
func anyBox(random *rand.Rand) subject.Box {
	w, h := .4+.45*random.Float64(), .4+.45*random.Float64()
	left, top := (1-w)*(.2+.6*random.Float64()), (1-h)*(.2+.6*random.Float64())
	return subject.Box{Left: left, Top: top, Right: left + w, Bottom: top + h}
}

func (p product) on(background surface) surface {
	return func(x, y float64) color {
		if p.inside(x, y) {
			return p.color(x, y)
		}
		return background(x, y)
	}
}

// shaded is a plain color that gets darker to one side.
func shaded(random *rand.Rand) surface {
	c := color{170, 170, 170}
	for k := range c {
		c[k] += 80 * random.Float64()
	}
	dx, dy := .3*random.Float64(), .3*random.Float64()
	return func(x, y float64) color { return c.times(1 - dx*x - dy*y) }
}

// tiled is a woven pattern of two similar colors.
func tiled(random *rand.Rand) surface {
	c := anyColor(random)
	period, depth := 12+10*random.Float64(), .15+.2*random.Float64()
	return func(x, y float64) color {
		return c.times(1 - depth*(.5+.5*math.Sin(2*math.Pi*period*x)*math.Sin(2*math.Pi*period*y)))
	}
}

func overlap(a, b subject.Box) float64 {
	area := func(b subject.Box) float64 { return max(b.Right-b.Left, 0) * max(b.Bottom-b.Top, 0) }
	both := area(subject.Box{
		Left: max(a.Left, b.Left), Top: max(a.Top, b.Top), Right: min(a.Right, b.Right), Bottom: min(a.Bottom, b.Bottom),
	})
	return both / (area(a) + area(b) - both)
}
