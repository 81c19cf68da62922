package index

import (
	"context"
	"slices"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
)

// selectPage is how many picture ids a transaction looks through for those that
// a filter selects: other writers wait for milliseconds.
const selectPage = 8192

// DeleteImage removes a picture or, without PicName, a product or, with a
// filter, the pictures that it selects as they are by then. Nothing to remove is
// success. Products and selections go some at a time; a repeat after an attempt
// that was broken goes on, and the result is that of all. What is stored once it
// has begun stays. CodeInstanceNotFound, also in between.
func (x *Index) DeleteImage(ctx context.Context, runID string, ref contract.PictureRef, selected *filter.Expression) (contract.DeleteImageResult, error) {
	switch {
	case selected != nil:
		return x.deleteInSteps(ctx, runID, ref.Instance, deleteSelected(selected))
	case ref.PicName != "":
		return x.deleteInSteps(ctx, runID, ref.Instance, func(a *applier, at version) (names []string, done bool, err error) {
			removed, err := a.delete(at, key{a.instance.Number, ref.ProductID, ref.PicName})
			if removed {
				names = []string{ref.PicName}
			}
			return names, true, err
		})
	}
	return x.deleteInSteps(ctx, runID, ref.Instance, func(a *applier, at version) (names []string, done bool, err error) {
		names, err = a.deleteProduct(at, ref.ProductID)
		return names, len(names) < sweepPictures, err
	})
}

// deletion is a step of a deletion, in a transaction of its own. It returns the
// names of what it has removed, and whether it was the last.
type deletion func(a *applier, at version) (names []string, done bool, err error)

// deleteInSteps takes steps under one number until the last is done. Those that
// change something record so in their own transaction.
func (x *Index) deleteInSteps(ctx context.Context, runID, instance string, step deletion) (result contract.DeleteImageResult, err error) {
	for done := false; !done; {
		result = contract.DeleteImageResult{PicNames: []string{}}
		if err := x.store.Write(ctx, func(t *store.Tx) error {
			operation, err := t.Operate(runID, instance, &result)
			if err != nil {
				return err
			}
			if done = operation.Done; done {
				return nil
			}
			a, at, err := applierOf(t, operation)
			if err != nil {
				return err
			}
			names, last, err := step(a, at)
			if err != nil {
				return err
			}
			done = last
			if len(names) == 0 && !done && !operation.Fresh {
				return nil // nothing to write, and so nothing to wait for
			}
			count(&result, names)
			if err := a.save(); err != nil {
				return err
			}
			return operation.Record(result, done)
		}); err != nil {
			return contract.DeleteImageResult{}, err
		}
	}
	return result, nil
}

// count adds what was removed to a result.
func count(result *contract.DeleteImageResult, names []string) {
	result.Deleted += int64(len(names))
	room := contract.DeletedNames - len(result.PicNames)
	result.PicNames = append(result.PicNames, names[:min(room, len(names))]...)
	slices.Sort(result.PicNames)
}

// deleteSelected looks through the pictures of an instance by id, which is the
// order in which they lie on disk. It starts from the first again when the
// deletion is repeated.
func deleteSelected(selected *filter.Expression) deletion {
	condition, values := selection(selected)
	next := int64(1) // ordinal
	return func(a *applier, at version) (names []string, done bool, err error) {
		end := min(next+selectPage, a.instance.NextPicture)
		first, last := pictureID(a.instance.Number, next), pictureID(a.instance.Number, end)
		var id int64
		var keys []key
		if err := a.tx.Each(func(scan func(...any) error) error {
			k := key{instance: a.instance.Number}
			err := scan(&id, &k.product, &k.name)
			keys = append(keys, k)
			return err
		}, "SELECT id, product, name FROM picture WHERE id >= ? AND id < ? AND (task, line) < (?, ?) AND "+condition+" ORDER BY id LIMIT ?",
			slices.Concat([]any{first, last, at.task, at.line}, values, []any{sweepPictures})...); err != nil {
			return nil, false, err
		}
		for _, k := range keys {
			if _, err := a.delete(at, k); err != nil {
				return nil, false, err
			}
			names = append(names, k.name)
		}
		next = end
		if len(keys) == sweepPictures {
			next = ordinalOf(id) + 1
		}
		return names, next >= a.instance.NextPicture, nil
	}
}
