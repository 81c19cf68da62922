package main

import (
	"context"
	"image"

	"gonum.org/v1/gonum/mat"

	"imagebatch/activities/imaging/descriptor"
	"imagebatch/testsuite/edits"
)

// features are the blocks of the pictures, a row each.
func features(of pictures, books *descriptor.Codebooks) *mat.Dense {
	out := mat.NewDense(len(of), descriptor.BlockSize, nil)
	_ = edits.InParallel(context.Background(), len(of), func(n int) error { // neither the work nor this context fails
		setRow(out, n, descriptor.Blocks(&of[n].thumbnail, books))
		return nil
	})
	return out
}

func setRow(out *mat.Dense, n int, blocks *[descriptor.BlockSize]float32) {
	row := out.RawRowView(n)
	for k, v := range blocks {
		row[k] = float64(v)
	}
}

// Moves are learned from some copies each of some photos.
const (
	editedPictures = 1300
	copies         = 10
)

// batch is how many photos are edited before their moves are brought down to the
// reduced space, which is what bounds memory.
const batch = 100

// moves is by how much random edits move features, in the reduced space: a row
// for each edited copy.
func (t *training) moves(ctx context.Context, learned pictures, originals *mat.Dense, space *space, books *descriptor.Codebooks) (*mat.Dense, error) {
	order := edits.Seeded(t.seed, "edited").Perm(len(learned))[:min(editedPictures, len(learned))]
	out := mat.NewDense(len(order)*copies, reducedSize, nil)
	for first := 0; first < len(order); first += batch {
		chosen := order[first:min(first+batch, len(order))]
		differences := mat.NewDense(len(chosen)*copies, descriptor.BlockSize, nil)
		if err := edits.InParallel(ctx, len(chosen), func(n int) error {
			return t.editCopies(learned, chosen[n], func(k int, blocks *[descriptor.BlockSize]float32) {
				at := n*copies + k
				setRow(differences, at, blocks)
				row := differences.RawRowView(at)
				for i, v := range originals.RawRowView(chosen[n]) {
					row[i] = v - row[i]
				}
			}, books)
		}); err != nil {
			return nil, err
		}
		rows := len(chosen) * copies
		into := out.Slice(first*copies, first*copies+rows, 0, reducedSize).(*mat.Dense)
		into.Mul(differences, space.axes)
		t.say("%d of %d photos edited, %d copies each", min(first+batch, len(order)), len(order), copies)
	}
	return out, nil
}

// editCopies makes the edited copies of a picture and visits their features.
func (t *training) editCopies(learned pictures, n int, visit func(k int, blocks *[descriptor.BlockSize]float32), books *descriptor.Codebooks) error {
	original, err := learned[n].Decode()
	if err != nil {
		return err
	}
	random := edits.Seeded(t.seed, "edit", learned[n].File)
	var thumbnail descriptor.Thumbnail
	for k := range copies {
		edited := edits.Random(original, func() *image.RGBA {
			at := random.IntN(len(learned) - 1)
			if at >= n {
				at++
			}
			var other *image.RGBA
			if other, err = learned[at].Decode(); err != nil {
				return original
			}
			return other
		}, random)
		if err != nil {
			return err
		}
		shrink(edited, &thumbnail)
		visit(k, descriptor.Blocks(&thumbnail, books))
	}
	return nil
}
