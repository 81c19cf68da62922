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
	Operation     string  `json:"OperationType"`
	ProductID     string  `json:"ProductId"`
	PicName       *string `json:"PicName"`
	CustomContent *string `json:"CustomContent"`
	CategoryID    *int    `json:"CategoryId"`
	IntAttr       *int32  `json:"IntAttr"`
	IntAttr2      *int32  `json:"IntAttr2"`
	IntAttr3      *int32  `json:"IntAttr3"`
	IntAttr4      *int32  `json:"IntAttr4"`
	StrAttr       *string `json:"StrAttr"`
	StrAttr2      *string `json:"StrAttr2"`
	StrAttr3      *string `json:"StrAttr3"`
	StrAttr4      *string `json:"StrAttr4"`
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
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(text, &fields); err != nil {
			return nil, fmt.Errorf("apply line %d: %w; name it among the failed lines", number, err)
		}
		switch {
		case r.Operation == "ADD" && r.PicName != nil:
			key := Key{r.ProductID, *r.PicName}
			after[key] = Picture{
				Key: key, CustomContent: r.CustomContent, CategoryID: r.CategoryID,
				IntAttrs: [4]*int32{r.IntAttr, r.IntAttr2, r.IntAttr3, r.IntAttr4},
				StrAttrs: [4]*string{r.StrAttr, r.StrAttr2, r.StrAttr3, r.StrAttr4},
				Task:     task, Line: number,
			}
		case r.Operation == "DELETE" && r.PicName != nil:
			delete(after, Key{r.ProductID, *r.PicName})
		case r.Operation == "DELETE" && len(fields) == 2 && fields["ProductId"] != nil:
			maps.DeleteFunc(after, func(k Key, _ Picture) bool { return k.ProductID == r.ProductID })
		default:
			return nil, fmt.Errorf("apply line %d: neither an ADD of a picture nor a DELETE of one or of a product alone; name it among the failed lines", number)
		}
	}
	return after, nil
}
