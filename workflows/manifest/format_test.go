package manifest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// entries draws entries that a line can hold.
func entries() *rapid.Generator[manifest.Entry] {
	return rapid.Custom(func(t *rapid.T) manifest.Entry {
		text := func(label string, limit int) *string {
			return optional(t, label, rapid.StringN(0, limit, -1).Filter(func(s string) bool { return !strings.ContainsRune(s, '\uFFFD') }))
		}
		e := manifest.Entry{
			Operation: rapid.SampledFrom([]manifest.Operation{manifest.Add, manifest.Delete}).Draw(t, "operation"),
			ProductID: rapid.StringMatching(`[a-zA-Z0-9 "\\é酒😀/_.-]{1,40}`).Draw(t, "product"),
			PicName:   rapid.StringMatching(`([a-z酒" ]{1,9}/){0,3}[a-z.]{0,5}[a-z]\.(jpg|PNG|é)`).Draw(t, "picture"),
		}
		if e.Operation == manifest.Delete {
			if rapid.Bool().Draw(t, "whole product") {
				e.PicName = ""
			}
			return e
		}
		e.CustomContent = text("content", contract.MaxCustomContent)
		e.CategoryID = optional(t, "category", rapid.SampledFrom([]int{0, 1, 9, 20, 22, contract.CategoryOthers}))
		for n := range 4 {
			e.IntAttrs[n] = optional(t, "int", rapid.Int32())
			e.StrAttrs[n] = text("str", contract.MaxStrAttr)
		}
		e.Crop = optional(t, "crop", rapid.Bool())
		if rapid.Bool().Draw(t, "region") {
			x, y := rapid.IntRange(0, 9000).Draw(t, "x"), rapid.IntRange(0, 9000).Draw(t, "y")
			e.Region = &manifest.Region{X1: x, X2: x + rapid.IntRange(1, 9000).Draw(t, "w"), Y1: y, Y2: y + rapid.IntRange(1, 9000).Draw(t, "h")}
		}
		e.CategoryPredicted = e.CategoryID != nil && rapid.Bool().Draw(t, "predicted")
		e.Source = optional(t, "source", rapid.SampledFrom([]manifest.Source{
			{Bucket: "photos", Key: "a b\"\\\x01<é酒😀.jpg"}, {Bucket: "photos", Key: "k", OrKey: "\u2028", RoleARN: "acs:ram::1:role/r"}, {Key: "uploads/1", Uploaded: true},
		}))
		return e
	})
}

func optional[T any](t *rapid.T, label string, values *rapid.Generator[T]) *T {
	if !rapid.Bool().Draw(t, label+" given") {
		return nil
	}
	return new(values.Draw(t, label))
}

func TestAppendIsReadBackTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := entries().Draw(t, "entry")
		line := manifest.Append([]byte("kept"), want)
		text, kept := strings.CutPrefix(string(line), "kept")
		if !kept || strings.ContainsAny(text, "\r\n") || !json.Valid([]byte(text)) {
			t.Fatalf("line %q is not one line of JSON after what was there", line)
		}
		got, _, problem := manifest.Parse([]byte(text), manifest.Rules{Sources: true})
		if problem != nil {
			t.Fatalf("%s\nis refused: %v", text, problem)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestAppendWritesTheVendorsNames(t *testing.T) {
	t.Parallel()
	entry, _, problem := manifest.Parse([]byte(sampleAdd), manifest.Rules{})
	if problem != nil {
		t.Fatal(problem)
	}
	if got := string(manifest.Append(nil, entry)); got != sampleAdd {
		t.Errorf("Append = %s\nwant %s", got, sampleAdd)
	}
}
