package edits_test

import (
	"bytes"
	"image"
	"image/color"
	"testing"

	"imagebatch/testsuite/edits"
)

func TestCompositesKnowTheirBox(t *testing.T) {
	t.Parallel()
	product := color.RGBA{250, 10, 240, 255}
	for _, ground := range []edits.Ground{edits.PlainGround, edits.TexturedGround, edits.BusyGround} {
		t.Run(string(ground), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(4) {
				draw := func() (*image.RGBA, image.Rectangle) {
					return edits.Composite(flat(50, 50, product), flat(50, 50, color.RGBA{20, 90, 20, 255}), ground, edits.Seeded(seed))
				}
				picture, box := draw()
				if seed == 0 {
					if again, _ := draw(); !bytes.Equal(picture.Pix, again.Pix) {
						t.Error("the same seed gave two different pictures")
					}
				}
				if !box.In(picture.Rect) || box.Dx() < 40 || box.Dy() < 40 {
					t.Errorf("seed %d: box %v in a picture of %v", seed, box, picture.Rect.Size())
				}
				// The product's color must lie in the box and reach its sides.
				found := image.Rectangle{}
				for y := range picture.Rect.Dy() {
					for x := range picture.Rect.Dx() {
						if c := picture.RGBAAt(x, y); c.R > 215 && c.G < 45 && c.B > 205 {
							found = found.Union(image.Rect(x, y, x+1, y+1))
						}
					}
				}
				if !found.In(box) || !box.In(found.Inset(-4)) {
					t.Errorf("seed %d: the product covers %v, the box is %v", seed, found, box)
				}
			}
		})
	}
}
