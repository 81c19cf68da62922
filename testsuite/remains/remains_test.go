package remains_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"

	"imagebatch/testsuite/oracle"
	"imagebatch/testsuite/remains"
	"imagebatch/workflows/contract"
)

// What a broken promise leaves in the index must be a difference.
func TestDifferences(t *testing.T) {
	t.Parallel()
	text, category := func(s string) *string { return &s }, 3
	key := oracle.Key{ProductID: "p", PicName: "a.jpg"}
	want := oracle.Index{key: {Key: key, Task: 3, Line: 7, CustomContent: text("a")}}
	cases := map[string]struct {
		spoil func(remains.Instance)
		says  string // empty: no difference
	}{
		"Same":       {spoil: func(remains.Instance) {}},
		"Predicted":  {spoil: func(i remains.Instance) { p := i.Pictures[key]; p.CategoryID = &category; i.Pictures[key] = p }},
		"OtherLine":  {spoil: func(i remains.Instance) { p := i.Pictures[key]; p.Line = 6; i.Pictures[key] = p }, says: "task 3 line 6"},
		"OtherField": {spoil: func(i remains.Instance) { p := i.Pictures[key]; p.CustomContent = text("b"); i.Pictures[key] = p }, says: "other fields"},
		"Missing": {spoil: func(i remains.Instance) {
			delete(i.Pictures, key)
			i.Pictures[oracle.Key{ProductID: "q"}] = oracle.Picture{}
		}, says: "lack"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			held := remains.Instance{Pictures: oracle.Index{key: want[key]}, Counted: 1, Vectors: 1}
			tc.spoil(held)
			found := held.Differences(want)
			if says := strings.Join(found, "; "); (says == "") != (tc.says == "") || !strings.Contains(says, tc.says) {
				t.Errorf("differences %q, want one that says %q", found, tc.says)
			}
		})
	}
	if found := (remains.Instance{Pictures: want, Counted: 2, Vectors: 1}).Differences(want); len(found) != 1 || !strings.Contains(found[0], "counts 2") {
		t.Errorf("differences %q, want one about the count", found)
	}
}

func TestAttemptsAreCountedFromTheStartOfTheLast(t *testing.T) {
	t.Parallel()
	timeout := &failurepb.Failure{FailureInfo: &failurepb.Failure_TimeoutFailureInfo{TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{}}}
	got := remains.Count(
		&historypb.HistoryEvent{EventId: 1},
		scheduled(5, contract.Slice.Name), scheduled(6, contract.Slice.Name), scheduled(7, contract.Slice.Name), scheduled(8, "Plan"),
		begun(5, 1, nil), begun(6, 3, timeout), begun(7, 2, &failurepb.Failure{}), begun(8, 9, timeout),
		// Another history counts its events anew.
		&historypb.HistoryEvent{EventId: 1}, begun(5, 4, timeout), scheduled(9, contract.Slice.Name), timedOut(9),
	)
	if diff := cmp.Diff(remains.Attempts{Slices: 4, TimedOut: 3, Failed: 1}, got); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	if n := (remains.Attempts{Lost: 1, TimedOut: 3}).NotBegun(); n != 2 {
		t.Errorf("%d attempts timed out without having begun, want 2", n)
	}
}

func scheduled(id int64, name string) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventId: id, Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
		ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{ActivityType: &commonpb.ActivityType{Name: name}},
	}}
}

func begun(scheduled int64, attempt int32, last *failurepb.Failure) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventId: 100, Attributes: &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
		ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{ScheduledEventId: scheduled, Attempt: attempt, LastFailure: last},
	}}
}

func timedOut(scheduled int64) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventId: 101, Attributes: &historypb.HistoryEvent_ActivityTaskTimedOutEventAttributes{
		ActivityTaskTimedOutEventAttributes: &historypb.ActivityTaskTimedOutEventAttributes{ScheduledEventId: scheduled},
	}}
}
