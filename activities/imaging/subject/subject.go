package subject

import (
	"slices"

	"imagebatch/activities/imaging/descriptor"
)

const side = descriptor.Side

// Box is a part of a picture in fractions of its sides: 0 is left or top, 1 is
// right or bottom.
type Box struct{ Left, Top, Right, Bottom float64 }

// Whole is the box of a whole picture.
var Whole = Box{0, 0, 1, 1}

// margin is what a box is widened by before its pixels are looked at, in
// fractions of the picture's sides: what surrounds a product helps to tell it.
const margin = 0.04

// Widen is the box with a margin on each side, as far as the picture goes.
func (b Box) Widen() Box {
	return Box{
		max(b.Left-margin, 0), max(b.Top-margin, 0),
		min(b.Right+margin, 1), min(b.Bottom+margin, 1),
	}
}

// Subject is what was found in a picture.
type Subject struct {
	Box        Box     // around all parts
	Parts      []Box   // one box for each part, the heaviest first
	Confidence float64 // 0 to 1: how much more than the rest the parts stand out
}

// Least confidence of a subject: below, the box is more often wrong than right.
const leastConfidence = 0.3

// Finder finds subjects, in memory of its own. It is for one goroutine at a time.
// The zero value is ready.
type Finder struct {
	smooth   descriptor.LabMap
	salience saliency
	queue    []int16
}

// Find looks for the subject. There is none in a picture of one color, nor when
// what stands out hardly does; Confidence is set nevertheless.
func (f *Finder) Find(lab *descriptor.LabMap) (subject Subject, found bool) {
	smooth(lab, &f.smooth)
	if !f.salience.of(&f.smooth) {
		return Subject{}, false
	}
	mask := f.salience.above(f.salience.threshold())
	mask = mask.open().close()
	parts := f.parts(&mask)
	if len(parts) == 0 {
		return Subject{}, false
	}
	slices.SortStableFunc(parts, heavierFirst)
	kept := parts[:0]
	var all profile
	for _, p := range parts {
		if p.weight >= lightest*parts[0].weight {
			kept = append(kept, p)
			all.add(&p.profile)
		}
	}
	subject.Box = all.box()
	for _, p := range kept {
		subject.Parts = append(subject.Parts, p.box())
	}
	subject.Confidence = f.salience.contrast(&all)
	return subject, subject.Confidence >= leastConfidence
}
