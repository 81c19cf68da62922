package contract_test

import (
	"errors"
	"math"
	"testing"

	"imagebatch/workflows/contract"
)

func TestThreshold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason  string
		text    string
		total   int64
		allowed int64
		limited bool
		wrong   bool
	}{
		"None":         {reason: "nothing is refused unless somebody asked for it", total: 10},
		"Zero":         {reason: "not one is allowed", text: "0", total: 10, limited: true},
		"Number":       {text: "1000", total: 10, allowed: 1000, limited: true},
		"Spaces":       {text: " 5 % ", total: 100, allowed: 5, limited: true},
		"Percent":      {text: "5%", total: 20_000, allowed: 1000, limited: true},
		"RoundedDown":  {reason: "more than a third of ten is four", text: "33%", total: 10, allowed: 3, limited: true},
		"Fraction":     {text: "0.25%", total: 10_000, allowed: 25, limited: true},
		"Tenth":        {text: "0.5%", total: 1000, allowed: 5, limited: true},
		"All":          {text: "100%", total: 7, allowed: 7, limited: true},
		"NothingThere": {text: "50%", limited: true},
		"LargeTotal":   {reason: "no total overflows", text: "100%", total: math.MaxInt64, allowed: math.MaxInt64, limited: true},
		"HalfOfLarge":  {text: "50%", total: 4_000_000_000_000_000_001, allowed: 2_000_000_000_000_000_000, limited: true},
		"TooMuch":      {text: "100.01%", wrong: true},
		"Negative":     {text: "-1", wrong: true},
		"Signed":       {text: "+1", wrong: true},
		"Words":        {text: "many", wrong: true},
		"JustPercent":  {text: "%", wrong: true},
		"NoWhole":      {text: ".5%", wrong: true},
		"NoFraction":   {text: "5.%", wrong: true},
		"TooFine":      {text: "0.001%", wrong: true},
		"TwoDots":      {text: "1.2.3%", wrong: true},
		"FractionAlone": {
			reason: "half a line is nothing", text: "1.5", wrong: true,
		},
		"Overflow": {text: "99999999999999999999", wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			threshold, err := contract.ParseThreshold(test.text)
			if wrong := errors.Is(err, &contract.Error{Code: contract.CodeBadRequest}); wrong != test.wrong || err != nil && !wrong {
				t.Fatalf("ParseThreshold(%q) = %v; want refused = %t", test.text, err, test.wrong)
			}
			if test.wrong {
				return
			}
			allowed, limited := threshold.Of(test.total)
			if allowed != test.allowed || limited != test.limited {
				t.Errorf("%q of %d = %d, %t; want %d, %t. %s", test.text, test.total, allowed, limited, test.allowed, test.limited, test.reason)
			}
		})
	}
}

func TestThresholdsOfATaskAreChecked(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*contract.BatchTaskInput){
		"MaxFailures": func(in *contract.BatchTaskInput) { in.MaxFailures = "lots" },
		"MaxDeletes":  func(in *contract.BatchTaskInput) { in.MaxDeletes = "101%" },
	} {
		in := contract.BatchTaskInput{Instance: "shop", Bucket: "photos", Path: "/"}
		if err := in.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&in)
		if err := in.Validate(); !errors.Is(err, &contract.Error{Code: contract.CodeBadRequest}) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
}
