package manifest_test

import (
	"testing"

	"imagebatch/workflows/manifest"
)

func TestParseRegion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]manifest.Region{
		"20,40,60,80":         {X1: 20, X2: 40, Y1: 60, Y2: 80},
		"0,1,0,1":             {X1: 0, X2: 1, Y1: 0, Y2: 1},
		" 20, 40 ,\t60 , 80 ": {X1: 20, X2: 40, Y1: 60, Y2: 80},
		"007,8,9,10":          {X1: 7, X2: 8, Y1: 9, Y2: 10},
	} {
		got, err := manifest.ParseRegion(text)
		if err != nil || got != want {
			t.Errorf("ParseRegion(%q) = %+v, %v; want %+v", text, got, err, want)
		}
		if again, err := manifest.ParseRegion(got.String()); err != nil || again != got {
			t.Errorf("ParseRegion(%q) = %+v, %v; want %+v", got.String(), again, err, got)
		}
	}
}

func TestParseRegionRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", ",,,", "1,2,3", "1,2,3,4,5", "-1,2,3,4", "+1,2,3,4", "1.0,2,3,4", "1e1,20,3,4", "1 0,20,3,4",
		"2,2,3,4", "3,2,3,4", "1,2,4,4", "1,2,5,4", "a,b,c,d", "1,99999999999,1,2", "1,2147483647,1,2", "1;2;3;4", "1,2,3,4,",
	} {
		got, err := manifest.ParseRegion(text)
		if err == nil {
			t.Errorf("ParseRegion(%q) = %+v; want an error", text, got)
			continue
		}
		checkMessage(t, err.Error())
	}
}

func TestRegionWithin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		region manifest.Region
		want   bool
	}{
		"Inside":      {manifest.Region{X1: 20, X2: 40, Y1: 60, Y2: 80}, true},
		"WholePlane":  {manifest.Region{X1: 0, X2: 100, Y1: 0, Y2: 200}, true},
		"TooWide":     {manifest.Region{X1: 0, X2: 101, Y1: 0, Y2: 200}, false},
		"TooHigh":     {manifest.Region{X1: 0, X2: 100, Y1: 0, Y2: 201}, false},
		"Negative":    {manifest.Region{X1: -1, X2: 100, Y1: 0, Y2: 200}, false},
		"Empty":       {manifest.Region{}, false},
		"WrongSideUp": {manifest.Region{X1: 0, X2: 100, Y1: 20, Y2: 10}, false},
	} {
		if got := test.region.Within(100, 200); got != test.want {
			t.Errorf("%s: within = %t; want %t", name, got, test.want)
		}
	}
}
