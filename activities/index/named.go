package index

import (
	"context"

	"imagebatch/activities"
	"imagebatch/activities/store"
)

// Bounds of one read transaction, which keeps the write-ahead log from being
// checkpointed: so many names are looked up, or so many pictures of products
// listed, in a few milliseconds.
const (
	readNames    = 500
	readPictures = 10_000
)

// Named visits the pictures that the instance holds by these names. See
// activities.Index. What is stored or deleted meanwhile may be visited or not.
func (x *Index) Named(ctx context.Context, instance string, names []activities.DeletePicture, visit func(number int64)) error {
	var from key                                                // where the product that is under way goes on
	for first := true; first || len(names) > 0; first = false { // once without names: is there the instance?
		if err := x.store.Read(ctx, func(t *store.Tx) error {
			owner, err := t.Instance(instance)
			if err != nil {
				return err
			}
			for room := readPictures; room > 0 && len(names) > 0; room -= readPictures / readNames {
				name := names[0]
				if name.Picture == "" {
					if from.instance == 0 {
						from = key{instance: owner.Number, product: name.Product}
					}
					listed, err := from.list(t, room, visit)
					if err != nil || listed == room {
						return err
					}
					room -= listed
					from = key{}
				} else if err := find(t, key{owner.Number, name.Product, name.Picture}, visit); err != nil {
					return err
				}
				names = names[1:]
			}
			return nil
		}); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// find visits one picture, if it is there.
func find(t *store.Tx, k key, visit func(number int64)) error {
	var id int64
	found, err := t.Row([]any{&id}, "SELECT id FROM picture WHERE instance = ? AND product = ? AND name = ?", k.instance, k.product, k.name)
	if found {
		visit(ordinalOf(id))
	}
	return err
}

// list visits at most so many pictures of a product, those after the key, which
// it moves on. It returns how many.
func (k *key) list(t *store.Tx, most int, visit func(number int64)) (listed int, err error) {
	err = t.Each(func(scan func(...any) error) error {
		var id int64
		if err := scan(&id, &k.name); err != nil {
			return err
		}
		listed++
		visit(ordinalOf(id))
		return nil
	}, "SELECT id, name FROM picture WHERE instance = ? AND product = ? AND name > ? ORDER BY name LIMIT ?",
		k.instance, k.product, k.name, most)
	return listed, err
}

// ordinalOf is the ordinal in the id of a picture.
func ordinalOf(id int64) int64 { return id & (1<<ordinalBits - 1) }
