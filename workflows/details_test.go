package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows"
	"imagebatch/workflows/contract"
)

func TestDetails(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		status contract.Status
		want   []string
	}{
		"BeforeThePlan": {
			status: contract.Status{Task: 3, Instance: "shop", Bucket: "photos", Path: "/spring", State: contract.StateProcessing},
			want: []string{
				"task 3 **PROCESSING** 0% ", "", "| | |", "|---|---|",
				"| lines | not counted yet |", "",
			},
		},
		"Running": {
			status: contract.Status{
				Task: 1234, Instance: "shop", Bucket: "photos", Path: "/", State: contract.StateProcessing, Planned: true,
				Total: 2_000_000, Left: 1_000_000, Rate: 250, ETA: 4000, Slices: 2000, Chunks: 20, Open: []string{"a", "b"}, ReportKey: "reports/1234.ndjson",
				Tally: contract.Tally{
					Counts: contract.Counts{Succeeded: 999_990, Failed: 10},
					Stages: contract.Stages{Fetched: 1_000_000, Validated: 999_995, Featurized: 999_991, Indexed: 999_990},
					Codes:  map[contract.Code]int64{"A": 1, "B": 2, "C": 1, "D": 1, "E": 4, "F": 1},
				},
			},
			want: []string{
				"task 1234 **PROCESSING** 50% ", "", "| | |", "|---|---|",
				"| lines | 1,000,000 of 2,000,000 · 999,990 succeeded · 10 failed |",
				"| failures | E 4 · B 2 · A 1 · C 1 · 2 more codes |",
				"| report | starter batch report 1234 |",
				"| rate | 250 lines/s, about 1h6m40s left |",
				"| stages | fetched 1,000,000 → validated 999,995 → featurized 999,991 → indexed 999,990 |",
				"| cut into | 2000 slices, 20 chunks, 2 of them open |", "",
			},
		},
		"Dated": {
			reason: "details that nothing has changed for a while show their age",
			status: contract.Status{
				Task: 7, State: contract.StateProcessing, Planned: true, Total: 100, Left: 50, Rate: 25, ETA: 2, Slices: 7, Chunks: 2,
				Moved: time.Date(2030, 1, 31, 18, 2, 3, 0, time.FixedZone("", 3600)), Tally: contract.Tally{Counts: contract.Counts{Succeeded: 50}},
			},
			want: []string{
				"task 7 **PROCESSING** 50% ", "", "| | |", "|---|---|",
				"| lines | 50 of 100 · 50 succeeded |",
				"| rate | 25 lines/s at 17:02:03 UTC, about 2s left |",
				"| stages | fetched 0 → validated 0 → featurized 0 → indexed 0 |",
				"| cut into | 7 slices, 2 chunks, 0 of them open |", "",
			},
		},
		"Hostile": {
			reason: "what strangers write is shown, not rendered",
			status: contract.Status{State: contract.StateSuspended, Message: "suspended: <b>| [x](http://e)\n#", Instance: "shop", Bucket: "photos", Path: "/a|b"},
			want: []string{
				`**SUSPENDED** 0% suspended: \<b\>\| \[x\]\(http://e\) \#`, "", "| | |", "|---|---|",
				"| lines | not counted yet |", "",
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, strings.Split(workflows.DetailsOf(tc.status), "\n")); diff != "" {
				t.Errorf("details (-want +got):\n%s%s", diff, tc.reason)
			}
		})
	}
}
