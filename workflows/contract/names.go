package contract

import (
	"strconv"
	"strings"
)

// DefaultTaskQueue is polled by every worker for workflows and short activities.
const DefaultTaskQueue = "imagebatch"

// SliceQueue is the queue of the slice activities that belong to a task queue.
// They have one of their own because each uses every core of its worker: few run
// at a time, and a search or a callback must not wait behind them.
func SliceQueue(taskQueue string) string { return taskQueue + "-slices" }

// WorkerStopped is the type of the failure of a step that was given up because
// its worker stopped, for another to take on: not a code, because no user is
// concerned.
const WorkerStopped = "WorkerStopped"

// Activity is the name of a step together with its types. Workflows call it and
// the worker binds a method to it; if the two disagree, one does not compile.
type Activity[In, Out any] struct{ Name string }

// Workflow is the name of a workflow together with its types.
type Workflow[In, Out any] struct{ Name string }

// Operation is a question or a short change: a workflow that runs the one
// activity of the same name.
type Operation[In, Out any] struct{ Name string }

// Signal is the name of a signal together with its payload.
type Signal[Payload any] struct{ Name string }

// Update is the name of an update together with its payload and its answer.
type Update[Payload, Answer any] struct{ Name string }

// Query is the name of a query without arguments together with its answer.
type Query[Answer any] struct{ Name string }

// BatchTaskWorkflowID is the id of the batch task of an instance. One instance
// has one open task at a time, and this id is what makes Temporal enforce it.
func BatchTaskWorkflowID(instance string) string { return "batch-task." + instance }

// ChunkWorkflowID is the id of one run of a chunk: a chunk that was recalled
// goes on under the next run number, because an id is never used twice.
func ChunkWorkflowID(parent string, task int64, chunk, run int) string {
	return parent + "." + strconv.FormatInt(task, 10) + ".c" + pad(chunk, 5) + "-r" + strconv.Itoa(run)
}

// CallbackWorkflowID is the id of the delivery of a task's callback.
func CallbackWorkflowID(task int64) string { return "callback." + strconv.FormatInt(task, 10) }

// SettleWorkflowID is the id of the settlement of a terminated task.
func SettleWorkflowID(task int64) string { return "settle." + strconv.FormatInt(task, 10) }

// DumpMetaWorkflowID is the id of the dump of an instance. With the conflict
// policy "fail" it keeps an instance from being dumped twice at a time.
func DumpMetaWorkflowID(instance string) string { return "dump-meta." + instance }

func pad(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}
