package oracle_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/oracle"
)

const (
	addA     = `{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg","CategoryId":0,"IntAttr2":0,"StrAttr4":""}`
	addANew  = `{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg","CustomContent":"new"}`
	addB     = `{"OperationType":"ADD","ProductId":"1","PicName":"b.jpg"}`
	addOther = `{"OperationType":"ADD","ProductId":"2","PicName":"a.jpg"}`
	deleteA  = `{"OperationType":"DELETE","ProductId":"1","PicName":"a.jpg"}`
	delete1  = `{"OperationType":"DELETE","ProductId":"1"}`
)

func TestSerialFollowsFileOrder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lines  []string
		failed int64
		want   []string // product/picture@line
	}{
		"Empty":                   {nil, 0, nil},
		"Adds":                    {[]string{addA, addB, addOther}, 0, []string{"1/a.jpg@1", "1/b.jpg@2", "2/a.jpg@3"}},
		"LastAddWins":             {[]string{addA, addB, addANew}, 0, []string{"1/a.jpg@3", "1/b.jpg@2"}},
		"DeletePicture":           {[]string{addA, addB, addOther, deleteA}, 0, []string{"1/b.jpg@2", "2/a.jpg@3"}},
		"DeleteProduct":           {[]string{addA, addB, addOther, delete1}, 0, []string{"2/a.jpg@3"}},
		"AddAfterDelete":          {[]string{addA, delete1, addB, deleteA, addA}, 0, []string{"1/a.jpg@5", "1/b.jpg@3"}},
		"DeleteOfNothing":         {[]string{deleteA, delete1, addA}, 0, []string{"1/a.jpg@3"}},
		"FailedLineHasNoEffect":   {[]string{addA, delete1}, 2, []string{"1/a.jpg@1"}},
		"FailedLineNeedNotBeJSON": {[]string{"x", addA}, 1, []string{"1/a.jpg@2"}},
		"BlankLinesAreCounted":    {[]string{"", " \r", addA}, 0, []string{"1/a.jpg@3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			index, err := oracle.Serial([]byte(strings.Join(test.lines, "\n")), func(line int64) bool { return line == test.failed })
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for key, picture := range index {
				got = append(got, key.ProductID+"/"+key.PicName+"@"+string(rune('0'+picture.Line)))
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSerialKeepsTheDifferenceOfZeroAndAbsent(t *testing.T) {
	t.Parallel()
	index, err := oracle.Serial([]byte(addA), nil)
	if err != nil {
		t.Fatal(err)
	}
	key := oracle.Key{ProductID: "1", PicName: "a.jpg"}
	want := oracle.Index{key: {Key: key, CategoryID: new(0), IntAttrs: [4]*int32{nil, new(int32(0))},
		StrAttrs: [4]*string{nil, nil, nil, new("")}, Task: 1, Line: 1}}
	if diff := cmp.Diff(want, index); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestApplyGoesOnFromAnotherTask(t *testing.T) {
	t.Parallel()
	first, err := oracle.Serial([]byte(addA+"\n"+addB), nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.Apply(7, []byte(deleteA+"\n"+addOther), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 2 || len(second) != 2 {
		t.Errorf("%d pictures, then %d; want 2, then 2", len(first), len(second))
	}
	added := second[oracle.Key{ProductID: "2", PicName: "a.jpg"}]
	if added.Task != 7 || added.Line != 2 {
		t.Errorf("version = (%d, %d); want (7, 2)", added.Task, added.Line)
	}
}

func TestSerialRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	for _, line := range []string{`x`, `{"OperationType":"ADD","ProductId":"1"}`, `{"OperationType":"PUT","ProductId":"1"}`,
		`{"OperationType":"DELETE","ProductId":"1","PicNames":"a.jpg"}`, `{"OperationType":"DELETE","ProductId":"1","PicName":null}`,
		`{"OperationType":"DELETE","ProductId":"1","IntAttr":1}`, `{"OperationType":"DELETE"}`,
		`{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg","IntAttr":5.5}`} {
		if index, err := oracle.Serial([]byte(line), nil); err == nil {
			t.Errorf("Serial(%s) = %v; want an error", line, index)
		}
	}
}
