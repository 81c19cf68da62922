package contactsheet

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

const textSize = 12 // points, at 72 to the inch

// maxText is how many characters of a text are looked at: more never fit.
const maxText = 200

var regular = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(goregular.TTF) })

// pen writes. A face is for one goroutine, so that each sheet has its own.
type pen struct{ face font.Face }

func newPen() (*pen, error) {
	parsed, err := regular()
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: textSize, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	return &pen{face}, nil
}

func (p *pen) close() { _ = p.face.Close() } // it holds memory only

// write writes a line whose characters stand on that point.
func (p *pen) write(on *image.RGBA, at image.Point, colour color.Color, line string) {
	d := font.Drawer{Dst: on, Src: image.NewUniform(colour), Face: p.face, Dot: fixed.P(at.X, at.Y)}
	d.DrawString(line)
}

// width is how wide a line is, in pixels.
func (p *pen) width(line string) int { return font.MeasureString(p.face, line).Ceil() }

// cut shortens a line to so many pixels. The end of a name often tells more than
// its middle: that is what goes.
func (p *pen) cut(line string, most int) string {
	characters := []rune(line)
	if len(characters) > maxText {
		characters = append(characters[:maxText/2:maxText/2], characters[len(characters)-maxText/2:]...)
		line = string(characters)
	}
	if p.width(line) <= most {
		return line
	}
	for keep := len(characters) - 1; keep > 0; keep-- {
		head, tail := (keep+1)/2, keep/2
		line = string(characters[:head]) + "…" + string(characters[len(characters)-tail:])
		if p.width(line) <= most {
			return line
		}
	}
	return "…"
}

// wrap breaks a text into lines of so many pixels, and leaves out what does not
// fit into that many lines.
func (p *pen) wrap(text string, most, count int) (wrapped []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		switch longer := strings.TrimSpace(line + " " + word); {
		case p.width(longer) <= most:
			line = longer
		case line == "":
			wrapped = append(wrapped, p.cut(word, most))
		default:
			wrapped = append(wrapped, line)
			line = p.cut(word, most)
		}
		if len(wrapped) >= count {
			return wrapped[:count]
		}
	}
	if line != "" {
		wrapped = append(wrapped, line)
	}
	return wrapped
}
