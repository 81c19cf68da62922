package activities

import (
	"context"
	"errors"
	"image"
	"io"
	"iter"
	"time"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
	"imagebatch/workflows/manifest"
)

// What an object store answers beside the object itself. Adapters return these,
// wrapped; anything else is transient and worth another try.
var (
	ErrNoSuchObject = errors.New("no such object")
	ErrNoSuchBucket = errors.New("no such bucket")
	ErrDenied       = errors.New("access denied")
	ErrChanged      = errors.New("object has changed") // an IfMatch did not hold
	ErrThrottled    = errors.New("throttled")          // transient: slow down
	ErrRefused      = errors.New("request refused")    // for a reason of its own, and the same again
)

// Objects is an object store as one identity sees it. Implementations are safe
// for concurrent use, and every call ends when its context does.
type Objects interface {
	// Open starts reading an object. The caller closes the body.
	Open(ctx context.Context, bucket, key string, want Want) (io.ReadCloser, ObjectInfo, error)
	// Head tells about an object without reading it.
	Head(ctx context.Context, bucket, key string) (ObjectInfo, error)
	// Put writes an object whole, replacing what was there.
	Put(ctx context.Context, bucket, key, contentType string, body io.Reader) error
	// SignGet is a link that anyone may read the object by, until it expires: at
	// the latest after the given time, earlier when the credentials do.
	SignGet(ctx context.Context, bucket, key string, valid time.Duration) (link string, expires time.Time, err error)
	// SignPut is a link that anyone may write the object by.
	SignPut(ctx context.Context, bucket, key string, valid time.Duration) (link string, expires time.Time, err error)
	// Region is where a bucket lives, in the form "cn-shanghai".
	Region(ctx context.Context, bucket string) (string, error)
}

// Want narrows a read. The zero value wants the whole object as it is now.
type Want struct {
	From, To int64  // bytes From up to, not including, To; To 0 means to the end
	IfMatch  string // ETag the object must still have, else ErrChanged
}

// ObjectInfo is what a store says about an object.
type ObjectInfo struct {
	Size int64  // bytes of the body that Open returned, or of the object
	ETag string //
}

// Identities gives access to the object store under a RAM role; the empty role
// is the worker's own identity. A role that is not on the worker's list is a
// contract.Error with CodeRoleNotAllowed.
type Identities interface {
	As(ctx context.Context, roleARN string) (Objects, error)
}

// Format is a picture format, by content.
type Format string

// The eight formats that are accepted; JPG and JPEG are one.
const (
	JPEG Format = "JPEG"
	PNG  Format = "PNG"
	BMP  Format = "BMP"
	GIF  Format = "GIF"
	WEBP Format = "WEBP"
	TIFF Format = "TIFF"
	PPM  Format = "PPM"
)

// What an imager answers about a picture. It returns these wrapped, with a
// detail; they are the picture's own fault and final.
var (
	ErrUnsupportedFormat = errors.New("unsupported picture format")
	ErrUndecodable       = errors.New("picture cannot be decoded")
)

// Imager decodes pictures. It is safe for concurrent use.
type Imager interface {
	// Open reads the header of a picture, no pixels. It keeps data until Close;
	// the caller must not change it before. ErrUnsupportedFormat, ErrUndecodable.
	Open(ctx context.Context, data []byte) (OpenPicture, error)
	// FeatureVersion names the descriptor. Features of different versions cannot
	// be compared.
	FeatureVersion() string
}

// OpenPicture is a picture whose header has been read. It is for one goroutine.
type OpenPicture interface {
	Header() Header
	// Featurize decodes the picture and computes its descriptor. ErrUndecodable.
	Featurize(ctx context.Context, view View) (Feature, error)
	// Preview decodes the whole picture small: no side is longer than asked for,
	// 1 to MaxPreview pixels, nor than the picture's own. ErrUndecodable.
	Preview(ctx context.Context, side int) (*image.RGBA, error)
	Close()
}

// MaxPreview is the longest side of a preview, in pixels.
const MaxPreview = 256

// Header is what a picture's header says.
type Header struct {
	Format        Format
	Width, Height int // of the first frame or page, as stored
	Orientation   int // EXIF: 0 none, 1 upright, 2 to 8 rotated or mirrored
}

// View says which part of a picture is its subject.
type View struct {
	Region *manifest.Region // in pixels of the picture; nil for none
	Detect bool             // without a region: look for the subject
	Expand bool             // add variants, for a search that finds edited copies too
}

// Feature is what a picture is found by.
type Feature struct {
	// Vector is int8 components: of the whole picture, then equally many of its
	// subject, which is the whole picture once more where there is no other.
	Vector  []byte
	Region  *manifest.Region  // the subject that was used, nil for the whole picture
	Regions []manifest.Region // its parts where it was looked for, the heaviest first

	Variants []Variant // of the whole picture; none unless asked for
}

// Variant is the feature of an edited picture.
type Variant struct {
	Kind   string // how it was edited: "rotated 90", "mirrored", "window 1" to "window 9"
	Vector []byte // as that of the picture
}

// Ledger records tasks: which lines are done and how they ended. Every method
// may be repeated.
type Ledger interface {
	// Begin opens a task and closes older open ones of the instance. Repeated
	// with the same run id it returns the same task. A run that started before
	// a task that the instance already has is too late: CodeFenceClosed.
	Begin(ctx context.Context, in contract.BeginInput) (contract.BeginResult, error)
	// Task is what is known of a task. CodeTaskNotFound.
	Task(ctx context.Context, id int64) (contract.Task, error)
	// Tasks lists tasks, the newest first.
	Tasks(ctx context.Context, filter contract.ListTasksInput) (contract.TaskList, error)
	// OpenTasks lists the tasks whose fence is open.
	OpenTasks(ctx context.Context) ([]contract.Task, error)
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
	// callback, where it has one, is pending. Lines without an outcome become canceled. The first ending stays.
	End(ctx context.Context, ending contract.Ending) (contract.Task, error)
	// Failures are the failed lines of a task, in the order of lines.
	Failures(ctx context.Context, id int64) iter.Seq2[Failure, error]
	// Undone are the runs of lines without an outcome, in order, blank lines
	// included.
	Undone(ctx context.Context, id int64) iter.Seq2[LineRange, error]
	// SetReport records where the report is.
	SetReport(ctx context.Context, id int64, report contract.ReportResult) error
	// SetCallback records what became of the callback.
	SetCallback(ctx context.Context, outcome contract.CallbackOutcome) error
}

// SliceRecord is what the ledger has of a slice.
type SliceRecord struct {
	Done  Bitmap // bit n is the slice's n-th line
	Tally contract.Tally
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
}

// Framing is how the subject of a picture was chosen. It is kept so that a dump
// chooses it again in the same way.
type Framing uint8

// The ways to choose a subject.
const (
	Detected    Framing = iota // it was looked for
	RegionGiven                //
	WholeGiven                 // Crop=false
)

// DeletePicture removes a picture.
type DeletePicture struct{ Product, Picture string }

// Index holds instances and their pictures. Effects carry the version (task,
// line): whatever the order they are committed in, the result is that of
// applying them in the order of their versions.
type Index interface {
	// Commit applies, in one transaction, those outcomes of a slice whose lines
	// are not done yet, and records them in the ledger. It changes nothing when
	// the task's fence is closed: CodeFenceClosed. A put that exceeds the
	// instance's capacity is recorded as failed, CodeInstanceOverQuota. The
	// result is the slice as recorded after it.
	Commit(ctx context.Context, batch Batch) (SliceRecord, error)
	// DeleteProduct removes every picture of a product that is older than the
	// line, some at a time, and records the line as succeeded last.
	DeleteProduct(ctx context.Context, batch Batch, product string) (SliceRecord, error)

	CreateInstance(ctx context.Context, in contract.CreateInstanceInput, requestID string) (contract.Instance, error)
	Instances(ctx context.Context) ([]contract.Instance, error)
	Instance(ctx context.Context, name string) (contract.Instance, error) // CodeInstanceNotFound
	DeleteInstance(ctx context.Context, name string) error

	Picture(ctx context.Context, ref contract.PictureRef) (contract.Picture, error) // CodePicNotExist
	// Named visits the pictures that the instance holds by these names; a name
	// without a picture stands for every picture of its product. Each is visited
	// as a number that is its own while it is there: numbers count from 1, as
	// pictures are stored. CodeInstanceNotFound.
	Named(ctx context.Context, instance string, names []DeletePicture, visit func(number int64)) error
	// Search finds pictures of the instance. CodeInstanceNotFound,
	// CodeFeatureVersion, CodeInvalidStartParameter, CodeInvalidNumParameter.
	Search(ctx context.Context, instance string, query SearchQuery) (SearchHits, error)
	// Category guesses the category of a picture by those that were given one. It
	// is CategoryOthers with confidence 0 as long as there are too few, and for a
	// vector of another kind than the instance holds. CodeInstanceNotFound.
	Category(ctx context.Context, instance string, vector []byte, featureVersion string) (CategoryGuess, error)
}

// Pictures changes and exports single pictures of instances. A change takes a
// number in the transaction of its effect, and so is newer than every task that
// has begun. Changes are safe to repeat: one with the same run id changes
// nothing again and has the same result.
type Pictures interface {
	// AddImage stores a picture. CodeInstanceOverQuota, CodeFeatureVersion,
	// CodeInstanceNotFound.
	AddImage(ctx context.Context, runID, instance string, put PutPicture, source contract.PicContent) error
	// UpdateImage changes the fields that are not nil. CodePicNotExist,
	// CodeInstanceNotFound.
	UpdateImage(ctx context.Context, runID string, ref contract.PictureRef, fields contract.Attributes) error
	// DeleteImage removes a picture or, without PicName, a product, or, with a
	// filter, what it selects. CodeInstanceNotFound.
	DeleteImage(ctx context.Context, runID string, ref contract.PictureRef, selected *filter.Expression) (contract.DeleteImageResult, error)
	// Vector is what a stored picture is found by. CodePicNotExist.
	Vector(ctx context.Context, ref contract.PictureRef) (vector []byte, featureVersion string, err error)
	// Source is where the bytes of a stored picture were when it was stored.
	Source(ctx context.Context, picture contract.Picture) (contract.PicContent, error)
	// Dump visits every picture of an instance by product and name, as the ADD
	// that would store it again. Pictures that come or go meanwhile may or may
	// not be visited. CodeInstanceNotFound.
	Dump(ctx context.Context, instance string, visit func(manifest.Entry) error) error
}

// Batch is outcomes of lines of one slice.
type Batch struct {
	Task     int64
	Slice    int
	First    int64 // number of the slice's first line
	Lines    int   // of the slice, blank ones included
	Outcomes []Outcome
}

// SearchQuery is what to look for, and among which pictures.
type SearchQuery struct {
	// Vectors are what pictures are compared with; the best one counts for each.
	// Without any the filter alone selects, and pictures come in the order of
	// product and name, with score 0; version and threshold are not looked at.
	Vectors        []QueryVector
	FeatureVersion string             // of the vectors
	Filter         *filter.Expression // nil for all pictures
	Category       *int               // only this category; nil for all
	Threshold      float64            // scores below are left out
	Start, Num     int                // so many hits are skipped, so many returned; Num 0 is 10
	// DistinctProducts keeps one hit of each product: the best, of equal ones the
	// first by name.
	DistinctProducts bool
}

// QueryVector is one way to look for a picture.
type QueryVector struct {
	Vector  []byte  // as long as a stored one or, unless Part is Both, half as long
	Part    Part    // of the stored vector that it is compared with
	Penalty float64 // taken off the cosine, so that a plain match wins
}

// Part is a part of a stored vector. The first half is of the whole picture, the
// second of its subject.
type Part uint8

// The parts.
const (
	Both Part = iota
	WholeHalf
	SubjectHalf
)

// SearchHits is what a search found, the most alike first, equal ones by product
// and name.
type SearchHits struct {
	Hits     []SearchHit
	Matched  int64 // pictures that pass filter, category and threshold
	Searched int64 // pictures that pass filter and category
}

// SearchHit is a picture that was found.
type SearchHit struct {
	Picture contract.Picture
	Score   float64 // 0 to 1; exactly 1 for equal vectors
	Query   int     // which of the vectors it is the score of, the first of equal ones
	// Whole and Subject are how alike that vector and the halves of the stored one
	// are, 0 to 1 and without the penalty: half with half, or a vector that is a
	// half itself with each of the two.
	Whole, Subject float64
}

// CategoryGuess is what a picture's category seems to be.
type CategoryGuess struct {
	ID         int     // of the category
	Confidence float64 // its share of the votes, 0 to 1
	Labelled   int     // pictures of the instance that have been given a category
}

// Rates bound how often a second each operation may be asked of an instance.
// All workers together keep to them.
type Rates interface {
	// Allow counts a request, or refuses it and says how long to wait before the
	// next try. CodeDeniedRequest, CodeInstanceNotFound.
	Allow(ctx context.Context, instance, operation string, now func() time.Time) (wait time.Duration, err error)
	// SetRate sets a rate; 0 brings back the usual one. CodeInstanceNotFound,
	// CodeBadRequest.
	SetRate(ctx context.Context, instance, operation string, perSecond float64) error
	// Rates are those in force, by operation. CodeInstanceNotFound.
	Rates(ctx context.Context, instance string) ([]contract.Rate, error)
}

// Meter counts for the operator. Implementations are safe for concurrent use.
type Meter interface {
	Line(ending Ending, code contract.Code) // code is empty unless the line failed
	Stage(stage Stage, took time.Duration)
}
