// Package oracle knows what a batch must come to: it applies a manifest line by
// line, in file order, to a plain map.
//
// It shares no code with what it judges, not even the reader of lines, and
// imports the standard library only. It understands well-formed lines in the
// vendor's plain form; the lines that must fail have to be named.
package oracle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
)

// Key names a picture of an instance.
type Key struct{ ProductID, PicName string }

// Picture is what the index must hold of a picture. Nil is absent.
type Picture struct {
	Key
	CustomContent *string
	CategoryID    *int // nil: predicted, whatever comes of it
	IntAttrs      [4]*int32
	StrAttrs      [4]*string
	Task          int64 // which task stored it,
	Line          int64 // from which line
}

// Index is what an instance must hold.
type Index map[Key]Picture

// Serial is the index after one task on an empty instance. Lines for which failed
// answers true have no effect; nil means that none fails.
func Serial(manifest []byte, failed func(line int64) bool) (Index, error) {
	return Index{}.Apply(1, manifest, failed)
}

// row is a line in the vendor's plain form.
type row struct {
	OperationType, ProductId              string
	PicName, CustomContent                *string
	CategoryId                            *int
	IntAttr, IntAttr2, IntAttr3, IntAttr4 *int32
	StrAttr, StrAttr2, StrAttr3, StrAttr4 *string
}

// Apply is the index after another task. The receiver does not change.
func (x Index) Apply(task int64, manifest []byte, failed func(line int64) bool) (Index, error) {
	after := Index{}
	maps.Copy(after, x)
	for i, text := range bytes.Split(manifest, []byte("\n")) {
		number := int64(i + 1)
		if len(bytes.TrimSpace(text)) == 0 || failed != nil && failed(number) {
			continue
		}
		var r row
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("apply line %d: %w; name it among the failed lines", number, err)
		}
		switch {
		case r.OperationType == "ADD" && r.PicName != nil:
			key := Key{r.ProductId, *r.PicName}
			after[key] = Picture{
				Key: key, CustomContent: r.CustomContent, CategoryID: r.CategoryId,
				IntAttrs: [4]*int32{r.IntAttr, r.IntAttr2, r.IntAttr3, r.IntAttr4},
				StrAttrs: [4]*string{r.StrAttr, r.StrAttr2, r.StrAttr3, r.StrAttr4},
				Task:     task, Line: number,
			}
		case r.OperationType == "DELETE" && r.PicName != nil:
			delete(after, Key{r.ProductId, *r.PicName})
		case r.OperationType == "DELETE":
			maps.DeleteFunc(after, func(k Key, _ Picture) bool { return k.ProductID == r.ProductId })
		default:
			return nil, fmt.Errorf("apply line %d: neither an ADD of a picture nor a DELETE; name it among the failed lines", number)
		}
	}
	return after, nil
}
