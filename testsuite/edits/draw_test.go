package edits_test

import (
	"image"
	"image/color"
	"testing"
)

// ramp is a picture in which every place differs: red grows to the right, green
// downwards, and a blue square stands in the upper left quarter.
func ramp(width, height int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{uint8(40 + 150*x/width), uint8(40 + 150*y/height), 60, 255}
			if 8*x > width && 8*x < 3*width && 8*y > height && 8*y < 3*height {
				c.B = 220
			}
			out.SetRGBA(x, y, c)
		}
	}
	return out
}

func flat(width, height int, c color.RGBA) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			out.SetRGBA(x, y, c)
		}
	}
	return out
}

// wantNear fails unless two colors differ by no more than tolerance.
func wantNear(t *testing.T, what string, got, want color.RGBA, tolerance int) {
	t.Helper()
	for n, pair := range [][2]uint8{{got.R, want.R}, {got.G, want.G}, {got.B, want.B}, {got.A, want.A}} {
		if d := int(pair[0]) - int(pair[1]); max(d, -d) > tolerance {
			t.Errorf("%s: channel %d is %d, want %d ± %d", what, n, pair[0], pair[1], tolerance)
		}
	}
}
