package main

import (
	"context"
	"fmt"
	"reflect"

	"imagebatch/activities/store"
	"imagebatch/testsuite/oracle"
)

// holding is what an instance holds, read straight from the tables.
type holding struct {
	pictures map[oracle.Key]oracle.Picture
	counted  int64 // what the instance's own row says
	vectors  int64
}

func (l *lane) holding(ctx context.Context) (held holding, err error) {
	held.pictures = map[oracle.Key]oracle.Picture{}
	err = l.ledger.Read(ctx, func(t *store.Tx) error {
		var instance int64
		if _, err := t.Row([]any{&instance, &held.counted}, "SELECT id, pictures FROM instance WHERE name = ? AND dead = 0", l.name); err != nil {
			return err
		}
		if _, err := t.Row([]any{&held.vectors}, "SELECT count(*) FROM vector JOIN picture ON picture.id = vector.picture WHERE picture.instance = ?", instance); err != nil {
			return err
		}
		return t.Each(func(scan func(...any) error) error {
			var p oracle.Picture
			err := scan(&p.ProductID, &p.PicName, &p.Task, &p.Line, &p.CustomContent, &p.CategoryID,
				&p.IntAttrs[0], &p.IntAttrs[1], &p.IntAttrs[2], &p.IntAttrs[3], &p.StrAttrs[0], &p.StrAttrs[1], &p.StrAttrs[2], &p.StrAttrs[3])
			held.pictures[p.Key] = p
			return err
		}, `SELECT product, name, task, line, custom_content, category, int_attr, int_attr2, int_attr3, int_attr4,
			str_attr, str_attr2, str_attr3, str_attr4 FROM picture WHERE instance = ?`, instance)
	})
	return held, err
}

// differ says how what is held differs from what is wanted; empty if it does not.
func differ(want, got oracle.Picture) string {
	if want.Task != got.Task || want.Line != got.Line {
		return fmt.Sprintf("stored by task %d line %d, want task %d line %d", got.Task, got.Line, want.Task, want.Line)
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Sprintf("stored by task %d line %d with other fields than the line has", got.Task, got.Line)
	}
	return ""
}
