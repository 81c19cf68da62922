package edits

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
	"golang.org/x/image/vector"
)

// Ground is what a product lies on.
type Ground string

// The grounds, the easiest first.
const (
	PlainGround    Ground = "plain"    // one color, shaded, with a soft shadow
	TexturedGround Ground = "textured" // woven cloth or boards
	BusyGround     Ground = "busy"     // another photo
)

// Composite draws a product of known place: a garment's outline, filled with the
// middle of a photo, on a ground. It is for judging how well a subject is found.
// Other is needed for BusyGround only.
func Composite(photo, other *image.RGBA, ground Ground, random *rand.Rand) (*image.RGBA, image.Rectangle) {
	between := func(low, high float64) float64 { return low + (high-low)*random.Float64() }
	width, height := 360+random.IntN(281), 360+random.IntN(281)
	box := place(outlines[random.IntN(len(outlines))], width, height, between)
	mask := box.draw(width, height)
	fill := Resize(crop(photo, 0.3, 0.5, 0.5), box.Dx(), box.Dy())

	out := image.NewRGBA(image.Rect(0, 0, width, height))
	switch ground {
	case PlainGround:
		shade(out, contrasting(fill, random), between)
		shadow(out, mask, between)
	case TexturedGround:
		shade(out, contrasting(fill, random), between)
		if random.IntN(2) == 0 {
			weave(out, between)
		} else {
			boards(out, between, random)
		}
		shadow(out, mask, between)
	default:
		out = Resize(other, width, height)
	}
	draw.DrawMask(out, box.Rectangle, fill, image.Point{}, mask, box.Min, draw.Over)
	return noise(out, 3, random), box.Rectangle
}

// outline is the edge of a garment, in shares of its box, which it touches on
// all sides.
type outline struct {
	proportion float64 // height by width
	corners    [][2]float64
}

var outlines = []outline{
	{1.1, [][2]float64{{.35, 0}, {.65, 0}, {.8, .05}, {1, .32}, {.84, .42}, {.78, .34}, {.78, 1}, {.22, 1}, {.22, .34}, {.16, .42}, {0, .32}, {.2, .05}}},
	{1.2, [][2]float64{{.38, 0}, {.62, 0}, {.8, .06}, {1, .85}, {.88, .9}, {.76, .4}, {.76, 1}, {.24, 1}, {.24, .4}, {.12, .9}, {0, .85}, {.2, .06}}},
	{1.6, [][2]float64{{.1, 0}, {.9, 0}, {.97, .3}, {1, 1}, {.62, 1}, {.52, .35}, {.48, .35}, {.38, 1}, {0, 1}, {.03, .3}}},
	{1.7, [][2]float64{{.35, 0}, {.42, .06}, {.58, .06}, {.65, 0}, {.72, .3}, {1, 1}, {0, 1}, {.28, .3}}},
	{1.0, [][2]float64{{.15, 0}, {.85, 0}, {.92, .3}, {1, 1}, {0, 1}, {.08, .3}}},
	{0.55, [][2]float64{{.05, .1}, {.3, 0}, {.42, .35}, {.7, .5}, {.95, .62}, {1, .85}, {.97, 1}, {.03, 1}, {0, .6}}},
	{0.6, [][2]float64{{.3, .05}, {.5, 0}, {.7, .05}, {.78, .6}, {1, .75}, {.95, 1}, {.5, .9}, {.05, 1}, {0, .75}, {.22, .6}}},
}

// placed is an outline in pixels.
type placed struct {
	image.Rectangle
	outline
}

func place(o outline, width, height int, between func(low, high float64) float64) placed {
	size := between(0.40, 0.85)
	w, h := size*float64(width), size*float64(width)*o.proportion
	if limit := size * float64(height); h > limit {
		w, h = w*limit/h, limit
	}
	left, top := between(0.2, 0.8)*(float64(width)-w), between(0.2, 0.8)*(float64(height)-h)
	return placed{image.Rect(int(left), int(top), int(left+w), int(top+h)), o}
}

// draw is the mask of the outline, with smooth edges.
func (p placed) draw(width, height int) *image.Alpha {
	pen := vector.NewRasterizer(width, height)
	at := func(n int) (x, y float32) {
		corner := p.corners[n%len(p.corners)]
		return float32(p.Min.X) + float32(corner[0])*float32(p.Dx()), float32(p.Min.Y) + float32(corner[1])*float32(p.Dy())
	}
	pen.MoveTo(at(0))
	for n := range p.corners {
		pen.LineTo(at(n + 1))
	}
	pen.ClosePath()
	mask := image.NewAlpha(image.Rect(0, 0, width, height))
	pen.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	return mask
}

// contrasting is a color for a ground that the fill can be told from: mostly
// light and pale, as people choose them.
func contrasting(fill *image.RGBA, random *rand.Rand) [3]float64 {
	mean := Resize(fill, 1, 1).RGBAAt(0, 0)
	const least = 60 // of the distance to the fill's mean color
	for {
		value := 255 * math.Sqrt(random.Float64())
		pale := 40 * random.Float64()
		ground := [3]float64{value, value, value}
		ground[random.IntN(3)] -= pale
		red, green, blue := ground[0]-float64(mean.R), ground[1]-float64(mean.G), ground[2]-float64(mean.B)
		if math.Sqrt(red*red+green*green+blue*blue) >= least {
			return ground
		}
	}
}

// shade fills with a color that gets darker in one direction.
func shade(out *image.RGBA, ground [3]float64, between func(low, high float64) float64) {
	sin, cos := math.Sincos(between(0, 2*math.Pi))
	depth := between(0.03, 0.15)
	paint(out, func(x, y float64, p []uint8) {
		light := 1 + depth*(cos*(x-0.5)+sin*(y-0.5))
		for channel := range 3 {
			p[channel] = clip(ground[channel] * light)
		}
	})
}

// shadow darkens the ground softly below and beside what lies on it.
func shadow(out *image.RGBA, mask *image.Alpha, between func(low, high float64) float64) {
	dark := canvas(out.Rect.Dx(), out.Rect.Dy(), color.White)
	depth := between(0.05, 0.25)
	offset := image.Pt(int(between(-6, 6)), int(between(2, 8)))
	tone := gray(uint8(255 * (1 - depth)))
	draw.DrawMask(dark, dark.Bounds(), image.NewUniform(tone), image.Point{}, mask, offset.Mul(-1), draw.Over)
	dark = blur(dark, between(4, 7))
	for at := range out.Pix {
		out.Pix[at] = uint8(int(out.Pix[at]) * int(dark.Pix[at]) / 255)
	}
}

// weave lays threads over the ground.
func weave(out *image.RGBA, between func(low, high float64) float64) {
	depth, threads := between(0.04, 0.15), between(40, 110)
	paint(out, func(x, y float64, p []uint8) {
		dim(p, 1-depth*(0.5+0.5*math.Sin(2*math.Pi*threads*x)*math.Sin(2*math.Pi*threads*y)))
	})
}

// boards lays planks over the ground, each of its own shade, with grain along.
func boards(out *image.RGBA, between func(low, high float64) float64, random *rand.Rand) {
	count := 3 + random.IntN(6)
	depth := between(0.05, 0.15)
	const strands = 32
	var shades, phases [strands]float64
	for n := range shades {
		shades[n], phases[n] = random.Float64(), 2*math.Pi*random.Float64()
	}
	paint(out, func(x, y float64, p []uint8) {
		across := x * float64(count)
		plank := int(across)
		grain := 0.5 + 0.5*math.Sin(2*math.Pi*(6*(across-float64(plank))+0.4*math.Sin(3*y+phases[plank%strands])))
		light := 1 - depth*shades[plank%strands] - depth/2*grain
		if across-float64(plank) < 0.03 {
			light *= 0.7 // the gap
		}
		dim(p, light)
	})
}

func dim(p []uint8, light float64) {
	for channel := range 3 {
		p[channel] = clip(float64(p[channel]) * light)
	}
}

// paint visits the pixels with their place in shares of the picture.
func paint(out *image.RGBA, visit func(x, y float64, p []uint8)) {
	width, height := out.Rect.Dx(), out.Rect.Dy()
	for y := range height {
		for x := range width {
			p := out.Pix[out.Stride*y+4*x:]
			visit(float64(x)/float64(width), float64(y)/float64(height), p)
			p[3] = 255
		}
	}
}
