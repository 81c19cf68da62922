// Package workflows says what happens, in which order. Everything in it is
// deterministic: no I/O, no cgo, no clock but the workflow's (answers to queries,
// which are in no history, may look at another), no goroutine but the SDK's. The
// steps themselves are in package activities, which this package knows by name
// only.
//
// # The path of one picture
//
//	starter            a person names an instance, a bucket and a folder
//	contract           the input is validated and becomes workflow "batch-task.<instance>";
//	                   schedules and other services go by startbatchtask.go
//	batchtask.go       begin: the task gets its number, older open tasks are closed
//	                   plan: the work list is read once and cut into slices
//	fanout             a window of chunks is kept open, until all slices are whole
//	chunk.go           a few slices are kept in flight
//	activities.Slice   the lines of one slice: fetch → validate → featurize → index
//	activities/store   effects and outcomes of some lines, in one transaction
//	task.go            end: the fence is closed; report: the failed lines are written up
//	callback.go        the receiver is told, by a workflow that nothing waits for
//
// A picture is never an event: a slice of up to 1,000 lines is one activity, a
// chunk of up to 100 slices is one child workflow, and history holds positions,
// counts, keys and states.
//
// # Who imports whom
//
//	starter ───────────► workflows/contract, manifest, filter        (no cgo)
//	workflows/contract ► the standard library                        (for other services too)
//	workflows/fanout ──► contract, Temporal SDK
//	workflows ─────────► contract, fanout, Temporal SDK              (no cgo, no client)
//	activities ────────► contract, manifest, filter, Temporal SDK,   (no cgo, no adapter)
//	                     activities/contactsheet
//	activities/… ──────► activities, contract, manifest, filter, and one outside library each;
//	                     index also store, imaging also its own descriptor and subject
//	worker ────────────► all of the above but starter
//
// An arrow never points from workflows to activities: activities implement what
// workflows name, and [Bind] makes the compiler compare the two.
//
// # The capabilities
//
// batchtask is here; so is image, as operations (see [BindOperation]). binding,
// filemeta and batchjob follow: each is settings, a begin and a plan of its own
// over the same task.go and fanout.
//
// # Where to look next
//
// batchtask.go is the story of a task on one screen; task.go holds its steps;
// control.go what people and services can ask of it while it runs; options.go
// how patient each kind of step is.
package workflows
