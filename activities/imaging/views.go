package imaging

import (
	"math"

	"imagebatch/activities"
	"imagebatch/activities/imaging/descriptor"
	"imagebatch/activities/imaging/subject"
	"imagebatch/workflows/manifest"
)

// A vector has two halves, each a view of the picture: the whole of it, and its
// subject. Where nothing is known of a subject it is the whole once more, so that
// pictures of both kinds compare.

// viewer describes decoded pictures, one after the other.
type viewer struct {
	resampler resampler
	describer *descriptor.Describer
	finder    subject.Finder
	seen      halves
}

// halves are the thumbnails that the last vector was computed from.
type halves struct {
	whole, subject descriptor.Thumbnail
	same           bool // subject is not set; it is the whole
}

func newViewer() *viewer {
	return &viewer{describer: descriptor.NewDescriber(descriptor.Embedded())}
}

// everything is the window of a whole picture.
var everything = window{0, 0, 1, 1}

// feature describes a picture that is width×height pixels large, of which in may
// be fewer. The region of the view must lie in it.
func (v *viewer) feature(in pixels, width, height int, view activities.View) activities.Feature {
	var feature activities.Feature
	if view.Region != nil {
		r := *view.Region
		region := rectangle{r.X1, r.Y1, r.X2, r.Y2}.of(width, height)
		feature.Vector = v.given(in, everything, region)
		feature.Region = &r
	} else if view.Detect {
		var found *subject.Subject
		feature.Vector, found = v.detected(in, everything)
		if found != nil {
			feature.Region = regionOf(found.Box, width, height)
			for _, box := range found.Parts {
				feature.Regions = append(feature.Regions, *regionOf(box, width, height))
			}
		}
	} else {
		feature.Vector = v.plain(in, everything)
	}
	if view.Expand {
		feature.Variants = v.variants(in, view)
	}
	return feature
}

// plain sees a frame of the picture as a whole.
func (v *viewer) plain(in pixels, frame window) []byte {
	vector := v.half(make([]byte, 0, descriptor.Size), in, frame, &v.seen.whole)
	v.seen.same = true
	return append(vector, vector...)
}

// given sees a frame of the picture with a subject that is known.
func (v *viewer) given(in pixels, frame, part window) []byte {
	vector := v.half(make([]byte, 0, descriptor.Size), in, frame, &v.seen.whole)
	v.seen.same = false
	return v.half(vector, in, part, &v.seen.subject)
}

// detected sees a frame of the picture with the subject that is found in it, or
// nil.
func (v *viewer) detected(in pixels, frame window) ([]byte, *subject.Subject) {
	vector := v.half(make([]byte, 0, descriptor.Size), in, frame, &v.seen.whole)
	found, ok := v.finder.Find(v.describer.Lab())
	v.seen.same = !ok
	if !ok {
		return append(vector, vector...), nil
	}
	return v.half(vector, in, frame.inside(found.Box.Widen()), &v.seen.subject), &found
}

// half appends the view of a part of the picture, and leaves its thumbnail.
func (v *viewer) half(to []byte, in pixels, part window, thumbnail *descriptor.Thumbnail) []byte {
	resample(in, part, &v.resampler, thumbnail)
	return v.describe(to, thumbnail)
}

// describe appends the view of a thumbnail.
func (v *viewer) describe(to []byte, thumbnail *descriptor.Thumbnail) []byte {
	var view [descriptor.HalfSize]int8
	v.describer.View(thumbnail, &view)
	for _, component := range view {
		to = append(to, byte(component))
	}
	return to
}

// regionOf is the pixels that a box touches.
func regionOf(box subject.Box, width, height int) *manifest.Region {
	low := func(fraction float64, size int) int { return max(int(math.Floor(fraction*float64(size))), 0) }
	high := func(fraction float64, size int) int { return min(int(math.Ceil(fraction*float64(size))), size) }
	return &manifest.Region{
		X1: low(box.Left, width), X2: high(box.Right, width), Y1: low(box.Top, height), Y2: high(box.Bottom, height),
	}
}
