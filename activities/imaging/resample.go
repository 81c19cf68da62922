package imaging

import (
	"imagebatch/activities/imaging/descriptor"
	"imagebatch/activities/imaging/subject"
)

const side = descriptor.Side

// rectangle is a part of a picture, in its pixels; right and bottom are the
// first that are outside.
type rectangle struct{ left, top, right, bottom int }

// window is a part of a picture in fractions of its sides, so that it holds
// whatever the size at which the picture was decoded.
type window struct{ left, top, right, bottom float64 }

func (r rectangle) of(width, height int) window {
	w, h := float64(width), float64(height)
	return window{float64(r.left) / w, float64(r.top) / h, float64(r.right) / w, float64(r.bottom) / h}
}

// inside is the part of a window that box is in fractions of its sides.
func (w window) inside(box subject.Box) window {
	width, height := w.right-w.left, w.bottom-w.top
	return window{w.left + box.Left*width, w.top + box.Top*height, w.left + box.Right*width, w.top + box.Bottom*height}
}

// resampler holds what resample works with.
type resampler struct {
	columns, rows [side]span
	sums          line // of the rows that one row of the thumbnail covers
	edge          line // of a row that two rows of the thumbnail share
}

// line is sums of pixels for one row of the thumbnail, three to a pixel.
type line [side * 3]uint64

// span is the pixels of one axis that a thumbnail's pixel covers: from first to
// last, weighing whole except for those two. Weights are in 1/256 of a pixel.
type span struct {
	first, last     int
	atFirst, atLast uint64
	total           uint64
}

const whole = 256 // the weight of a pixel that is covered whole

// resample averages the area that each pixel of the thumbnail covers, pixels at
// the edge of it by the part that is inside. Every format and every view goes
// through this one function; it sums integers, so the result is the same on
// every machine.
func resample(in pixels, view window, r *resampler, out *descriptor.Thumbnail) {
	divide(&r.columns, view.left, view.right, in.width)
	divide(&r.rows, view.top, view.bottom, in.height)

	summed := -1 // the row that r.edge holds: neighbors share one
	for y, vertical := range r.rows {
		clear(r.sums[:])
		for n := vertical.first + 1; n < vertical.last; n++ {
			r.sums.add(in.row(n), &r.columns)
		}
		for i := range r.sums {
			r.sums[i] *= whole
		}
		for _, end := range [...]struct {
			row    int
			weight uint64
		}{{vertical.first, vertical.atFirst}, {vertical.last, vertical.atLast}} {
			if end.weight == 0 {
				continue
			}
			if end.row != summed {
				clear(r.edge[:])
				r.edge.add(in.row(end.row), &r.columns)
				summed = end.row
			}
			for i, v := range r.edge {
				r.sums[i] += v * end.weight
			}
		}
		row := out[3*side*y : 3*side*(y+1)]
		for x, horizontal := range r.columns {
			// A product rounded on its own cannot be fused with the sum.
			share := 1 / float64(vertical.total*horizontal.total)
			for i := 3 * x; i < 3*x+3; i++ {
				row[i] = byte(float64(float64(r.sums[i])*share) + 0.5)
			}
		}
	}
}

func (p pixels) row(n int) []byte { return p.rgb[3*p.width*n : 3*p.width*(n+1)] }

// add sums one row of pixels into the columns of the thumbnail.
func (l *line) add(row []byte, columns *[side]span) {
	for x := range columns {
		s := &columns[x]
		p := row[3*s.first : 3*s.last+3]
		red, green, blue := uint64(p[0])*s.atFirst, uint64(p[1])*s.atFirst, uint64(p[2])*s.atFirst
		if len(p) > 3 {
			q := p[len(p)-3:]
			red += uint64(q[0]) * s.atLast
			green += uint64(q[1]) * s.atLast
			blue += uint64(q[2]) * s.atLast
			for p = p[3 : len(p)-3]; len(p) >= 3; p = p[3:] {
				red += uint64(p[0]) * whole
				green += uint64(p[1]) * whole
				blue += uint64(p[2]) * whole
			}
		}
		l[3*x] += red
		l[3*x+1] += green
		l[3*x+2] += blue
	}
}

// divide cuts a part of an axis of size pixels into spans of equal length.
func divide(spans *[side]span, from, to float64, size int) {
	start, end := int(from*float64(size)*whole+0.5), int(to*float64(size)*whole+0.5)
	start = min(max(start, 0), size*whole-1)
	end = min(max(end, start+1), size*whole)
	length := end - start
	for n := range spans {
		a := start + length*n/side
		b := max(start+length*(n+1)/side, a+1)
		b = min(b, size*whole)
		a = min(a, b-1)
		s := span{first: a / whole, last: (b - 1) / whole, total: uint64(b - a)}
		if s.first == s.last {
			s.atFirst = uint64(b - a)
		} else {
			s.atFirst = uint64(whole - a%whole)
			s.atLast = uint64(b - s.last*whole)
		}
		spans[n] = s
	}
}
