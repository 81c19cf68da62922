package edits

import (
	"image"
	"image/color"
	"sync"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

var bold = sync.OnceValue(func() *opentype.Font {
	f, err := opentype.Parse(gobold.TTF)
	if err != nil {
		panic(err) // it comes with the module
	}
	return f
})

// capitals is the height of a capital letter of the font, in its size.
const capitals = 0.72

// banner is the promotion of the protocol: large letters across the middle that
// the picture shines through, and a red bar with an address below.
func banner(in *image.RGBA) *image.RGBA {
	out := clone(in)
	width, height := float64(in.Rect.Dx()), float64(in.Rect.Dy())
	write(out, label{text: "SALE -50%", height: 0.11 * width, x: 0.5 * width, y: 0.5 * height, ink: color.NRGBA{255, 255, 255, 153}})
	bar := image.Rect(int(0.02*width), int(0.90*height), int(0.55*width), int(0.98*height))
	draw.Draw(out, bar, image.NewUniform(color.RGBA{200, 20, 20, 255}), image.Point{}, draw.Src)
	write(out, label{text: "www.example.com", height: 0.032 * width, x: 0.285 * width, y: 0.94 * height, ink: color.NRGBA{255, 255, 255, 255}})
	return out
}

// label is a line of text about a point.
type label struct {
	text   string
	height float64 // of its capitals, in pixels
	x, y   float64 // the middle of it
	ink    color.NRGBA
}

// write draws a label in place. Letters that are too small to see are left out.
func write(out *image.RGBA, l label) {
	if l.height < 1 {
		return
	}
	face, err := opentype.NewFace(bold(), &opentype.FaceOptions{Size: l.height / capitals, DPI: 72})
	if err != nil {
		panic(err) // of a font that was parsed and a size that is positive
	}
	defer face.Close()
	pen := font.Drawer{Dst: out, Src: image.NewUniform(l.ink), Face: face}
	pen.Dot = fixed.Point26_6{
		X: fixed.Int26_6(l.x*64) - pen.MeasureString(l.text)/2,
		Y: fixed.Int26_6((l.y + l.height/2) * 64),
	}
	pen.DrawString(l.text)
}
