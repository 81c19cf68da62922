package index

import (
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

// fieldValues are the fields that attributes have a value for, by position.
func fieldValues(attributes contract.Attributes) map[int]any {
	values := make(map[int]any)
	if attributes.CustomContent != nil {
		values[0] = *attributes.CustomContent
	}
	for i := range attributes.IntAttrs {
		if attributes.IntAttrs[i] != nil {
			values[1+i] = *attributes.IntAttrs[i]
		}
		if attributes.StrAttrs[i] != nil {
			values[5+i] = *attributes.StrAttrs[i]
		}
	}
	return values
}

// setField gives a field of a picture a value with a version that is newer than
// any it has, and remembers it for older puts that are yet to come.
func (a *applier) setField(at version, k key, id int64, field int, value any) error {
	if _, err := a.tx.Exec("UPDATE picture SET "+fields[field]+" = ? WHERE id = ?", value, id); err != nil || a.newest {
		return err
	}
	_, err := a.tx.Exec("INSERT OR REPLACE INTO field (instance, product, name, field, task, line, value) VALUES (?, ?, ?, ?, ?, ?, ?)",
		k.instance, k.product, k.name, field, at.task, at.line, value)
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
