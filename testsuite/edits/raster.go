package edits

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math"

	"golang.org/x/image/draw"
)

// Decode reads a JPEG.
func Decode(in io.Reader) (*image.RGBA, error) {
	decoded, err := jpeg.Decode(in)
	if err != nil {
		return nil, fmt.Errorf("decode JPEG: %w", err)
	}
	return opaque(decoded), nil
}

// Encode writes a JPEG of a quality from 1 to 100.
func Encode(in *image.RGBA, quality int) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, in, &jpeg.Options{Quality: quality}); err != nil {
		panic(err) // memory takes everything, and no picture here exceeds the format
	}
	return out.Bytes()
}

// recompress is a picture after a JPEG of that quality.
func recompress(in *image.RGBA, quality int) *image.RGBA {
	out, err := Decode(bytes.NewReader(Encode(in, quality)))
	if err != nil {
		panic(err) // our own encoding
	}
	return out
}

func opaque(in image.Image) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, in.Bounds().Dx(), in.Bounds().Dy()))
	draw.Draw(out, out.Bounds(), in, in.Bounds().Min, draw.Src)
	return out
}

func clone(in *image.RGBA) *image.RGBA {
	out := image.NewRGBA(in.Bounds())
	copy(out.Pix, in.Pix)
	return out
}

func canvas(width, height int, fill color.Color) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, max(width, 1), max(height, 1)))
	draw.Draw(out, out.Bounds(), image.NewUniform(fill), image.Point{}, draw.Src)
	return out
}

func gray(v uint8) color.Color { return color.RGBA{v, v, v, 255} }

// scaled is a length times a factor, at least one pixel.
func scaled(length int, factor float64) int { return max(int(math.Round(float64(length)*factor)), 1) }

// Resize brings a picture to a size, whatever its proportions: by the mean of the
// area that each pixel covers where both sides shrink, bilinear otherwise.
func Resize(in *image.RGBA, width, height int) *image.RGBA {
	if width <= in.Rect.Dx() && height <= in.Rect.Dy() {
		return average(in, width, height)
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.BiLinear.Scale(out, out.Bounds(), in, in.Bounds(), draw.Src, nil)
	return out
}

// span is what a pixel covers of an axis: from first on, by weights that sum to 1.
type span struct {
	first   int
	weights []float32
}

// spans divides an axis of size pixels into count equal parts.
func spans(size, count int) []span {
	out := make([]span, count)
	length := float64(size) / float64(count)
	for n := range out {
		from, to := float64(n)*length, float64(n+1)*length
		first, last := int(from), min(int(math.Ceil(to-1e-9)), size)
		s := span{first: first}
		for at := first; at < last; at++ {
			covered := min(to, float64(at+1)) - max(from, float64(at))
			s.weights = append(s.weights, float32(covered/length))
		}
		out[n] = s
	}
	return out
}

func average(in *image.RGBA, width, height int) *image.RGBA {
	columns, rows := spans(in.Rect.Dx(), width), spans(in.Rect.Dy(), height)
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	line, sums := make([]float32, 3*width), make([]float32, 3*width)
	for y, vertical := range rows {
		clear(sums)
		for n, weight := range vertical.weights {
			averageRow(in.Pix[in.Stride*(vertical.first+n):], columns, line)
			for i, v := range line {
				sums[i] += v * weight
			}
		}
		to := out.Pix[out.Stride*y:]
		for x := range width {
			for channel := range 3 {
				to[4*x+channel] = uint8(sums[3*x+channel] + 0.5)
			}
			to[4*x+3] = 255
		}
	}
	return out
}

func averageRow(row []uint8, columns []span, out []float32) {
	for x, horizontal := range columns {
		var red, green, blue float32
		for n, weight := range horizontal.weights {
			p := row[4*(horizontal.first+n):]
			red += float32(p[0]) * weight
			green += float32(p[1]) * weight
			blue += float32(p[2]) * weight
		}
		out[3*x], out[3*x+1], out[3*x+2] = red, green, blue
	}
}
