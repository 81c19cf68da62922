package contract

import "time"

// Kind is what a task does with its lines.
type Kind string

// KindBatchTask tasks apply an increment.meta manifest to an instance.
const KindBatchTask Kind = "batchtask"

// Sizes say how a task is cut into durable pieces. Zero means the default,
// which suits every size of task; tests run with small ones.
type Sizes struct {
	SliceLines          int `json:"sliceLines,omitempty"`          // lines a slice; default clamp(lines/64, 64, 1000)
	ChunkSlices         int `json:"chunkSlices,omitempty"`         // slices a chunk; default clamp(slices/8, 4, 100)
	Window              int `json:"window,omitempty"`              // chunks open at a time; default 4
	SlicesInFlight      int `json:"slicesInFlight,omitempty"`      // slices a chunk has scheduled at a time; default 4
	ContinueAfterChunks int `json:"continueAfterChunks,omitempty"` // chunks a run before it continues as new; default when the server suggests it
}

// The largest sizes beside MaxSliceLines: what is open at a time has to fit the
// limits of one workflow.
// Source: https://docs.temporal.io/cloud/limits
const (
	LargestChunkSlices    = 500
	LargestWindow         = 64
	LargestSlicesInFlight = 64
)

// Validate checks that the sizes are usable.
func (s Sizes) Validate() error {
	for _, size := range []struct {
		name       string
		n, largest int
	}{
		{"sliceLines", s.SliceLines, MaxSliceLines},
		{"chunkSlices", s.ChunkSlices, LargestChunkSlices},
		{"window", s.Window, LargestWindow},
		{"slicesInFlight", s.SlicesInFlight, LargestSlicesInFlight},
		{"continueAfterChunks", s.ContinueAfterChunks, 1 << 30},
	} {
		if size.n < 0 || size.n > size.largest {
			return Errorf(CodeBadRequest, "the size %s is %d; use 1 to %d, or 0 for the default", size.name, size.n, size.largest)
		}
	}
	return nil
}

// SliceLinesFor is the number of lines of every slice but the last, for a work
// list of so many lines.
func (s Sizes) SliceLinesFor(lines int64) int {
	if s.SliceLines > 0 {
		return s.SliceLines
	}
	return int(clamp(lines/64, MinSliceLines, MaxSliceLines))
}

// ChunkSlicesFor is the number of slices of every chunk but the last. Even a
// small task fans out.
func (s Sizes) ChunkSlicesFor(slices int) int {
	if s.ChunkSlices > 0 {
		return s.ChunkSlices
	}
	return int(clamp(int64(slices)/8, 4, 100))
}

// Bounds of the number of lines of a slice: the smallest by default, and the
// largest of all, because a slice must stay small enough to be lost.
const (
	MinSliceLines = 64
	MaxSliceLines = 1000
)

func clamp(n, low, high int64) int64 { return max(low, min(n, high)) }

// BeginInput opens a task.
type BeginInput struct {
	Kind       Kind      `json:"kind"`
	WorkflowID string    `json:"workflowId"`
	RunID      string    `json:"runId"`      // of the first run: what makes begin idempotent
	RunStarted time.Time `json:"runStarted"` // of the first run, by Temporal's clock
	Instance   string    `json:"instance"`   // name
	Bucket     string    `json:"bucket"`     // of the manifest
	Path       string    `json:"path"`       // normalised, see NormalizePath
	Callback   string    `json:"callback,omitempty"`
	RoleARN    string    `json:"roleArn,omitempty"`
	FromRoot   bool      `json:"fromRoot,omitempty"` // see BatchTaskInput
	Dump       bool      `json:"dump,omitempty"`     // see BatchTaskInput
	// MaxFailures and MaxDeletes are kept to be shown; see BatchTaskInput.
	MaxFailures Threshold `json:"maxFailures,omitempty"`
	MaxDeletes  Threshold `json:"maxDeletes,omitempty"`
}

// BeginResult names the task.
type BeginResult struct {
	Task int64 `json:"taskId"`
	// Terminated are older tasks of the instance that Temporal ended without
	// their knowing. Begin has closed their fences as STOP; whoever called it
	// writes their reports and sends their callbacks.
	Terminated []int64 `json:"terminated,omitempty"`
}

// PlanInput asks for the work list of a task to be read once.
type PlanInput struct {
	Task       int64     `json:"taskId"`
	Sizes      Sizes     `json:"sizes,omitzero"`
	MaxDeletes Threshold `json:"maxDeletes,omitempty"` // see BatchTaskInput
}

// WorkList is a line-oriented object cut into slices of equally many lines.
// Blank lines take part in the cutting, so that line number and slice follow
// from each other by arithmetic, but not in Lines.
type WorkList struct {
	Bucket     string `json:"bucket"`
	Key        string `json:"key"`
	ETag       string `json:"etag"`       // what every later read is pinned to
	Size       int64  `json:"size"`       // bytes
	Lines      int64  `json:"lines"`      // lines that are not blank: the task's total
	RawLines   int64  `json:"rawLines"`   // all lines
	SliceLines int    `json:"sliceLines"` // lines of every slice but the last
	Slices     int    `json:"slices"`
	OffsetsKey string `json:"offsetsKey"` // in the results bucket: 8 bytes, big endian, for the first byte of each slice
	Digest     string `json:"digest"`     // SHA-256 of the content, in hex
}

// FirstLine is the number of the first line of a slice, counted from 1.
func (w WorkList) FirstLine(slice int) int64 { return int64(slice)*int64(w.SliceLines) + 1 }

// LinesOf is the number of lines of a slice, blank ones included.
func (w WorkList) LinesOf(slice int) int {
	return int(min(int64(w.SliceLines), w.RawLines-int64(slice)*int64(w.SliceLines)))
}

// SliceInput asks for the lines of a slice that are not yet done.
type SliceInput struct {
	Task  int64    `json:"taskId"`
	Slice int      `json:"slice"`
	List  WorkList `json:"list"`
	// MaxFailures is how many lines of the whole task may fail; once more have, no
	// more lines are taken on. Nil for any number.
	MaxFailures *int64 `json:"maxFailures,omitempty"`
}

// SliceResult says how far the slice has come: all of it, or less when the
// attempt was asked to stop. Tally is absolute for the slice.
type SliceResult struct {
	Slice int   `json:"slice"`
	Whole bool  `json:"whole"`
	Tally Tally `json:"tally"`
	// Exceeded says that more lines of the task have failed than may.
	Exceeded bool `json:"exceeded,omitempty"`
}

// ChunkInput asks for a group of slices.
type ChunkInput struct {
	Task     int64    `json:"taskId"`
	Chunk    int      `json:"chunk"`
	Run      int      `json:"run"`    // counted from 1; see ChunkWorkflowID
	Slices   []int    `json:"slices"` // at most Sizes.ChunkSlices of them
	List     WorkList `json:"list"`
	Sizes    Sizes    `json:"sizes,omitzero"`
	Instance string   `json:"instance"` // for the web UI
	// FailuresLeft is how many of its lines may fail before the chunk stops on
	// its own, because the task then cannot go on anyway. Nil for any number.
	FailuresLeft *int64 `json:"failuresLeft,omitempty"`
	// MaxFailures is how many lines of the whole task may fail. Nil for any number.
	MaxFailures *int64 `json:"maxFailures,omitempty"`
}

// ChunkResult says which slices are not whole yet, and what all slices of this
// chunk's input have to show so far.
type ChunkResult struct {
	Unfinished []int `json:"unfinished,omitempty"`
	Whole      Tally `json:"whole"`              // of the slices that are whole
	Partial    Tally `json:"partial"`            // of those that are not
	Canceled   bool  `json:"canceled,omitempty"` // by Temporal's cancel, not by a recall
	Exceeded   bool  `json:"exceeded,omitempty"` // it stopped because more lines of the task had failed than may
}

// ChunkProgress is what a chunk tells its task now and then.
type ChunkProgress struct {
	Task  int64 `json:"taskId,omitempty"` // 0 in what older workers tell
	Chunk int   `json:"chunk"`
	Run   int   `json:"run"`
	Tally Tally `json:"tally"` // absolute, of the slices in the chunk's input
}

// ChunkStatus is what the status query of a running chunk answers.
type ChunkStatus struct {
	ChunkProgress
	Slices int `json:"slices"` // in the chunk's input
	Whole  int `json:"whole"`  // of them, done to the last line
}

// ChunkStatusQuery asks a running chunk where it stands. It is newer than what
// the chunk has told its task.
var ChunkStatusQuery = Query[ChunkStatus](StatusQuery)

// Ending is how a task is closed.
type Ending struct {
	Task    int64  `json:"taskId"`
	State   State  `json:"state"` // final
	Code    Code   `json:"code,omitempty"`
	Message string `json:"message"`
}

// Ended is what the ledger holds once the fence is closed.
type Ended struct {
	State   State  `json:"state"`
	Code    Code   `json:"code,omitempty"`
	Message string `json:"message"`
	Planned bool   `json:"planned"`
	Total   int64  `json:"total"`
	Tally   Tally  `json:"tally"`
}

// TaskRef names a task.
type TaskRef struct {
	Task int64 `json:"taskId"`
}

// UnreadSignal is a signal that a task could not read.
type UnreadSignal struct {
	Task int64  `json:"taskId"`
	Text string `json:"text"` // which, who sent it as far as it told, and what is wrong
}

// ReportResult names the objects of a report in the results bucket.
type ReportResult struct {
	Key    string `json:"key"`    // NDJSON
	CSVKey string `json:"csvKey"` // CSV
}

// Activities of the engine. Every kind of task runs on them.
var (
	Begin       = Activity[BeginInput, BeginResult]{Name: "Begin"}
	Plan        = Activity[PlanInput, WorkList]{Name: "Plan"}
	Slice       = Activity[SliceInput, SliceResult]{Name: "Slice"}
	End         = Activity[Ending, Ended]{Name: "End"}
	WriteReport = Activity[TaskRef, ReportResult]{Name: "WriteReport"}
	NoteUnread  = Activity[UnreadSignal, Nothing]{Name: "NoteUnread"}
)

// Chunk is the child workflow that runs a group of slices.
var Chunk = Workflow[ChunkInput, ChunkResult]{Name: "Chunk"}

// Recall asks a chunk to stop: start no slice, and return what is not done.
type Recall struct {
	Now bool `json:"now"` // also stop the slices in hand, which commit what they have
}

// Signals between a task and its chunks.
var (
	RecallChunk   = Signal[Recall]{Name: "recall"}
	ReportedChunk = Signal[ChunkProgress]{Name: "chunk-progress"}
)
