package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	sdktest "go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows"
	"imagebatch/workflows/contract"
)

// world is everything outside the workflows: a ledger in memory, and steps that
// a test may replace. Each step counts as done when it returns.
type world struct {
	t    *testing.T
	list contract.WorkList
	bad  int64 // the first so many lines of the list fail

	begin  func(contract.BeginInput) (contract.BeginResult, error)
	plan   func() (contract.WorkList, error)
	slice  func(contract.SliceInput) (contract.SliceResult, error)
	end    func(contract.Ending) (contract.Ended, error)
	report func(contract.TaskRef) (contract.ReportResult, error)
	post   func(contract.CallbackDelivery) (contract.CallbackResult, error)
	closed []int64                 // what CloseTerminated names
	script func(run int)           // plans what happens in a run
	tasks  map[int64]contract.Task // what ListTasks knows
	env    *sdktest.TestWorkflowEnvironment

	noTasks bool                                          // ListTasks knows of none
	listed  func(contract.ListTasksInput) []contract.Task // what it answers, if not from tasks

	mu        sync.Mutex
	done      map[int]contract.Tally // by slice
	steps     []string               // in the order they returned
	started   map[string]int         // child workflows by type
	runs      map[string]string      // the latest run of each type
	deliverys []contract.CallbackDelivery
	outcomes  []contract.CallbackOutcome
	unread    []contract.UnreadSignal
	begun     contract.BeginInput
	planned   contract.PlanInput
	commands  map[string]int                        // of all workflows, by kind
	options   map[string][]workflow.ActivityOptions // by activity
	warnings  []string
	largest   int // bytes of what was carried to another run
}

// newWorld has a list of so many lines, cut into slices of 16.
func newWorld(t *testing.T, lines int64) *world {
	return &world{
		t: t, done: map[int]contract.Tally{}, started: map[string]int{}, runs: map[string]string{}, commands: map[string]int{}, options: map[string][]workflow.ActivityOptions{}, tasks: map[int64]contract.Task{},
		list: contract.WorkList{
			Bucket: "photos", Key: "spring/increment.meta", ETag: "e", Size: lines * 100, Lines: lines, RawLines: lines,
			SliceLines: 16, Slices: int((lines + 15) / 16), OffsetsKey: "plans/12.offsets", Digest: strings.Repeat("d", 64),
		},
	}
}

// small sizes make a few lines go through everything that millions do.
var small = contract.Sizes{SliceLines: 16, ChunkSlices: 4, Window: 3, SlicesInFlight: 2}

func input() contract.BatchTaskInput {
	return contract.BatchTaskInput{Instance: "shop", Bucket: "photos", Path: "spring/", Sizes: small}
}

const taskNumber = 12

// returned notes a step.
func (w *world) returned(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = append(w.steps, fmt.Sprintf(format, args...))
}

// count is how often a step has returned.
func (w *world) count(step string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.steps {
		if s == step {
			n++
		}
	}
	return n
}

// sliceTally is what a slice has to show once it is whole.
func (w *world) sliceTally(slice int) contract.Tally {
	lines := int64(w.list.LinesOf(slice))
	failed := max(0, min(lines, w.bad-(w.list.FirstLine(slice)-1)))
	tally := contract.Tally{Counts: contract.Counts{Succeeded: lines - failed, Failed: failed}}
	tally.Fetched, tally.Indexed = lines, lines-failed
	if failed > 0 {
		tally.Codes = map[contract.Code]int64{contract.CodePictureError: failed}
	}
	return tally
}

// beginTwice is a begin that succeeds at the second attempt, a second later: in
// that second a task has no number yet.
func (w *world) beginTwice() func(contract.BeginInput) (contract.BeginResult, error) {
	tried := false
	return func(contract.BeginInput) (contract.BeginResult, error) {
		if !tried {
			tried = true
			return contract.BeginResult{}, errors.New("store is busy")
		}
		return contract.BeginResult{Task: taskNumber}, nil
	}
}

func (w *world) runSlice(in contract.SliceInput) (contract.SliceResult, error) {
	tally := w.sliceTally(in.Slice)
	w.mu.Lock()
	w.done[in.Slice] = tally
	w.mu.Unlock()
	return contract.SliceResult{Slice: in.Slice, Whole: true, Tally: tally}, nil
}

// closeFence ends a task as the ledger does: lines without an outcome become
// canceled.
func (w *world) closeFence(in contract.Ending) (contract.Ended, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ended := contract.Ended{State: in.State, Code: in.Code, Message: in.Message, Planned: true, Total: w.list.Lines}
	for slice := range w.list.Slices {
		ended.Tally.Add(w.done[slice])
	}
	ended.Tally.Canceled = w.list.Lines - ended.Tally.Done()
	return ended, nil
}

// or is the test's step, or else the world's own.
func or[In, Out any](test, own func(In) (Out, error), after func(In, Out, error)) func(context.Context, In) (Out, error) {
	return func(_ context.Context, in In) (Out, error) {
		do := own
		if test != nil {
			do = test
		}
		out, err := do(in)
		if after != nil {
			after(in, out, err)
		}
		return out, err
	}
}

// newEnv is an environment in which all workflows and steps are bound.
func (w *world) newEnv() *sdktest.TestWorkflowEnvironment {
	var suite sdktest.WorkflowTestSuite
	suite.SetLogger(w)
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: contract.BatchTaskWorkflowID("shop"), TaskQueue: contract.DefaultTaskQueue})
	env.SetDetachedChildWait(false)
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&counting{w: w}}})
	w.env = env
	workflows.Register(env)
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context, name string, in any) error {
		return workflow.ExecuteChildWorkflow(ctx, name, in).Get(ctx, nil)
	}, workflow.RegisterOptions{Name: "Parent"})
	workflows.Bind(env, contract.Begin, or(w.begin,
		func(contract.BeginInput) (contract.BeginResult, error) {
			return contract.BeginResult{Task: taskNumber}, nil
		},
		func(in contract.BeginInput, _ contract.BeginResult, _ error) { w.begun = in; w.returned("begin") }))
	workflows.Bind(env, contract.Plan, or(
		func(in contract.PlanInput) (contract.WorkList, error) {
			w.planned = in
			if w.plan != nil {
				return w.plan()
			}
			return w.list, nil
		}, nil, func(contract.PlanInput, contract.WorkList, error) { w.returned("plan") }))
	workflows.Bind(env, contract.Slice, or(w.slice, w.runSlice,
		func(in contract.SliceInput, _ contract.SliceResult, _ error) { w.returned("slice %d", in.Slice) }))
	workflows.Bind(env, contract.End, or(w.end, w.closeFence,
		func(in contract.Ending, _ contract.Ended, _ error) { w.returned("end %s", in.State) }))
	workflows.Bind(env, contract.WriteReport, or(w.report,
		func(in contract.TaskRef) (contract.ReportResult, error) {
			return contract.ReportResult{Key: fmt.Sprintf("reports/%d.ndjson", in.Task)}, nil
		},
		func(in contract.TaskRef, _ contract.ReportResult, _ error) { w.returned("report %d", in.Task) }))
	workflows.Bind(env, contract.DeliverCallback, or(w.post,
		func(contract.CallbackDelivery) (contract.CallbackResult, error) {
			return contract.CallbackResult{Status: 200}, nil
		},
		func(in contract.CallbackDelivery, _ contract.CallbackResult, _ error) {
			w.deliverys = append(w.deliverys, in)
			w.returned("deliver %d", in.Task)
		}))
	workflows.Bind(env, contract.RecordCallback, or(
		func(contract.CallbackOutcome) (contract.Nothing, error) { return contract.Nothing{}, nil }, nil,
		func(in contract.CallbackOutcome, _ contract.Nothing, _ error) {
			w.outcomes = append(w.outcomes, in)
			w.returned("record %s", in.State)
		}))
	workflows.Bind(env, contract.NoteUnread, or(
		func(in contract.UnreadSignal) (contract.Nothing, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.unread = append(w.unread, in)
			return contract.Nothing{}, nil
		}, nil, nil))
	workflows.Bind(env, contract.CloseTerminated, func(context.Context, contract.Nothing) ([]int64, error) {
		w.returned("look")
		return w.closed, nil
	})
	workflows.BindOperation(env, contract.ListTasks, or(
		func(in contract.ListTasksInput) (contract.TaskList, error) {
			if w.noTasks {
				return contract.TaskList{}, nil
			}
			if w.listed != nil {
				return contract.TaskList{Tasks: w.listed(in)}, nil
			}
			return contract.TaskList{Tasks: []contract.Task{w.tasks[in.ID]}}, nil
		}, nil, nil))
	env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.started[info.WorkflowType.Name]++
		w.runs[info.WorkflowType.Name] = info.WorkflowExecution.RunID
	})
	return env
}

// end of a batch task: its result, which is in every kind of close.
type ending struct {
	contract.BatchTaskResult
	err  error
	runs int
}

// runTask runs a batch task to its end, through as many runs as it takes.
func (w *world) runTask(in contract.BatchTaskInput) (end ending) {
	w.t.Helper()
	for end.runs = 1; ; end.runs++ {
		env := w.newEnv()
		if end.runs > 1 {
			env.SetContinuedExecutionRunID("the run before")
		}
		if w.script != nil {
			w.script(end.runs)
		}
		env.ExecuteWorkflow(contract.BatchTask.Name, in)
		if !env.IsWorkflowCompleted() {
			w.t.Fatalf("run %d did not complete", end.runs)
		}
		end.err = env.GetWorkflowError()
		var again *workflow.ContinueAsNewError
		if !errors.As(end.err, &again) {
			break
		}
		for _, payload := range again.Input.GetPayloads() {
			w.largest = max(w.largest, len(payload.GetData()))
		}
		in = contract.BatchTaskInput{}
		if err := converter.GetDefaultDataConverter().FromPayloads(again.Input, &in); err != nil {
			w.t.Fatal(err)
		}
		if end.runs > 200 {
			w.t.Fatal("the task does not get on: 200 runs and no end")
		}
	}
	var (
		canceled *temporal.CanceledError
		failed   *temporal.ApplicationError
		err      error
	)
	switch {
	case end.err == nil:
		err = w.env.GetWorkflowResult(&end.BatchTaskResult)
	case errors.As(end.err, &canceled):
		err = canceled.Details(&end.BatchTaskResult)
	case errors.As(end.err, &failed):
		err = failed.Details(&end.BatchTaskResult)
	}
	if err != nil {
		w.t.Fatalf("the result of %v: %v", end.err, err)
	}
	if len(w.warnings) > 0 {
		w.t.Errorf("logged: %q", w.warnings)
	}
	return end
}

// runAsChild runs a workflow as the child of one that only waits for it.
func (w *world) runAsChild(name string, in any) {
	w.t.Helper()
	env := w.newEnv()
	env.ExecuteWorkflow("Parent", name, in)
	if err := env.GetWorkflowError(); err != nil {
		w.t.Fatal(err)
	}
}

// control sends a signal.
func (w *world) control(verb string, in any) { w.env.SignalWorkflow(verb, in) }

// refused is an error with which an activity gives up for good.
func refused(code contract.Code, message string) error {
	return temporal.NewNonRetryableApplicationError(message, string(code), nil)
}

// The world is its workflows' logger too. Signals that nobody looked at, and
// steps that were left out, are the test's business.
func (w *world) Debug(string, ...any) {}
func (w *world) Info(string, ...any)  {}
func (w *world) Warn(string, ...any)  {}
func (w *world) Error(message string, args ...any) {
	if strings.Contains(message, "signals not looked at") || strings.Contains(message, "not started") || strings.Contains(message, "panic") {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.warnings = append(w.warnings, message+" "+fmt.Sprint(args...))
	}
}
