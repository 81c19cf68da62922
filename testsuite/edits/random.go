package edits

import (
	"image"
	"image/color"
	"math/rand/v2"
)

// Random is a picture after one edit of random kind and strength, of the kinds
// that a search should not mind. The other picture is asked for only when it is
// needed, to lay this one on.
func Random(in *image.RGBA, other func() *image.RGBA, random *rand.Rand) *image.RGBA {
	between := func(low, high float64) float64 { return low + (high-low)*random.Float64() }
	switch kind := random.IntN(16); kind {
	case 0, 1, 2:
		return crop(in, 1-between(0.05, 0.55), random.Float64(), random.Float64())
	case 3, 4:
		return pad(in, randomMargins(between, random), randomFill(random))
	case 5, 6:
		return paste(in, other(), between(0.50, 0.85), random.Float64(), random.Float64())
	case 7:
		return rotate(in, between(-10, 10))
	case 8:
		return gain(in, between(0.65, 1.35), between(-38, 38))
	case 9:
		return hue(in, between(-36, 36))
	case 10:
		return noise(in, between(5, 25), random)
	case 11:
		return blur(in, between(1, 4))
	case 12:
		return randomText(in, between, random)
	case 13:
		return Resize(in, scaled(in.Rect.Dx(), between(0.7, 1.4)), in.Rect.Dy())
	case 14:
		return mirror(in)
	default:
		return recompress(in, 15+random.IntN(46))
	}
}

// randomMargins are of 3 to 20 % of the sides, half of them the same all around.
func randomMargins(between func(low, high float64) float64, random *rand.Rand) margins {
	if random.IntN(2) == 0 {
		m := between(0.03, 0.20)
		return margins{m, m, m, m}
	}
	return margins{between(0.03, 0.20), between(0.03, 0.20), between(0.03, 0.20), between(0.03, 0.20)}
}

// randomFill is nil for the picture itself, blurred.
func randomFill(random *rand.Rand) color.Color {
	switch random.IntN(4) {
	case 0:
		return color.Black
	case 1:
		return color.White
	case 2:
		return gray(uint8(60 + random.IntN(160)))
	default:
		return nil
	}
}

var phrases = []string{"SALE", "NEW IN", "-30%", "FREE SHIPPING", "ONLY TODAY", "www.shop.example", "Item 4711", "BESTSELLER", "2 for 1"}

// randomText writes one to three phrases anywhere, on a bar or not.
func randomText(in *image.RGBA, between func(low, high float64) float64, random *rand.Rand) *image.RGBA {
	out := clone(in)
	width, height := float64(in.Rect.Dx()), float64(in.Rect.Dy())
	for range 1 + random.IntN(3) {
		l := label{
			text: phrases[random.IntN(len(phrases))], height: between(0.03, 0.13) * width,
			x: between(0.2, 0.8) * width, y: between(0.08, 0.92) * height,
			ink: color.NRGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(128 + random.IntN(128))},
		}
		if random.IntN(2) == 0 {
			l.ink.R, l.ink.G, l.ink.B = 255, 255, 255
		}
		if random.IntN(3) == 0 {
			half := between(0.1, 0.3) * width
			bar := image.Rect(int(l.x-half), int(l.y-l.height), int(l.x+half), int(l.y+l.height)).Intersect(out.Rect)
			ground := color.RGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255}
			for y := bar.Min.Y; y < bar.Max.Y; y++ {
				for x := bar.Min.X; x < bar.Max.X; x++ {
					out.SetRGBA(x, y, ground)
				}
			}
		}
		write(out, l)
	}
	return out
}
