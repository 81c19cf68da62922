package contract

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ManifestName is the name of the manifest in the folder of a batch task.
const ManifestName = "increment.meta"

// BatchTaskInput starts a batch task.
type BatchTaskInput struct {
	Instance string `json:"instance"` // name
	Bucket   string `json:"bucket"`
	Path     string `json:"path"`               // folder that holds increment.meta and the pictures
	Callback string `json:"callback,omitempty"` // http or https URL, told when the task ends; see ValidateCallback
	RoleARN  string `json:"roleArn,omitempty"`  // RAM role to read the bucket with
	// FromRoot also looks for a picture from the bucket's root where the folder
	// does not hold it: the vendor's sample leaves open which one is meant.
	FromRoot bool `json:"fromRoot,omitempty"`
	// Dump says that the manifest is one that DumpMeta wrote: each picture is
	// fetched from the Source that its line names, with the role that it names,
	// whatever bucket that is. Lines without a Source are as in any manifest.
	Dump bool `json:"dump,omitempty"`
	// MaxFailures is how many lines of the manifest may fail. A task that passes
	// it stops and ends as FAIL with CodeTooManyFailures; what is done is kept.
	MaxFailures Threshold `json:"maxFailures,omitempty"`
	// MaxDeletes is how many of the pictures that the instance holds the manifest
	// may delete. One that asks for more is refused before anything is changed,
	// with CodeTooManyDeletes. A product counts with all its pictures.
	MaxDeletes Threshold `json:"maxDeletes,omitempty"`
	Sizes      Sizes     `json:"sizes,omitzero"`
	// CallbackRetry is CallbackInput.FirstRetry.
	CallbackRetry time.Duration `json:"callbackRetry,omitempty"`

	// Carried is where a task stands that continued as new. Senders leave it nil.
	Carried *CarriedTask `json:"carried,omitempty"`
}

// CarriedTask is exactly what a batch task needs to go on in another run.
type CarriedTask struct {
	Task       int64             `json:"taskId"`
	StartedAt  time.Time         `json:"startedAt"`
	List       WorkList          `json:"list"`
	NextChunk  int               `json:"nextChunk"`
	Unfinished []UnfinishedChunk `json:"unfinished,omitempty"`
	Tally      Tally             `json:"tally"` // of the slices that are whole
	State      State             `json:"state"`
	StateNote  string            `json:"stateNote,omitempty"` // who asked for the state, and why
	Unread     string            `json:"unread,omitempty"`    // see Status
}

// UnfinishedChunk is a recalled chunk that has to go on.
type UnfinishedChunk struct {
	Chunk   int   `json:"chunk"`
	Run     int   `json:"run"`    // of the run that was recalled
	Slices  []int `json:"slices"` // those not whole
	Partial Tally `json:"partial"`
	Lost    int   `json:"lost,omitempty"` // runs that someone from outside ended
}

// BatchTaskResult is how a batch task ended.
type BatchTaskResult struct {
	Task      int64  `json:"taskId"`
	State     State  `json:"state"`
	Code      Code   `json:"code,omitempty"`
	Message   string `json:"message"`
	Total     int64  `json:"total"`
	Tally     Tally  `json:"tally"`
	ReportKey string `json:"reportKey"`
}

// BatchTask applies the increment.meta of a folder to an instance. It runs under
// BatchTaskWorkflowID and no other id; StartBatchTask takes care of that.
var BatchTask = Workflow[BatchTaskInput, BatchTaskResult]{Name: "BatchTask"}

// StartedTask says which task was started.
type StartedTask struct {
	Task       int64  `json:"taskId,omitempty"` // 0 while the task has not begun, as when the database is held up
	Instance   string `json:"instance"`
	WorkflowID string `json:"workflowId"` // of the task, for signals and queries
	RunID      string `json:"runId"`
}

// StartBatchTask starts a batch task and answers with its number, under any
// workflow id: for schedules and the workflows of other services. The task runs
// on by itself. CodeIncrementStatusError names the task that the instance
// already runs; a task that is refused before it begins refuses this too.
var StartBatchTask = Workflow[BatchTaskInput, StartedTask]{Name: "StartBatchTask"}

// StatusQuery asks a running task where it stands.
var StatusQuery = Query[Status]{Name: "status"}

// PartialMessage is the vendor's sentence for a task some lines of which failed.
// Source: https://www.alibabacloud.com/help/en/image-search/user-guide/batch-operations
const PartialMessage = "Some of the images cannot be processed and are isolated."

// SuccessMessage is the vendor's word for a task no line of which failed.
const SuccessMessage = "success"

// TerminatedMessage is what a task says that Temporal ended from outside.
const TerminatedMessage = "terminated in Temporal; what was done is kept: start the batch again for the rest"

// Task is what the ledger knows of a task.
type Task struct {
	ID            int64         `json:"taskId"`
	Kind          Kind          `json:"kind"`
	WorkflowID    string        `json:"workflowId"`
	RunID         string        `json:"runId"`
	Instance      string        `json:"instance"`
	InstanceID    string        `json:"instanceId"`
	ServiceType   ServiceType   `json:"serviceType"`
	Region        string        `json:"region"` // of the instance
	Bucket        string        `json:"bucket"`
	Path          string        `json:"path"`
	Callback      string        `json:"callback,omitempty"` // in answers as ShownURL
	RoleARN       string        `json:"roleArn,omitempty"`
	FromRoot      bool          `json:"fromRoot,omitempty"`
	Dump          bool          `json:"dump,omitempty"`        // see BatchTaskInput
	MaxFailures   Threshold     `json:"maxFailures,omitempty"` // the limits it was started with
	MaxDeletes    Threshold     `json:"maxDeletes,omitempty"`
	State         State         `json:"state"` // PROCESSING until its fence is closed
	Code          Code          `json:"code,omitempty"`
	Message       string        `json:"message,omitempty"`
	Planned       bool          `json:"planned"`
	List          WorkList      `json:"list"`
	Tally         Tally         `json:"tally"`
	StartedAt     time.Time     `json:"startedAt"`
	EndedAt       time.Time     `json:"endedAt,omitzero"`
	ReportKey     string        `json:"reportKey,omitempty"`
	CSVKey        string        `json:"csvKey,omitempty"`
	ReportError   string        `json:"reportError,omitempty"` // why an ended task's report is not written yet
	CallbackState CallbackState `json:"callbackState,omitempty"`
	CallbackError string        `json:"callbackError,omitempty"` // what the last attempt met
	// CallbackAttempts is how many attempts there were, CallbackNext when the next
	// one is due.
	CallbackAttempts int       `json:"callbackAttempts,omitempty"`
	CallbackNext     time.Time `json:"callbackNext,omitzero"`
	Unread           string    `json:"unread,omitempty"` // the last signal that could not be read
	// ForgottenAt is when the lines of an old task were forgotten: since then it is
	// in no list, and nothing is left of it but this and its report.
	ForgottenAt time.Time `json:"forgottenAt,omitzero"`
}

// Left is the number of lines without an outcome.
func (t Task) Left() int64 { return t.List.Lines - t.Tally.Done() }

// ListTasksInput filters tasks. Zero fields match every task; the newest come first.
type ListTasksInput struct {
	Instance string `json:"instance,omitempty"`
	Bucket   string `json:"bucket,omitempty"`
	Path     string `json:"path,omitempty"`  // normalised
	State    State  `json:"state,omitempty"` // PROCESSING stands for every open task
	ID       int64  `json:"taskId,omitempty"`
	Limit    int    `json:"limit,omitempty"`  // default 20, at most 500
	Before   int64  `json:"before,omitempty"` // only tasks with a smaller id
}

// TaskList is a page of tasks.
type TaskList struct {
	Tasks []Task `json:"tasks"`
	More  bool   `json:"more"` // older ones match too
}

// SignedReport is where the parts of a report can be fetched for a while.
type SignedReport struct {
	Task    Task      `json:"task"`
	URL     string    `json:"url"`               // NDJSON
	CSVURL  string    `json:"csvUrl"`            // CSV
	RestURL string    `json:"restUrl,omitempty"` // of the rest, when it was asked for and there is any
	Expires time.Time `json:"expires"`
	NoLink  string    `json:"noLink,omitempty"` // why there are no links; the task has the keys of its report
}

// ReportInput asks for the report of a task.
type ReportInput struct {
	Task int64 `json:"taskId"`
	Rest bool  `json:"rest,omitempty"` // also write a manifest of the failed and not-run lines
	LinksFor
}

// CheckInput asks for a manifest in a bucket to be read without touching anything.
type CheckInput struct {
	Bucket      string      `json:"bucket"`
	Path        string      `json:"path"`
	RoleARN     string      `json:"roleArn,omitempty"`
	ServiceType ServiceType `json:"serviceType"`
	Strict      bool        `json:"strict,omitempty"` // the narrower reading where the vendor's pages differ
	Dump        bool        `json:"dump,omitempty"`   // see BatchTaskInput
	LinksFor
}

// CheckResult counts what a manifest holds. The problems themselves, one JSON
// object a line, are at URL.
type CheckResult struct {
	Lines    int64     `json:"lines"`
	Adds     int64     `json:"adds"`
	Deletes  int64     `json:"deletes"`
	Bad      int64     `json:"bad"`
	Warnings int64     `json:"warnings"`
	URL      string    `json:"url,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`
	NoLink   string    `json:"noLink,omitempty"` // why there is none
}

// Operations on tasks that do not need the task to be running.
var (
	ListTasks     = Operation[ListTasksInput, TaskList]{Name: "ListTasks"}
	SignReport    = Operation[ReportInput, SignedReport]{Name: "SignReport"}
	CheckManifest = Operation[CheckInput, CheckResult]{Name: "CheckManifest"}
)

// Settlement asks for what is left to do for a closed task.
type Settlement struct {
	Task int64 `json:"taskId"`
	// FirstRetry is CallbackInput.FirstRetry.
	FirstRetry time.Duration `json:"firstRetry,omitempty"`
	// Tried says that the report could not be written at once: the callback does
	// not wait for it.
	Tried bool `json:"tried,omitempty"`
}

// SettleTerminated writes the report and starts the callback of a closed task:
// one whose workflow Temporal ended, or whose report cannot be written yet. It
// is a workflow of its own, so that neither the instance nor a question waits
// for it. A task that runs is refused, CodeIncrementStatusError.
var SettleTerminated = Workflow[Settlement, ReportResult]{Name: "SettleTerminated"}

// CloseTerminated finds open tasks whose workflow Temporal has ended without
// their knowing, closes their fences as STOP and names them.
var CloseTerminated = Activity[Nothing, []int64]{Name: "CloseTerminated"}

// Validate checks what can be checked without asking anyone.
func (in BatchTaskInput) Validate() error {
	if err := in.EarlierChecks(); err != nil {
		return err
	}
	if in.Callback == "" || in.Carried != nil { // a task that goes on has been accepted
		return nil
	}
	return ValidateCallback(in.Callback)
}

// taskFields are the fields of a BatchTaskInput that senders may give.
var taskFields = []string{
	"instance", "bucket", "path", "callback", "roleArn", "fromRoot", "dump", "maxFailures", "maxDeletes", "sizes", "callbackRetry",
}

// CheckFields refuses an input that was sent with a field that is not known or
// there twice: a limit under a misspelt key must not be no limit.
func (in BatchTaskInput) CheckFields(sent []byte) error {
	if in.Carried != nil { // by a worker, perhaps one that knows more fields
		return nil
	}
	if odd := fieldsOf(sent).odd(append(slices.Clone(taskFields), "carried")); odd != "" {
		return Errorf(CodeBadRequest, "%s; the input of a task has the fields %s", odd, strings.Join(taskFields, ", "))
	}
	return nil
}

// EarlierChecks are those of Validate that runs have passed for as long as there
// are batch tasks.
func (in BatchTaskInput) EarlierChecks() error {
	if err := ValidateNameOfInstance(in.Instance); err != nil {
		return err
	}
	if err := ValidateBucket(in.Bucket); err != nil {
		return err
	}
	if _, err := NormalizePath(in.Path); err != nil {
		return err
	}
	if err := in.Sizes.Validate(); err != nil {
		return err
	}
	if err := in.MaxFailures.Validate(); err != nil {
		return err
	}
	if err := in.MaxDeletes.Validate(); err != nil {
		return err
	}
	if len(in.RoleARN) > maxText || len(in.Callback) > maxText {
		return Errorf(CodeBadRequest, "the role has %d bytes and the callback %d; give each at most %d", len(in.RoleARN), len(in.Callback), maxText)
	}
	if in.Callback == "" {
		return nil
	}
	u, err := url.Parse(in.Callback)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errCallback()
	}
	return nil
}

// maxText is the longest text of a task in bytes: lists of tasks have to fit a
// payload.
const maxText = 2048

// ManifestKey is the key of the manifest in a normalised folder.
func ManifestKey(path string) string { return PictureKey(path, ManifestName) }

// PictureKey is the object key of a picture named in the manifest of a
// normalised folder.
func PictureKey(path, picture string) string {
	folder := strings.Trim(path, "/")
	if folder == "" {
		return picture
	}
	return folder + "/" + picture
}

// NormalizePath brings the ways in which people write a folder, with or without
// slashes or the manifest's name, to one: "/a/b", or "/" for the root.
func NormalizePath(path string) (string, error) {
	folder := strings.Trim(path, "/")
	if folder == ManifestName || strings.HasSuffix(folder, "/"+ManifestName) {
		folder = strings.TrimRight(strings.TrimSuffix(folder, ManifestName), "/")
	}
	what := ""
	switch {
	case strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }):
		what = "holds a control or invalid character"
	case strings.Contains(path, `\`):
		what = `holds a "\"`
	case strings.Contains(path, "//"):
		what = `holds "//"`
	case len(folder) > maxFolder:
		what = "is longer than " + strconv.Itoa(maxFolder) + " bytes"
	}
	for part := range strings.SplitSeq(folder, "/") {
		if part == ".." || part == "." {
			what = "holds a " + strconv.Quote(part)
		}
	}
	if what != "" {
		return "", Errorf(CodeBadRequest, "the path %q %s; give the folder of %s inside the bucket, such as /catalogue/spring", path, what, ManifestName)
	}
	return "/" + folder, nil
}

// maxFolder leaves room for a picture's name in a key, which has at most 1,023 bytes.
const maxFolder = 900

// ValidateBucket checks the form of a bucket name.
// Source: https://www.alibabacloud.com/help/en/oss/user-guide/bucket-naming-conventions
func ValidateBucket(bucket string) error {
	ok := len(bucket) >= 3 && len(bucket) <= 63 && bucket[0] != '-' && bucket[len(bucket)-1] != '-'
	for _, r := range bucket {
		ok = ok && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
	}
	if !ok {
		return Errorf(CodeBadRequest, "the bucket name %q is not valid; use 3 to 63 lower-case letters, digits and hyphens, no hyphen at either end", bucket)
	}
	return nil
}
