package contract_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

func TestDefaultSizes(t *testing.T) {
	t.Parallel()
	var sizes contract.Sizes
	for lines, want := range map[int64]int{0: 64, 1: 64, 4096: 64, 12_000: 187, 64_000: 1000, 1_000_000_000: 1000} {
		if got := sizes.SliceLinesFor(lines); got != want {
			t.Errorf("SliceLinesFor(%d) = %d, want %d", lines, got, want)
		}
	}
	for slices, want := range map[int]int{1: 4, 32: 4, 80: 10, 100_000: 100} {
		if got := sizes.ChunkSlicesFor(slices); got != want {
			t.Errorf("ChunkSlicesFor(%d) = %d, want %d", slices, got, want)
		}
	}
}

func TestSizesValidate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sizes contract.Sizes
		says  string // empty for valid sizes
	}{
		"Default":    {},
		"Largest":    {sizes: contract.Sizes{SliceLines: 1000, ChunkSlices: 500, Window: 64, SlicesInFlight: 64}},
		"LongSlices": {contract.Sizes{SliceLines: 1001}, "sliceLines is 1001; use 1 to 1000"},
		"Negative":   {contract.Sizes{ContinueAfterChunks: -1}, "continueAfterChunks is -1"},
		"WideWindow": {contract.Sizes{Window: 65}, "use 1 to 64"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.sizes.Validate()
			if test.says == "" && err != nil {
				t.Errorf("valid sizes are refused: %v", err)
			}
			if test.says != "" && (!contract.IsCode(err, contract.CodeBadRequest) || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("Validate() = %v; want a refusal that says %q", err, test.says)
			}
		})
	}
}

func TestLinesOfSlicesTileTheList(t *testing.T) {
	t.Parallel()
	list := contract.WorkList{RawLines: 2500, SliceLines: 1000, Slices: 3}
	next := int64(1)
	for slice := range list.Slices {
		if got := list.FirstLine(slice); got != next {
			t.Errorf("slice %d begins at line %d, want %d", slice, got, next)
		}
		next += int64(list.LinesOf(slice))
	}
	if next != list.RawLines+1 {
		t.Errorf("the slices end before line %d, want %d", next, list.RawLines+1)
	}
}

func TestTallyAddLeavesTheOtherAlone(t *testing.T) {
	t.Parallel()
	first := contract.Tally{Counts: contract.Counts{Failed: 1}, Codes: map[contract.Code]int64{"a": 1}}
	second := contract.Tally{Counts: contract.Counts{Succeeded: 2, Failed: 2}, Codes: map[contract.Code]int64{"a": 1, "b": 1}}
	sum := first
	sum.Add(second)
	want := contract.Tally{Counts: contract.Counts{Succeeded: 2, Failed: 3}, Codes: map[contract.Code]int64{"a": 2, "b": 1}}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Errorf("sum (-want +got):\n%s", diff)
	}
	if first.Codes["a"] != 1 || second.Codes["a"] != 1 {
		t.Error("adding has changed what was added")
	}
}

// A chunk input with the longest key and the most slices is the largest payload
// that a task writes often.
func TestChunkInputIsSmall(t *testing.T) {
	t.Parallel()
	in := contract.ChunkInput{Slices: make([]int, 100), List: contract.WorkList{
		Bucket: strings.Repeat("b", 63), Key: strings.Repeat("k", 1023), ETag: strings.Repeat("e", 34), Digest: strings.Repeat("d", 64),
	}}
	for n := range in.Slices {
		in.Slices[n] = 1_000_000 + n
	}
	payload, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(payload) > 4<<10 {
		t.Errorf("the input of a chunk has %d bytes, want at most 4 KiB", len(payload))
	}
}

func TestVendorKnowsFewerStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[contract.State]string{
		contract.StateProcessing: "PROCESSING", contract.StateSuspended: "PROCESSING", contract.StateStopping: "PROCESSING",
		contract.StateSuccess: "SUCCESS", contract.StateFail: "FAIL", contract.StateStop: "STOP",
	} {
		if got := state.Vendor(); got != want {
			t.Errorf("%s.Vendor() = %s, want %s", state, got, want)
		}
	}
}
