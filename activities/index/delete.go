package index

import (
	"context"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// delete removes a picture that is older, and remembers the deletion.
func (a *applier) delete(at version, k key) error {
	var id int64
	older, err := a.tx.Row([]any{&id}, `SELECT id FROM picture WHERE instance = ? AND product = ? AND name = ?
		AND (task, line) < (?, ?)`, k.instance, k.product, k.name, at.task, at.line)
	if err != nil {
		return err
	}
	if older {
		if err := a.remove(at, id, k); err != nil {
			return err
		}
	}
	_, err = a.tx.Exec(`INSERT INTO picture_tombstone (instance, product, name, task, line) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET task = excluded.task, line = excluded.line
		WHERE (excluded.task, excluded.line) > (task, line)`, k.instance, k.product, k.name, at.task, at.line)
	return err
}

// remove removes a picture and those of its updates that are older. Newer
// updates stay for an ADD between the two that is yet to come.
func (a *applier) remove(at version, id int64, k key) error {
	if _, err := a.tx.Exec("DELETE FROM vector WHERE picture = ?", id); err != nil {
		return err
	}
	if _, err := a.tx.Exec("DELETE FROM picture WHERE id = ?", id); err != nil {
		return err
	}
	a.instance.Pictures--
	a.changed = true
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
				removed, err := removeProduct(t, progress.Instance, version{batch.Task, line}, product)
				if err != nil || removed == sweepPictures {
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

// removeProduct remembers the deletion and removes at most sweepPictures
// pictures. It returns how many.
func removeProduct(t *store.Tx, instance int64, at version, product string) (removed int, err error) {
	if _, err := t.Exec(`INSERT INTO product_tombstone (instance, product, task, line) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET task = excluded.task, line = excluded.line
		WHERE (excluded.task, excluded.line) > (task, line)`, instance, product, at.task, at.line); err != nil {
		return 0, err
	}
	ids := make(map[string]int64)
	if err := t.Each(func(scan func(...any) error) error {
		var id int64
		var name string
		err := scan(&id, &name)
		ids[name] = id
		return err
	}, "SELECT id, name FROM picture WHERE instance = ? AND product = ? AND (task, line) < (?, ?) LIMIT ?",
		instance, product, at.task, at.line, sweepPictures); err != nil {
		return 0, err
	}
	a := &applier{tx: t}
	if a.instance, err = t.InstanceByNumber(instance); err != nil {
		return 0, err
	}
	for name, id := range ids {
		if err := a.remove(at, id, key{instance, product, name}); err != nil {
			return 0, err
		}
	}
	return len(ids), a.save()
}
