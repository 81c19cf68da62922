package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

// keysOf are the names of the fields of a JSON object.
func keysOf(t *testing.T, object []byte) (keys []string) {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		t.Fatalf("%v: %s", err, object)
	}
	for key := range fields {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func TestPicturesInJSONHaveTheVendorsNames(t *testing.T) {
	t.Parallel()
	seven, colour := int32(7), "red"
	bare := contract.Picture{ProductID: "p", PicName: "a.jpg", Width: 3, Height: 4, Task: 9}
	full := bare
	full.CustomContent, full.Region, full.Line = &colour, "1,2,3,4", 5
	full.IntAttrs = [4]*int32{&seven, nil, new(int32), nil}
	full.StrAttrs = [4]*string{nil, &colour, nil, new(string)}
	for _, test := range []struct {
		picture contract.Picture
		want    string
	}{
		{bare, `{"ProductId":"p","PicName":"a.jpg","CategoryId":0,"Width":3,"Height":4,"taskId":9,"line":0}`},
		{full, `{"ProductId":"p","PicName":"a.jpg","CategoryId":0,"CustomContent":"red","IntAttr":7,"IntAttr3":0,"StrAttr2":"red","StrAttr4":"","Region":"1,2,3,4","Width":3,"Height":4,"taskId":9,"line":5}`},
	} {
		f := &fakeServer{operate: answering(t, "GetImage", nil, test.picture, nil)}
		got := try(t, f, "image get shop p a.jpg -o json")
		if compact := strings.NewReplacer("\n", "", "  ", "", ": ", ":").Replace(got.stdout); compact != test.want {
			t.Errorf("get: %s\nwant %s", compact, test.want)
		}
		f.operate = answering(t, "SearchImage", nil, contract.SearchResult{Hits: []contract.Hit{{Picture: test.picture, Score: 0.5}}}, nil)
		var found struct{ Auctions []json.RawMessage }
		if err := json.Unmarshal([]byte(try(t, f, "image search shop --bucket photos --key k -o json").stdout), &found); err != nil {
			t.Fatal(err)
		}
		want := append(keysOf(t, []byte(test.want)), "Score")
		slices.Sort(want)
		if diff := cmp.Diff(want, keysOf(t, found.Auctions[0])); diff != "" {
			t.Errorf("fields of a hit (-want +got):\n%s", diff)
		}
	}
	f := &fakeServer{operate: answering(t, "UpdateImage", nil, contract.Nothing{}, nil)}
	got := try(t, f, "image update shop p a.jpg --int-attr2 7 --str-attr red -o json")
	if diff := cmp.Diff([]string{"IntAttr2", "PicName", "ProductId", "StrAttr", "instance"}, keysOf(t, []byte(got.stdout))); diff != "" {
		t.Errorf("fields of an update (-want +got):\n%s", diff)
	}
}

// What is added to a picture or an answer must not be lost on the way out.
func TestViewsLeaveNothingOut(t *testing.T) {
	t.Parallel()
	for _, pair := range []struct {
		of, view  any
		different []string // other names for the same
	}{
		{poisoned[contract.SearchResult]("x"), viewOfSearch(poisoned[contract.SearchResult]("x")), nil},
		{poisoned[contract.Picture]("x"), viewOfPicture(poisoned[contract.Picture]("x")), []string{"IntAttrs", "StrAttrs"}},
		{poisoned[contract.Hit]("x"), viewOfSearch(contract.SearchResult{Hits: []contract.Hit{poisoned[contract.Hit]("x")}}).Hits[0], []string{"IntAttrs", "StrAttrs"}},
	} {
		encode := func(v any) []byte {
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		view := keysOf(t, encode(pair.view))
		for _, key := range keysOf(t, encode(pair.of)) {
			if !slices.Contains(view, key) && !slices.Contains(pair.different, key) {
				t.Errorf("%s of %s is not in the output", key, reflect.TypeOf(pair.of))
			}
		}
	}
}
