package index

import (
	"context"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// fields are the columns that can be updated without a new picture. Their
// positions are what the field table refers to: append only.
var fields = [...]string{
	"custom_content",
	"int_attr", "int_attr2", "int_attr3", "int_attr4",
	"str_attr", "str_attr2", "str_attr3", "str_attr4",
}

// FieldUpdate changes fields of a picture that is there.
type FieldUpdate struct {
	// Operation is a number from Store.OpenOperation: the update is newer than
	// every line of a task with a smaller number. It is closed with the update.
	Operation     int64
	Picture       contract.PictureRef
	CustomContent *string // nil leaves a field as it is
	IntAttrs      [4]*int32
	StrAttrs      [4]*string
}

// values are the fields that are changed, by position.
func (u FieldUpdate) values() map[int]any {
	values := make(map[int]any)
	if u.CustomContent != nil {
		values[0] = *u.CustomContent
	}
	for i := range u.IntAttrs {
		if u.IntAttrs[i] != nil {
			values[1+i] = *u.IntAttrs[i]
		}
		if u.StrAttrs[i] != nil {
			values[5+i] = *u.StrAttrs[i]
		}
	}
	return values
}

// UpdateFields changes fields of a picture and closes the operation. A field
// that has a newer version already keeps it. It is safe to repeat: an operation
// that is closed changes nothing. Refused, it leaves the operation open for
// Store.CloseOperation. CodePicNotExist, CodeInstanceNotFound.
func (x *Index) UpdateFields(ctx context.Context, update FieldUpdate) error {
	return x.store.Write(ctx, func(t *store.Tx) error {
		owner, open, err := t.CloseOperation(update.Operation)
		if err != nil || !open {
			return err
		}
		instance, err := t.Instance(update.Picture.Instance)
		if err != nil {
			return err
		}
		if instance.Number != owner {
			return contract.Errorf(contract.CodeInternalError, "operation %d was opened for another instance than %q", update.Operation, update.Picture.Instance)
		}
		k := key{instance.Number, update.Picture.ProductID, update.Picture.PicName}
		var id int64
		var base version
		found, err := t.Row([]any{&id, &base.task, &base.line},
			"SELECT id, task, line FROM picture WHERE instance = ? AND product = ? AND name = ?", k.instance, k.product, k.name)
		if err != nil {
			return err
		}
		if !found {
			return pictureNotFound(update.Picture)
		}
		at := version{update.Operation, 0}
		if !at.newerThan(base) {
			return nil
		}
		for field, value := range update.values() {
			if err := setField(t, at, k, id, field, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// setField gives a field a value with a version, unless it has a newer one.
func setField(t *store.Tx, at version, k key, id int64, field int, value any) error {
	changed, err := t.Exec(`INSERT INTO field (instance, product, name, field, task, line, value) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET task = excluded.task, line = excluded.line, value = excluded.value
		WHERE (excluded.task, excluded.line) > (task, line)`, k.instance, k.product, k.name, field, at.task, at.line, value)
	if err != nil || changed == 0 {
		return err
	}
	_, err = t.Exec("UPDATE picture SET "+fields[field]+" = ? WHERE id = ?", value, id)
	return err
}

// keepNewerFields puts the values of fields that are newer than a put into the
// picture that is about to be stored, and forgets those that are older.
func (a *applier) keepNewerFields(at version, k key, picture *contract.Picture) error {
	if err := a.tx.Each(func(scan func(...any) error) error {
		var field int
		var text *string
		var number *int32
		if err := scan(&field, &text, &number); err != nil {
			return err
		}
		switch {
		case field == 0:
			picture.CustomContent = text
		case field <= 4:
			picture.IntAttrs[field-1] = number
		default:
			picture.StrAttrs[field-5] = text
		}
		return nil
	}, `SELECT field, iif(typeof(value) = 'text', value, NULL), iif(typeof(value) = 'integer', value, NULL) FROM field
		WHERE instance = ? AND product = ? AND name = ? AND (task, line) > (?, ?)`,
		k.instance, k.product, k.name, at.task, at.line); err != nil {
		return err
	}
	return dropOlderFields(a.tx, at, k)
}

func dropOlderFields(t *store.Tx, at version, k key) error {
	_, err := t.Exec("DELETE FROM field WHERE instance = ? AND product = ? AND name = ? AND (task, line) < (?, ?)",
		k.instance, k.product, k.name, at.task, at.line)
	return err
}

func pictureNotFound(ref contract.PictureRef) error {
	return contract.Errorf(contract.CodePicNotExist, "instance %q has no picture %q of product %q; check both names as they stand in the manifest",
		ref.Instance, ref.PicName, ref.ProductID)
}
