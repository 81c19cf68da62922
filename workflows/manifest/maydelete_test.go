package manifest_test

import (
	"testing"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

func TestMayDelete(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line string
		want bool
	}{
		"Delete":     {`{"OperationType":"DELETE","ProductId":"1"}`, true},
		"Lower":      {`{"ProductId":"1","OperationType" : "delete"}`, true},
		"Escaped":    {`{"OperationType":"\u0044ELETE","ProductId":"1"}`, true},
		"EscapedEnd": {`{"OperationType":"DELET\u0065","ProductId":"1"}`, true},
		"Add":        {`{"OperationType":"ADD","ProductId":"DELETED","PicName":"delete.jpg"}`, false},
		"Cut":        {`{"OperationType":"DELETE`, false},
		"NoJSON":     {`DELETE`, false},
		"Empty":      {``, false},
	} {
		if got := manifest.MayDelete([]byte(test.line)); got != test.want {
			t.Errorf("%s: MayDelete(%s) = %t", name, test.line, got)
		}
	}
}

// FuzzMayDelete looks for a deletion that is overlooked.
func FuzzMayDelete(f *testing.F) {
	f.Add([]byte(`{"OperationType":"DELETE","ProductId":"1"}`))
	f.Add([]byte(`{"OperationType":"\u0064elete","ProductId":"1","PicName":"a.jpg"}`))
	f.Add([]byte(`{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		entry, _, problem := manifest.Parse(line, manifest.Rules{ServiceType: contract.ServiceProduct})
		if problem == nil && entry.Operation == manifest.Delete && !manifest.MayDelete(line) {
			t.Errorf("%q deletes", line)
		}
	})
}

// BenchmarkMayDelete measures what a line costs that is no DELETE.
func BenchmarkMayDelete(b *testing.B) {
	line := []byte(`{"OperationType":"ADD","ProductId":"product-123456","PicName":"pictures/00123456.jpg","CategoryId":0,"CustomContent":"a title of a usual length, and a price","IntAttr":12}`)
	for b.Loop() {
		if manifest.MayDelete(line) {
			b.Fatal("it is an ADD")
		}
	}
}
