package imaging

import (
	"context"
	"fmt"
	"image"

	"imagebatch/activities"
)

// Preview decodes the picture and shows the whole of it small: neither side is
// longer than asked for, nor than the picture's own.
func (p *picture) Preview(ctx context.Context, side int) (preview *image.RGBA, err error) {
	if side < 1 || side > activities.MaxPreview {
		return nil, fmt.Errorf("preview picture: a side of %d pixels; ask for 1 to %d", side, activities.MaxPreview)
	}
	shrink := shrinkKeeping(side, p.header.Format, max(p.header.Width, p.header.Height))
	err = p.decoded(ctx, shrink, func(in pixels, _ *viewer) { preview = shrunk(in, side) })
	return preview, err
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
