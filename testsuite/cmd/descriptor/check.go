package main

import (
	"context"

	"imagebatch/activities/imaging/descriptor"
	"imagebatch/testsuite/edits"
)

// judge prints how often edited copies of photos that were not learned from are
// found, comparing whole pictures only. What the product makes of the table is
// for the program quality to say.
func (t *training) judge(ctx context.Context, all, heldOut pictures, table *descriptor.Table) error {
	queries := heldOut.some(t.check, t.seed, "check")
	if len(queries) == 0 {
		return nil
	}
	stored := make([][descriptor.HalfSize]int8, len(all))
	if err := edits.InParallel(ctx, len(all), func(n int) error {
		table.View(&all[n].thumbnail, &stored[n])
		return nil
	}); err != nil {
		return err
	}
	protocol := edits.Protocol()
	found := make([][]bool, len(queries))
	if err := edits.InParallel(ctx, len(queries), func(n int) (err error) {
		found[n], err = findCopies(queries[n], all, stored, table, protocol)
		return err
	}); err != nil {
		return err
	}
	var mean float64
	for k, edit := range protocol {
		hits := 0
		for n := range found {
			if found[n][k] {
				hits++
			}
		}
		share := 100 * float64(hits) / float64(len(queries))
		mean += share / float64(len(protocol))
		t.say("%-16s %5.1f %% of %d found first among %d", edit.Name, share, len(queries), len(all))
	}
	t.say("%-16s %5.1f %%", "mean", mean)
	return nil
}

// findCopies says for each edit whether the edited picture finds its original
// before all others. The picture that it is pasted on is left out.
func findCopies(query *picture, all pictures, stored [][descriptor.HalfSize]int8, table *descriptor.Table, protocol []edits.Edit) ([]bool, error) {
	original, err := query.Decode()
	if err != nil {
		return nil, err
	}
	random := edits.Seeded(0, "under", query.File)
	under := query
	for under == query {
		under = all[random.IntN(len(all))]
	}
	other, err := under.Decode()
	if err != nil {
		return nil, err
	}
	found := make([]bool, len(protocol))
	for k, edit := range protocol {
		var thumbnail descriptor.Thumbnail
		shrink(edit.Of(original, other, query.File), &thumbnail)
		var view [descriptor.HalfSize]int8
		table.View(&thumbnail, &view)
		var own, best float64
		for n, picture := range all {
			switch similarity := likeness(&view, &stored[n]); {
			case picture == query:
				own = similarity
			case edit.Pasted && picture == under:
			default:
				best = max(best, similarity)
			}
		}
		found[k] = own > best
	}
	return found, nil
}

// likeness orders pictures as their cosine does, where that is positive.
func likeness(query, stored *[descriptor.HalfSize]int8) float64 {
	var product, square int
	for n, v := range stored {
		product += int(v) * int(query[n])
		square += int(v) * int(v)
	}
	if product <= 0 {
		return 0
	}
	return float64(product) * float64(product) / float64(max(square, 1))
}
