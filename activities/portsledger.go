package activities

import (
	"context"
	"iter"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// Ledger records tasks: which lines are done and how they ended. Every method
// may be repeated.
type Ledger interface {
	// Begin opens a task and closes older open ones of the instance, whose runs
	// must be over: ask is given them first, none if there is none, and may refuse.
	// It is asked again when another task of the instance has begun since, so that
	// no answer is older than the newest task. Nil refuses nothing. Repeated with
	// the same run id, Begin returns the same task and asks nothing.
	Begin(ctx context.Context, in contract.BeginInput, ask func(ctx context.Context, open []contract.Task) error) (contract.BeginResult, error)
	// Task is what is known of a task, at the cost of one row: its totals are there
	// once its fence is closed. CodeTaskNotFound.
	Task(ctx context.Context, id int64) (contract.Task, error)
	// Tasks lists tasks with their totals, the newest first. A forgotten one is
	// found by its number alone.
	Tasks(ctx context.Context, filter contract.ListTasksInput) (contract.TaskList, error)
	// OpenTasks lists the tasks whose fence is open, without totals.
	OpenTasks(ctx context.Context) ([]contract.Task, error)
	// Unreported lists those among so many latest tasks that have ended and have no
	// report, the newest first.
	Unreported(ctx context.Context, latest int) ([]contract.Task, error)
	// SetPlan records the work list. Repeated, the first one stays and is
	// returned. CodeFenceClosed.
	SetPlan(ctx context.Context, id int64, list contract.WorkList) (contract.WorkList, error)
	// Slice is what is done of a slice. CodeFenceClosed.
	Slice(ctx context.Context, id int64, slice, lines int) (SliceRecord, error)
	// OpenSlice opens an attempt at a slice: until it is closed, it counts against
	// the slice as one whose process may have been lost. Nothing is opened when
	// all lines are done. CodeFenceClosed.
	OpenSlice(ctx context.Context, attempt Attempt, lines int) (OpenedSlice, error)
	// MarkLine writes down which line an open attempt is about to try.
	MarkLine(ctx context.Context, attempt Attempt, line int64) error
	// CloseSlice ends an attempt cleanly. It may be called for one that was never
	// opened, and after the end of the task.
	CloseSlice(ctx context.Context, attempt Attempt) error
	// End closes the fence: from then on no effect of the task is applied. Its
	// callback, where it has one, is pending. Lines without an outcome become
	// canceled. The first ending stays. A success with lines that have no outcome,
	// and an ending that is not final, become a failure, CodeInternalError.
	End(ctx context.Context, ending contract.Ending) (contract.Task, error)
	// Failures are the failed lines of a task, in the order of lines.
	Failures(ctx context.Context, id int64) iter.Seq2[Failure, error]
	// Undone are the runs of lines without an outcome, in order, blank lines
	// included.
	Undone(ctx context.Context, id int64) iter.Seq2[LineRange, error]
	// SetReport records where the report is, and that nothing keeps it from being
	// written any more.
	SetReport(ctx context.Context, id int64, report contract.ReportResult) error
	// SetReportError records what keeps the report from being written, unless it
	// is there already.
	SetReportError(ctx context.Context, id int64, cause string) error
	// SetUnread records the last signal that a task could not read.
	SetUnread(ctx context.Context, id int64, text string) error
	// NoteCallback records what an attempt at a pending callback met, and when the
	// next one is due. Once the callback is no longer pending it changes nothing:
	// an attempt may come late. CodeTaskNotFound.
	NoteCallback(ctx context.Context, attempt contract.CallbackOutcome) error
	// SetCallback records what became of the callback. Pending, it begins anew,
	// without attempts.
	SetCallback(ctx context.Context, outcome contract.CallbackOutcome) error
}

// SliceRecord is what the ledger has of a slice.
type SliceRecord struct {
	Done  Bitmap // bit n is the slice's n-th line
	Tally contract.Tally
	// TaskFailed is how many lines of the whole task had failed by then.
	TaskFailed int64
}

// Attempt names one attempt at a slice.
type Attempt struct {
	Task  int64
	Slice int
	ID    string // no other attempt at the slice has it, in any process
}

// OpenedSlice is a slice as an attempt at it finds it.
type OpenedSlice struct {
	SliceRecord
	// Unclean is how many other attempts were opened and never closed: their
	// process was lost, or they are still under way somewhere.
	Unclean int
	// Marked are the lines that such attempts were trying, and how many did.
	Marked map[int64]int
}

// LineRange is a run of line numbers, both included.
type LineRange struct{ First, Last int64 }

// Ending kinds of a line.
type Ending uint8

// How a line ended. A blank line has nothing to count.
const (
	Succeeded Ending = iota
	Failed
	Skipped
	Blank
)

// Stage is how far a line came.
type Stage uint8

// The stages, in order.
const (
	NoStage Stage = iota
	Fetched
	Validated
	Featurized
	Indexed
)

// Outcome is how one line ended, with the effect it has on the index.
type Outcome struct {
	Line   int64
	Offset int64 // of the line in the work list, in bytes, and
	Length int   // its length: for failures that only the commit finds
	Ending Ending
	// Stage is the last stage that accepted the line. A put has passed those
	// before it too; a deletion passes Indexed alone.
	Stage   Stage
	Failure *Failure // when Failed
	Put     *PutPicture
	Delete  *DeletePicture // of one picture; products go through DeleteProduct
}

// Failure is a line that failed.
type Failure struct {
	Line      int64
	Offset    int64 // of the line in the work list, in bytes
	Length    int   // of the line, without its line break, in bytes
	Operation string
	Product   string
	Picture   string
	Code      contract.Code
	Message   string
	Attempts  int
}

// PutPicture stores a picture with its feature.
type PutPicture struct {
	Picture        contract.Picture
	CategoryGiven  bool // by the manifest, not predicted
	Framing        Framing
	Vector         []byte
	FeatureVersion string
	Source         *manifest.Source // of a line that named one; nil: the manifest's folder
}

// Framing is how the subject of a picture was chosen. It is kept so that a dump
// chooses it again in the same way.
type Framing uint8

// The ways to choose a subject.
const (
	Detected    Framing = iota // it was looked for
	RegionGiven                // somebody said where it is
	WholeGiven                 // Crop=false
)

// DeletePicture removes a picture.
type DeletePicture struct{ Product, Picture string }
