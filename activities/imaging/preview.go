package imaging

import (
	"context"
	"errors"
	"fmt"
	"image"

	"imagebatch/activities"
)

// Preview decodes the picture and shows the whole of it small: neither side is
// longer than asked for, nor than the picture's own.
func (p *picture) Preview(ctx context.Context, side int) (*image.RGBA, error) {
	if p.data == nil {
		return nil, errors.New("preview picture: it is closed")
	}
	if side < 1 || side > activities.MaxPreview {
		return nil, fmt.Errorf("preview picture: a side of %d pixels; ask for 1 to %d", side, activities.MaxPreview)
	}
	m := p.imager
	count := int64(p.header.Width) * int64(p.header.Height)
	if count > m.config.MaxPixels {
		return nil, undecodable("it has %d×%d pixels, more than the %d that this worker decodes; send a smaller picture",
			p.header.Width, p.header.Height, m.config.MaxPixels)
	}
	leave, err := m.gate.enter(ctx, count)
	if err != nil {
		return nil, err
	}
	defer leave()

	work := m.spare.Get().(*scratch)
	defer m.spare.Put(work)
	decoded, err := decode(p.data, p.header, previewShrink(p.header, side), &work.pixels)
	if err != nil {
		return nil, err
	}
	return shrunk(decoded, side), nil
}

// previewShrink is the fraction at which a picture is decoded for a preview.
func previewShrink(header activities.Header, side int) int {
	if header.Format != activities.JPEG {
		return 1
	}
	shrink := 1
	for shrink < 8 && max(header.Width, header.Height)/(2*shrink) >= side {
		shrink *= 2
	}
	return shrink
}

// shrunk averages the pixels that each pixel of the preview covers.
func shrunk(in pixels, side int) *image.RGBA {
	width, height := in.width, in.height
	if longer := max(width, height); longer > side {
		width, height = max(1, width*side/longer), max(1, height*side/longer)
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	sums := make([][4]uint32, width) // of one row of the preview: red, green, blue, how many
	for y := range height {
		clear(sums)
		for row := y * in.height / height; row < (y+1)*in.height/height; row++ {
			line := in.rgb[3*row*in.width : 3*(row+1)*in.width]
			for column := range in.width {
				sum := &sums[column*width/in.width]
				sum[0] += uint32(line[3*column])
				sum[1] += uint32(line[3*column+1])
				sum[2] += uint32(line[3*column+2])
				sum[3]++
			}
		}
		for x, sum := range sums {
			pixel := out.Pix[out.PixOffset(x, y):]
			for c := range 3 {
				pixel[c] = uint8((sum[c] + sum[3]/2) / sum[3])
			}
			pixel[3] = 0xff
		}
	}
	return out
}
