package imaging

import (
	"fmt"

	"imagebatch/activities"
	"imagebatch/activities/imaging/descriptor"
)

// windowShare is the length of a window's sides in those of the picture.
const windowShare = 0.62

// variants are vectors of the picture as somebody may have edited it: turned,
// mirrored, or put into a larger one, of which a window then shows it. They are
// filled in the same way as the picture's own.
//
// Turned and mirrored, the subject is where the box was turned to, because the
// thumbnails of both halves are. Each window looks for a subject of its own,
// where a subject was looked for or given: it stands for a picture that was stored
// with the one that was found in it.
func (v *viewer) variants(in pixels, view activities.View) []activities.Variant {
	out := make([]activities.Variant, 0, len(turns)+9)
	seen := v.seen // windows are seen by the same viewer
	for _, t := range turns {
		vector := v.turned(make([]byte, 0, descriptor.Size), &seen.whole, t.from)
		if seen.same {
			vector = append(vector, vector...)
		} else {
			vector = v.turned(vector, &seen.subject, t.from)
		}
		out = append(out, activities.Variant{Kind: t.kind, Vector: vector})
	}
	for n := range 9 {
		const step = (1 - windowShare) / 2
		left, top := float64(n%3)*step, float64(n/3)*step
		frame := window{left, top, left + windowShare, top + windowShare}
		var vector []byte
		if view.Detect || view.Region != nil {
			vector, _ = v.detected(in, frame)
		} else {
			vector = v.plain(in, frame)
		}
		out = append(out, activities.Variant{Kind: fmt.Sprint("window ", n+1), Vector: vector})
	}
	return out
}

const last = side - 1

// turns say where the pixel (x, y) of a turned thumbnail comes from. Rotations are
// clockwise.
var turns = [...]struct {
	kind string
	from func(x, y int) (int, int)
}{
	{"rotated 90", func(x, y int) (int, int) { return y, last - x }},
	{"rotated 180", func(x, y int) (int, int) { return last - x, last - y }},
	{"rotated 270", func(x, y int) (int, int) { return last - y, x }},
	{"mirrored", func(x, y int) (int, int) { return last - x, y }},
}

// turned appends the view of a turned thumbnail.
func (v *viewer) turned(to []byte, in *descriptor.Thumbnail, from func(x, y int) (int, int)) []byte {
	var out descriptor.Thumbnail
	for y := range side {
		for x := range side {
			u, w := from(x, y)
			copy(out[3*(side*y+x):][:3], in[3*(side*w+u):])
		}
	}
	return v.describe(to, &out)
}
