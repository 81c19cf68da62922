package contract_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

func TestCodesComeMostFrequentFirst(t *testing.T) {
	t.Parallel()
	tally := contract.Tally{Codes: map[contract.Code]int64{"B": 5, "A": 5, "C": math.MaxInt64, "D": 1}}
	if diff := cmp.Diff([]contract.Code{"C", "A", "B", "D"}, tally.CodesByCount()); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	if got := (contract.Tally{}).CodesByCount(); len(got) != 0 {
		t.Errorf("codes of nothing = %v", got)
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 123456: "123,456", math.MaxInt64: "9,223,372,036,854,775,807",
		-1: "-1", -123: "-123", -1234567: "-1,234,567", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := contract.Grouped(n); got != want {
			t.Errorf("Grouped(%d) = %q, want %q", n, got, want)
		}
	}
}
