package main

import (
	"context"
	"fmt"
	"image"

	"imagebatch/testsuite/edits"
)

// subjects measures how well the product is found in drawn pictures, where its
// place is known.
func (q *quality) subjects(ctx context.Context, stored []storedPhoto, figures *Figures) error {
	chosen := q.heldOut(stored, q.composites, "subject")
	for _, ground := range []edits.Ground{edits.PlainGround, edits.TexturedGround, edits.BusyGround} {
		overlaps := make([]float64, len(chosen))
		if err := edits.InParallel(ctx, len(chosen), func(n int) error {
			photo := stored[chosen[n]].Photo
			picture, box, err := q.compose(photo, ground)
			if err != nil {
				return err
			}
			got, err := q.pipeline.describe(ctx, edits.Encode(picture, 92))
			if err != nil {
				return fmt.Errorf("find the subject of %q on a %s ground: %w", photo.File, ground, err)
			}
			overlaps[n] = overlap(got.subject, box)
			return nil
		}); err != nil {
			return err
		}
		f := SubjectFigures{Ground: string(ground), Pictures: len(chosen)}
		half := 0
		for _, v := range overlaps {
			f.IoU += v / float64(len(overlaps))
			if v > 0.5 {
				half++
			}
		}
		f.OverHalf = share(half, len(overlaps))
		figures.Subject = append(figures.Subject, f)
		q.say("subject on a %s ground: mean IoU %.2f, above a half %.0f %%", ground, f.IoU, f.OverHalf)
	}
	return nil
}

func (q *quality) compose(photo edits.Photo, ground edits.Ground) (*image.RGBA, image.Rectangle, error) {
	random := edits.Seeded(0, "composite", string(ground), photo.File)
	filling, err := photo.Decode()
	if err != nil {
		return nil, image.Rectangle{}, err
	}
	other, err := q.photos[random.IntN(len(q.photos))].Decode()
	if err != nil {
		return nil, image.Rectangle{}, err
	}
	picture, box := edits.Composite(filling, other, ground, random)
	return picture, box, nil
}

// overlap is the area that two boxes share, by the area that they cover.
func overlap(a, b image.Rectangle) float64 {
	area := func(r image.Rectangle) float64 { return float64(r.Dx()) * float64(r.Dy()) }
	both := area(a.Intersect(b))
	return both / (area(a) + area(b) - both)
}
