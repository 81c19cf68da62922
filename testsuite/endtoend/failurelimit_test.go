package endtoend_test

import (
	"fmt"
	"strings"
	"testing"

	"imagebatch/workflows/contract"
)

// What a task does beyond its limit of failures is what its workers have in hand
// when it is passed, with the settings that they have by themselves: four slices,
// each with a line being read and 16 being fetched. A worker hears of the failures
// of another when it commits its own.
func TestTaskStopsNearItsLimitOfFailures(t *testing.T) {
	t.Parallel()
	const lines, limit, slices, fetchers = 3000, 60, 4, 16
	for name, test := range map[string]struct {
		line    string
		workers int64
		inHand  int64 // of a slice
	}{
		"unreadable":     {line: "no JSON", workers: 1, inHand: 1},
		"missing":        {line: `{"OperationType":"ADD","ProductId":"x","PicName":"absent.jpg"}`, workers: 1, inHand: 1 + fetchers},
		"missing-of-two": {line: `{"OperationType":"ADD","ProductId":"x","PicName":"absent.jpg"}`, workers: 2, inHand: 1 + fetchers},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ownStack(t, int(test.workers), nil)
			createInstance(t, s, "fails")
			put(t, s, "fails/"+contract.ManifestName, []byte(strings.Repeat(test.line+"\n", lines)))
			result := start(t, s, exitError, "fails", "fails", "--max-failures", "2%")
			conserved(t, result)
			most := test.workers * (limit + slices*test.inHand)
			if failed := result.Tally.Failed; result.Code != contract.CodeTooManyFailures || failed <= limit || failed > most {
				t.Errorf("ended as %s after %d failed lines; want more than %d and at most %d", result.Code, failed, limit, most)
			}
			if want := fmt.Sprintf("%d of 3,000 lines failed", result.Tally.Failed); !strings.Contains(result.Message, want) {
				t.Errorf("message %q does not say %q", result.Message, want)
			}
		})
	}
}
