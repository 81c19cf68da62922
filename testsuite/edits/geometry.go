package edits

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// crop keeps a share of the area in its proportions, at fractions fx and fy of
// the room there is.
func crop(in *image.RGBA, share, fx, fy float64) *image.RGBA {
	k := math.Sqrt(share)
	width, height := scaled(in.Rect.Dx(), k), scaled(in.Rect.Dy(), k)
	left, top := int(fx*float64(in.Rect.Dx()-width)), int(fy*float64(in.Rect.Dy()-height))
	return opaque(in.SubImage(image.Rect(left, top, left+width, top+height)))
}

// margins are what is added on each side, as shares of width and height.
type margins struct{ left, right, top, bottom float64 }

// pad puts a picture on a larger canvas, of one color or, with nil, filled by the
// picture itself, stretched and blurred.
func pad(in *image.RGBA, m margins, fill color.Color) *image.RGBA {
	width, height := in.Rect.Dx(), in.Rect.Dy()
	fullWidth, fullHeight := scaled(width, 1+m.left+m.right), scaled(height, 1+m.top+m.bottom)
	var out *image.RGBA
	if fill != nil {
		out = canvas(fullWidth, fullHeight, fill)
	} else {
		out = blur(Resize(in, fullWidth, fullHeight), 15)
	}
	at := image.Pt(int(m.left*float64(width)), int(m.top*float64(height)))
	draw.Draw(out, in.Bounds().Add(at), in, image.Point{}, draw.Src)
	return out
}

// square puts a picture in the middle of the smallest square that holds it.
func square(in *image.RGBA, fill color.Color) *image.RGBA {
	width, height := in.Rect.Dx(), in.Rect.Dy()
	side := max(width, height)
	out := canvas(side, side, fill)
	draw.Draw(out, in.Bounds().Add(image.Pt((side-width)/2, (side-height)/2)), in, image.Point{}, draw.Src)
	return out
}

// paste lays a picture, at a share of its size, on another one that is stretched
// to its size, at fractions fx and fy of the room there is.
func paste(in, other *image.RGBA, share, fx, fy float64) *image.RGBA {
	width, height := in.Rect.Dx(), in.Rect.Dy()
	out := Resize(other, width, height)
	small := Resize(in, scaled(width, share), scaled(height, share))
	at := image.Pt(int(fx*float64(width-small.Rect.Dx())), int(fy*float64(height-small.Rect.Dy())))
	draw.Draw(out, small.Bounds().Add(at), small, image.Point{}, draw.Src)
	return out
}

// rotate turns a picture counter-clockwise about its centre, on the same canvas
// with black corners.
func rotate(in *image.RGBA, degrees float64) *image.RGBA {
	out := canvas(in.Rect.Dx(), in.Rect.Dy(), color.Black)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(in.Rect.Dx())/2, float64(in.Rect.Dy())/2
	matrix := f64.Aff3{
		cos, sin, cx - cos*cx - sin*cy,
		-sin, cos, cy + sin*cx - cos*cy,
	}
	draw.ApproxBiLinear.Transform(out, matrix, in, in.Bounds(), draw.Src, nil)
	return out
}

// quarter turns a picture by 90 degrees clockwise.
func quarter(in *image.RGBA) *image.RGBA {
	width, height := in.Rect.Dx(), in.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, height, width))
	for y := range height {
		for x := range width {
			copy(out.Pix[out.Stride*x+4*(height-1-y):][:4], in.Pix[in.Stride*y+4*x:])
		}
	}
	return out
}

// mirror swaps left and right.
func mirror(in *image.RGBA) *image.RGBA {
	width, height := in.Rect.Dx(), in.Rect.Dy()
	out := image.NewRGBA(in.Bounds())
	for y := range height {
		for x := range width {
			copy(out.Pix[out.Stride*y+4*(width-1-x):][:4], in.Pix[in.Stride*y+4*x:])
		}
	}
	return out
}
