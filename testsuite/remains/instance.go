package remains

import (
	"context"
	"fmt"
	"reflect"

	"imagebatch/activities/store"
	"imagebatch/testsuite/oracle"
)

// Instance is what an instance holds.
type Instance struct {
	Pictures oracle.Index
	Counted  int64 // pictures, by what the instance's own row says
	Vectors  int64
}

// ReadInstance reads all that an instance holds.
func ReadInstance(ctx context.Context, ledger *store.Store, name string) (Instance, error) {
	held := Instance{Pictures: oracle.Index{}}
	err := ledger.Read(ctx, func(t *store.Tx) error {
		var instance int64
		if _, err := t.Row([]any{&instance, &held.Counted}, "SELECT id, pictures FROM instance WHERE name = ? AND dead = 0", name); err != nil {
			return err
		}
		if _, err := t.Row([]any{&held.Vectors}, "SELECT count(*) FROM vector JOIN picture ON picture.id = vector.picture WHERE picture.instance = ?", instance); err != nil {
			return err
		}
		return t.Each(func(scan func(...any) error) error {
			var p oracle.Picture
			err := scan(&p.ProductID, &p.PicName, &p.Task, &p.Line, &p.CustomContent, &p.CategoryID,
				&p.IntAttrs[0], &p.IntAttrs[1], &p.IntAttrs[2], &p.IntAttrs[3], &p.StrAttrs[0], &p.StrAttrs[1], &p.StrAttrs[2], &p.StrAttrs[3])
			held.Pictures[p.Key] = p
			return err
		}, `SELECT product, name, task, line, custom_content, category, int_attr, int_attr2, int_attr3, int_attr4,
			str_attr, str_attr2, str_attr3, str_attr4 FROM picture WHERE instance = ?`, instance)
	})
	if err != nil {
		return Instance{}, fmt.Errorf("read instance %s: %w", name, err)
	}
	return held, nil
}

// Differences says how the instance differs from what it must hold, one sentence
// for each kind of difference, with an example. A category that the oracle leaves
// open may be any.
func (i Instance) Differences(want oracle.Index) (found []string) {
	if n := int64(len(i.Pictures)); i.Counted != n || i.Vectors != n {
		found = append(found, fmt.Sprintf("the instance counts %d pictures and has %d, with %d vectors", i.Counted, n, i.Vectors))
	}
	var missing, surplus, other []string
	for key, want := range want {
		got, ok := i.Pictures[key]
		if want.CategoryID == nil {
			got.CategoryID = nil
		}
		if !ok {
			missing = append(missing, fmt.Sprintf("%v of task %d line %d", key, want.Task, want.Line))
		} else if difference := differ(want, got); difference != "" {
			other = append(other, fmt.Sprintf("%v: %s", key, difference))
		}
	}
	for key, got := range i.Pictures {
		if _, ok := want[key]; !ok {
			surplus = append(surplus, fmt.Sprintf("%v of task %d line %d", key, got.Task, got.Line))
		}
	}
	for _, kind := range []struct {
		what string
		keys []string
	}{{"lack", missing}, {"should not be there", surplus}, {"differ", other}} {
		if len(kind.keys) > 0 {
			found = append(found, fmt.Sprintf("%d pictures %s, such as %s", len(kind.keys), kind.what, kind.keys[0]))
		}
	}
	return found
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
