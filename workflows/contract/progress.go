package contract

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// State is where a task stands.
type State string

// The states of a task. The last three are final.
const (
	StateProcessing State = "PROCESSING"
	StateSuspended  State = "SUSPENDED"
	StateStopping   State = "STOPPING"
	StateSuccess    State = "SUCCESS" // every line was handled; some may have failed
	StateFail       State = "FAIL"    // the task itself could not go on
	StateStop       State = "STOP"    // it was canceled or terminated
)

// Known reports whether there is such a state.
func (s State) Known() bool {
	return s == StateProcessing || s == StateSuspended || s == StateStopping || s.Final()
}

// Final reports whether a task in this state can no longer change.
func (s State) Final() bool {
	return s == StateSuccess || s == StateFail || s == StateStop
}

// Vendor is the state in the vocabulary of IncreaseList, which knows no
// difference between a running, a suspended and a stopping task.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-increaselist
func (s State) Vendor() string {
	if s.Final() {
		return string(s)
	}
	return string(StateProcessing)
}

// Counts says how lines ended. Blank lines are not counted anywhere.
type Counts struct {
	Succeeded int64 `json:"succeeded"`
	Failed    int64 `json:"failed"`
	Skipped   int64 `json:"skipped"`  // nothing was to do: the source is unchanged
	Canceled  int64 `json:"canceled"` // not run, because the task was stopped
}

// Done is the number of lines that have an outcome.
func (c Counts) Done() int64 { return c.Succeeded + c.Failed + c.Skipped + c.Canceled }

// Stages counts the lines each stage has handled without refusing them.
type Stages struct {
	Fetched    int64 `json:"fetched"`
	Validated  int64 `json:"validated"`
	Featurized int64 `json:"featurized"`
	Indexed    int64 `json:"indexed"`
}

// Tally is what a slice, a chunk or a task has to show: always absolute
// numbers read from the ledger, so that a repeated report changes nothing.
type Tally struct {
	Counts
	Stages
	Codes map[Code]int64 `json:"codes,omitempty"` // failed lines by code
}

// Add adds another tally, that of other lines, to this one.
func (t *Tally) Add(other Tally) {
	t.Succeeded += other.Succeeded
	t.Failed += other.Failed
	t.Skipped += other.Skipped
	t.Canceled += other.Canceled
	t.Fetched += other.Fetched
	t.Validated += other.Validated
	t.Featurized += other.Featurized
	t.Indexed += other.Indexed
	if len(other.Codes) == 0 {
		return
	}
	codes := make(map[Code]int64, len(t.Codes)+len(other.Codes))
	//workflowcheck:ignore a copy has no order
	maps.Copy(codes, t.Codes)
	//workflowcheck:ignore the order of additions does not matter
	for code, n := range other.Codes {
		codes[code] += n
	}
	t.Codes = codes
}

// Less is this tally without another one, that of some of its lines. What would
// be negative is 0.
func (t Tally) Less(other Tally) Tally {
	return t.with(other, func(mine, others int64) int64 { return max(0, mine-others) })
}

// Most is, count by count, the larger of two tallies of the same lines, each of
// which may have missed some.
func (t Tally) Most(other Tally) Tally {
	return t.with(other, func(mine, others int64) int64 { return max(mine, others) })
}

// with combines two tallies count by count.
func (t Tally) with(other Tally, combine func(mine, others int64) int64) Tally {
	combined := Tally{
		Counts: Counts{
			Succeeded: combine(t.Succeeded, other.Succeeded), Failed: combine(t.Failed, other.Failed),
			Skipped: combine(t.Skipped, other.Skipped), Canceled: combine(t.Canceled, other.Canceled),
		},
		Stages: Stages{
			Fetched: combine(t.Fetched, other.Fetched), Validated: combine(t.Validated, other.Validated),
			Featurized: combine(t.Featurized, other.Featurized), Indexed: combine(t.Indexed, other.Indexed),
		},
	}
	for _, code := range slices.Concat(t.CodesByCount(), other.CodesByCount()) {
		if n := combine(t.Codes[code], other.Codes[code]); n > 0 {
			if combined.Codes == nil {
				combined.Codes = map[Code]int64{}
			}
			combined.Codes[code] = n
		}
	}
	return combined
}

// CodesByCount are the codes of failed lines, the most frequent first, and those
// of one frequency by name.
func (t Tally) CodesByCount() []Code {
	//workflowcheck:ignore the codes are sorted
	codes := slices.Sorted(maps.Keys(t.Codes))
	slices.SortStableFunc(codes, func(a, b Code) int { return cmp.Compare(t.Codes[b], t.Codes[a]) })
	return codes
}

// Grouped writes 1234567 as 1,234,567.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// Status is what the status query of a running task answers.
type Status struct {
	Task      int64     `json:"taskId"`
	Instance  string    `json:"instance"`
	Bucket    string    `json:"bucket"`
	Path      string    `json:"path"`
	State     State     `json:"state"`
	Vendor    string    `json:"vendorStatus"`
	Message   string    `json:"message,omitempty"`
	Planned   bool      `json:"planned"` // whether Total is known
	Total     int64     `json:"total"`
	Left      int64     `json:"left"`
	Tally               // absolute counts so far
	Slices    int       `json:"slices"`
	Chunks    int       `json:"chunks"`
	Rate      float64   `json:"linesPerSecond"`   // 0 while nothing moves
	ETA       float64   `json:"etaSeconds"`       // -1 while unknown, and while nothing moves
	Moved     time.Time `json:"movedAt,omitzero"` // when lines were last seen to have got done
	StartedAt time.Time `json:"startedAt"`
	ReportKey string    `json:"reportKey,omitempty"`
	Open      []string  `json:"openChunks,omitempty"` // workflow ids, for ChunkStatusQuery
	Unread    string    `json:"unread,omitempty"`     // the last signal that could not be read, and who sent it
}

// Percent is the share of lines that were run, 0 to 100.
func (s Status) Percent() int {
	switch {
	case s.State == StateSuccess:
		return 100
	case s.Total <= 0:
		return 0
	}
	return int((s.Done() - s.Canceled) * 100 / s.Total)
}
