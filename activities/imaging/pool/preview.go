package pool

import (
	"context"
	"errors"
	"fmt"
	"image"

	"imagebatch/activities"
)

// Preview decodes the picture in its child, which sends the small one.
func (p *picture) Preview(ctx context.Context, side int) (preview *image.RGBA, err error) {
	err = p.decoding(ctx, func(child *process) (err error) {
		preview, err = child.preview(side)
		return err
	})
	return preview, err
}

// preview asks for a preview of the picture that was opened last.
func (p *process) preview(side int) (*image.RGBA, error) {
	p.request = appendInt(p.request[:0], side)
	kind, content, err := p.exchange(framePreview, p.request)
	if err != nil {
		return nil, err
	}
	if kind != frameImage {
		return nil, p.lost(fmt.Errorf("frame %q is no preview", kind))
	}
	preview, err := parseImage(content)
	if err != nil {
		return nil, p.lost(err)
	}
	return preview, nil
}

// preview answers a request for one.
func (c *child) preview(ctx context.Context, content []byte) error {
	side, _, err := takeInt(content)
	if err != nil {
		return err
	}
	if c.picture == nil {
		return errors.New("there is no picture to preview")
	}
	preview, err := c.picture.Preview(ctx, side)
	if err != nil {
		return c.refuse(err)
	}
	return c.answer(frameImage, func(to []byte) []byte { return appendImage(to, preview) })
}

// appendImage writes width, height and three bytes a pixel.
func appendImage(to []byte, preview *image.RGBA) []byte {
	size := preview.Bounds().Size()
	to = appendInt(appendInt(to, size.X), size.Y)
	for y := range size.Y {
		row := preview.Pix[y*preview.Stride:]
		for x := range size.X {
			to = append(to, row[4*x], row[4*x+1], row[4*x+2])
		}
	}
	return to
}

// parseImage copies the pixels: they outlive the frame. A child is not believed
// more than it has sent.
func parseImage(content []byte) (*image.RGBA, error) {
	var width, height int
	rest, err := takeInts(content, &width, &height)
	if err != nil {
		return nil, err
	}
	const most = activities.MaxPreview
	if width < 1 || height < 1 || width > most || height > most || len(rest) != 3*width*height {
		return nil, fmt.Errorf("a preview of %d×%d pixels in %d bytes", width, height, len(rest))
	}
	preview := image.NewRGBA(image.Rect(0, 0, width, height))
	for n := range width * height {
		copy(preview.Pix[4*n:], rest[3*n:3*n+3])
		preview.Pix[4*n+3] = 0xff
	}
	return preview, nil
}
