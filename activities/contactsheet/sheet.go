package contactsheet

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"

	xdraw "golang.org/x/image/draw"
)

// Measures of a sheet, in pixels.
const (
	// Side is the side of the square that each picture is fitted into.
	Side    = 160
	margin  = 12
	leading = 16 // from line to line
	lines   = 3  // below each picture
	columns = 6  // at most

	cellWidth  = Side + margin
	cellHeight = Side + lines*leading + margin
)

// Quality of the JPEG: text stays sharp, and a hundred pictures are about a
// megabyte.
const quality = 88

var (
	paper = color.RGBA{0xff, 0xff, 0xff, 0xff}
	empty = color.RGBA{0xee, 0xee, 0xee, 0xff}
	ink   = color.RGBA{0x22, 0x22, 0x22, 0xff}
	faint = color.RGBA{0x77, 0x77, 0x77, 0xff}
	frame = color.RGBA{0x1a, 0x73, 0xe8, 0xff}
)

// Cell is one place of a sheet.
type Cell struct {
	Picture image.Image // nil for one that cannot be shown
	Missing string      // why, written in its place
	Lines   []string    // below it: up to three, cut to fit
	Marked  bool        // stands out by a frame
}

// Draw draws the cells in rows.
func Draw(cells []Cell) (*image.RGBA, error) {
	pen, err := newPen()
	if err != nil {
		return nil, err
	}
	defer pen.close()
	across := max(1, min(columns, len(cells)))
	down := max(1, (len(cells)+across-1)/across)
	sheet := image.NewRGBA(image.Rect(0, 0, margin+across*cellWidth, margin+down*cellHeight))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	for n, cell := range cells {
		corner := image.Pt(margin+n%across*cellWidth, margin+n/across*cellHeight)
		cell.draw(sheet, corner, pen)
	}
	return sheet, nil
}

// JPEG draws the cells and encodes the sheet.
func JPEG(cells []Cell) ([]byte, error) {
	sheet, err := Draw(cells)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, sheet, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode contact sheet: %w", err)
	}
	return out.Bytes(), nil
}

// draw draws a cell whose square has its upper left corner there.
func (c Cell) draw(sheet *image.RGBA, corner image.Point, pen *pen) {
	square := image.Rectangle{corner, corner.Add(image.Pt(Side, Side))}
	if c.Marked {
		draw.Draw(sheet, square.Inset(-4), image.NewUniform(frame), image.Point{}, draw.Src)
		draw.Draw(sheet, square.Inset(-1), image.NewUniform(paper), image.Point{}, draw.Src)
	}
	if c.Picture == nil || c.Picture.Bounds().Empty() {
		draw.Draw(sheet, square, image.NewUniform(empty), image.Point{}, draw.Src)
		at := corner.Add(image.Pt(margin, Side/2-leading))
		for _, line := range pen.wrap(c.Missing, Side-2*margin, Side/2/leading) {
			at.Y += leading
			pen.write(sheet, at, faint, line)
		}
	} else {
		xdraw.ApproxBiLinear.Scale(sheet, fitted(c.Picture.Bounds(), square), c.Picture, c.Picture.Bounds(), draw.Over, nil)
	}
	at := corner.Add(image.Pt(0, Side))
	for n, line := range c.Lines[:min(lines, len(c.Lines))] {
		at.Y += leading
		colour := ink
		if n > 0 {
			colour = faint
		}
		pen.write(sheet, at, colour, pen.cut(line, Side))
	}
}

// fitted is the largest part of a square, in its middle, with the picture's
// proportions. A picture that is smaller is not blown up.
func fitted(picture, square image.Rectangle) image.Rectangle {
	w, h := picture.Dx(), picture.Dy()
	if longer := max(w, h); longer > square.Dx() {
		w, h = max(1, w*square.Dx()/longer), max(1, h*square.Dy()/longer)
	}
	corner := square.Min.Add(image.Pt((square.Dx()-w)/2, (square.Dy()-h)/2))
	return image.Rectangle{corner, corner.Add(image.Pt(w, h))}
}
