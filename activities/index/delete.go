package index

import (
	"context"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// delete removes a picture that is older, and remembers the deletion. It tells
// whether there was one.
func (a *applier) delete(at version, k key) (removed bool, err error) {
	var id int64
	var base version
	removed, err = a.tx.Row([]any{&id, &base.task, &base.line}, `SELECT id, task, line FROM picture
		WHERE instance = ? AND product = ? AND name = ? AND (task, line) < (?, ?)`, k.instance, k.product, k.name, at.task, at.line)
	if err == nil && removed {
		err = a.remove(at, id, base, k)
	}
	if err != nil || a.newest {
		return removed, err
	}
	_, err = a.tx.Exec(`INSERT INTO picture_tombstone (instance, product, name, task, line) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET task = excluded.task, line = excluded.line
		WHERE (excluded.task, excluded.line) > (task, line)`, k.instance, k.product, k.name, at.task, at.line)
	return removed, err
}

// remove removes a picture and those of its updates that are older. Newer
// updates stay for an ADD between the two that is yet to come.
func (a *applier) remove(at version, id int64, base version, k key) error {
	if _, err := a.tx.Exec("DELETE FROM vector WHERE picture = ?", id); err != nil {
		return err
	}
	if _, err := a.tx.Exec("DELETE FROM picture WHERE id = ?", id); err != nil {
		return err
	}
	a.instance.Pictures--
	a.changed = true
	if err := dropSource(a.tx, base); err != nil {
		return err
	}
	return dropOlderFields(a.tx, at, k)
}

// DeleteProduct removes every picture of a product that is older than the line.
// The deletion is remembered first, so that older puts cannot slip in between
// the transactions, and the line is done last, so that a broken attempt is
// repeated. CodeFenceClosed, also in between.
func (x *Index) DeleteProduct(ctx context.Context, batch activities.Batch, product string) (record activities.SliceRecord, err error) {
	if len(batch.Outcomes) != 1 {
		return activities.SliceRecord{}, contract.Errorf(contract.CodeInternalError, "the deletion of a product is one line, not %d", len(batch.Outcomes))
	}
	line := batch.Outcomes[0].Line
	done := false
	for !done {
		if err := x.store.Write(ctx, func(t *store.Tx) error {
			progress, err := t.Progress(batch)
			if err != nil {
				return err
			}
			if !progress.Done(line) {
				a := &applier{tx: t}
				if a.instance, err = t.InstanceByNumber(progress.Instance); err != nil {
					return err
				}
				removed, err := a.deleteProduct(version{batch.Task, line}, product)
				if err != nil {
					return err
				}
				if err := a.save(); err != nil || len(removed) == sweepPictures {
					return err
				}
				progress.Record(activities.Outcome{Line: line, Ending: activities.Succeeded, Stage: activities.Indexed,
					Delete: &activities.DeletePicture{Product: product}})
			}
			record, err = progress.Save()
			done = err == nil
			return err
		}); err != nil {
			return activities.SliceRecord{}, err
		}
	}
	return record, nil
}

// deleteProduct remembers the deletion and removes at most sweepPictures
// pictures, the first by name. It returns their names.
func (a *applier) deleteProduct(at version, product string) (names []string, err error) {
	if !a.newest {
		if _, err := a.tx.Exec(`INSERT INTO product_tombstone (instance, product, task, line) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET task = excluded.task, line = excluded.line
			WHERE (excluded.task, excluded.line) > (task, line)`, a.instance.Number, product, at.task, at.line); err != nil {
			return nil, err
		}
	}
	var ids []int64
	var bases []version
	if err := a.tx.Each(func(scan func(...any) error) error {
		var id int64
		var base version
		var name string
		err := scan(&id, &base.task, &base.line, &name)
		ids, bases, names = append(ids, id), append(bases, base), append(names, name)
		return err
	}, "SELECT id, task, line, name FROM picture WHERE instance = ? AND product = ? AND (task, line) < (?, ?) ORDER BY name LIMIT ?",
		a.instance.Number, product, at.task, at.line, sweepPictures); err != nil {
		return nil, err
	}
	for i, name := range names {
		if err := a.remove(at, ids[i], bases[i], key{a.instance.Number, product, name}); err != nil {
			return nil, err
		}
	}
	return names, nil
}
