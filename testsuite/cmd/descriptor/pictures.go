package main

import (
	"context"
	"image"

	"imagebatch/activities/imaging/descriptor"
	"imagebatch/testsuite/edits"
)

// picture is a photo to learn from or to judge by.
type picture struct {
	edits.Photo
	thumbnail descriptor.Thumbnail
}

type pictures []*picture

// load reads the photos of a folder.
func load(ctx context.Context, dir string) (pictures, error) {
	photos, err := edits.Photos(dir)
	if err != nil {
		return nil, err
	}
	all := make(pictures, len(photos))
	return all, edits.InParallel(ctx, len(all), func(n int) error {
		all[n] = &picture{Photo: photos[n]}
		decoded, err := all[n].Decode()
		if err == nil {
			shrink(decoded, &all[n].thumbnail)
		}
		return err
	})
}

// divided are those to learn from and those to judge by.
func (p pictures) divided() (learned, heldOut pictures) {
	for _, picture := range p {
		if picture.HeldOut {
			heldOut = append(heldOut, picture)
		} else {
			learned = append(learned, picture)
		}
	}
	return learned, heldOut
}

func (p pictures) categories() int {
	seen := map[string]bool{}
	for _, picture := range p {
		seen[picture.Category] = true
	}
	return len(seen)
}

// some are n of the pictures, drawn at random, or all when there are fewer.
func (p pictures) some(n int, seed uint64, purpose string) pictures {
	return edits.Sample(p, n, seed, purpose)
}

// shrink makes the thumbnail of a whole picture.
func shrink(in *image.RGBA, out *descriptor.Thumbnail) {
	small := edits.Resize(in, descriptor.Side, descriptor.Side)
	for n := range descriptor.Side * descriptor.Side {
		copy(out[3*n:3*n+3], small.Pix[4*n:])
	}
}
