package contract_test

import (
	"testing"

	"imagebatch/workflows/contract"
)

func TestSearchInputValidate(t *testing.T) {
	t.Parallel()
	object := contract.PicContent{Bucket: "photos", Key: "a.jpg"}
	byPicture := func(change func(*contract.SearchInput)) contract.SearchInput {
		in := contract.SearchInput{Instance: "shop", PicContent: object}
		change(&in)
		return in
	}
	byName := contract.SearchInput{Instance: "shop", ProductID: "p", PicName: "a.jpg"}
	byFilter := contract.SearchInput{Instance: "shop", Filter: "int_attr=1"}
	alter := func(in contract.SearchInput, change func(*contract.SearchInput)) contract.SearchInput {
		change(&in)
		return in
	}
	for name, test := range map[string]struct {
		in   contract.SearchInput
		code contract.Code
	}{
		"Picture":          {byPicture(func(*contract.SearchInput) {}), ""},
		"Name":             {byName, ""},
		"Filter":           {byFilter, ""},
		"Nothing":          {contract.SearchInput{Instance: "shop"}, contract.CodeNoSpecifiedPicContent},
		"NoInstance":       {contract.SearchInput{PicContent: object}, contract.CodeBadRequest},
		"NoBucket":         {byPicture(func(in *contract.SearchInput) { in.Bucket = "" }), contract.CodeBadRequest},
		"NoKey":            {byPicture(func(in *contract.SearchInput) { in.Key = "" }), contract.CodeNoSpecifiedPicContent},
		"PictureAndName":   {byPicture(func(in *contract.SearchInput) { in.ProductID, in.PicName = "p", "a.jpg" }), contract.CodeBadRequest},
		"NoProduct":        {contract.SearchInput{Instance: "shop", PicName: "a.jpg"}, contract.CodeNoSpecifiedProductID},
		"NoPicName":        {contract.SearchInput{Instance: "shop", ProductID: "p"}, contract.CodeNoSpecifiedPicName},
		"RegionOfName":     {alter(byName, func(in *contract.SearchInput) { in.Region = "1,2,3,4" }), contract.CodeInvalidRegion},
		"RegionOfFilter":   {alter(byFilter, func(in *contract.SearchInput) { in.Region = "1,2,3,4" }), contract.CodeInvalidRegion},
		"SubjectOfFilter":  {alter(byFilter, func(in *contract.SearchInput) { in.SubjectOnly = true }), contract.CodeBadRequest},
		"NumLeast":         {byPicture(func(in *contract.SearchInput) { in.Num = 1 }), ""},
		"NumMost":          {byPicture(func(in *contract.SearchInput) { in.Num = 100 }), ""},
		"NumOver":          {byPicture(func(in *contract.SearchInput) { in.Num = 101 }), contract.CodeOverflowMaxReturnNum},
		"NumUnder":         {byPicture(func(in *contract.SearchInput) { in.Num = -1 }), contract.CodeInvalidNumParameter},
		"StartUnder":       {byPicture(func(in *contract.SearchInput) { in.Start = -1 }), contract.CodeInvalidStartParameter},
		"StartOver":        {byPicture(func(in *contract.SearchInput) { in.Start = 500 }), contract.CodeInvalidStartParameter},
		"LastPage":         {byPicture(func(in *contract.SearchInput) { in.Start, in.Num = 499, 1 }), ""},
		"LastFullPage":     {byPicture(func(in *contract.SearchInput) { in.Start, in.Num = 400, 100 }), ""},
		"BeyondAll":        {byPicture(func(in *contract.SearchInput) { in.Start, in.Num = 401, 100 }), contract.CodeOverflowMaxResultNum},
		"BeyondByDefault":  {byPicture(func(in *contract.SearchInput) { in.Start = 491 }), contract.CodeOverflowMaxResultNum},
		"FilterLong":       {byPicture(func(in *contract.SearchInput) { in.Filter = long(4097) }), contract.CodeInvalidFilterClause},
		"ThresholdBad":     {byPicture(func(in *contract.SearchInput) { in.ScoreThreshold = "high" }), contract.CodeInvalidScoreThreshold},
		"ThresholdOfAll":   {alter(byFilter, func(in *contract.SearchInput) { in.ScoreThreshold = "0.00" }), ""},
		"ThresholdOfSome":  {alter(byFilter, func(in *contract.SearchInput) { in.ScoreThreshold = "0.10" }), contract.CodeInvalidScoreThreshold},
		"ExpandAlways":     {byPicture(func(in *contract.SearchInput) { in.Expand = contract.ExpandAlways }), ""},
		"ExpandAlwaysName": {alter(byName, func(in *contract.SearchInput) { in.Expand = contract.ExpandAlways }), contract.CodeBadRequest},
		"ExpandAutoName":   {alter(byName, func(in *contract.SearchInput) { in.Expand = contract.ExpandAuto }), ""},
		"ExpandOther":      {byPicture(func(in *contract.SearchInput) { in.Expand = "often" }), contract.CodeBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantCode(t, test.in.Validate(), test.code)
		})
	}
}

func TestScoreThreshold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"": 0, "0": 0, "0.0": 0, "0.00": 0, "0.5": 0.5, "0.07": 0.07, "0.99": 0.99, "1": 1, "1.0": 1, "1.00": 1} {
		got, err := contract.SearchInput{ScoreThreshold: text}.Threshold()
		if err != nil || got != want {
			t.Errorf("threshold %q = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"1.01", "2", "-0.1", ".5", "0.", "0.123", "1.000", "0,5", "0.5 ", " 0.5", "0x1", "1e0", "NaN", "00.5", "0.-1"} {
		_, err := contract.SearchInput{ScoreThreshold: text}.Threshold()
		wantCode(t, err, contract.CodeInvalidScoreThreshold)
	}
}
