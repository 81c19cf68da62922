package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/fanout"
)

// task is a task of any kind while it runs: what its steps have in common. The
// kinds differ in their inputs and in what their lines mean.
type task struct {
	spec  contract.BeginInput
	sizes contract.Sizes
	retry time.Duration // CallbackInput.FirstRetry

	maxFailures, maxDeletes contract.Threshold // see contract.BatchTaskInput

	gate     *fanout.Gate
	controls *controls
	engine   *fanout.Engine // nil until planned
	meter    fanout.Meter

	number    int64
	startedAt time.Time
	list      contract.WorkList
	ended     *contract.Ended // nil until the fence is closed
	reportKey string

	shown struct { // in the search attributes
		state contract.State
		part  int // of 20: percent changes every five
	}
}

// open makes a task that can be asked and told. It does not block.
func open(ctx workflow.Context, carried *contract.CarriedTask) (*task, error) {
	t := &task{startedAt: workflow.GetInfo(ctx).WorkflowStartTime}
	var err error
	if carried != nil {
		t.number, t.startedAt = carried.Task, carried.StartedAt
		t.gate = fanout.NewGate(carried.State, carried.StateNote)
	} else {
		t.gate = fanout.NewGate("", "")
	}
	if err := workflow.SetQueryHandler(ctx, contract.StatusQuery.Name, t.answerStatus); err != nil {
		return nil, err
	}
	t.controls, err = listen(ctx, t.gate, t.show)
	if err != nil {
		return nil, err
	}
	t.controls.task = t.number
	if carried != nil && carried.Unread != "" {
		t.controls.unread = unread{text: carried.Unread, fresh: true} // it may have come too late to be noted
	}
	return t, nil
}

// begin opens the task in the ledger, and settles older ones of the instance
// that turn out to be dead. It is not interrupted: a task that was half begun
// could not be closed.
func (t *task) begin(ctx workflow.Context) error {
	info := workflow.GetInfo(ctx)
	t.spec.WorkflowID, t.spec.RunID, t.spec.RunStarted = info.WorkflowExecution.ID, info.FirstRunID, info.WorkflowStartTime
	begun, err := call(bookkeeping(ctx, "begin"), contract.Begin, t.spec)
	if err != nil {
		return err
	}
	t.number = begun.Task
	t.upsert(ctx, temporal.NewSearchAttributeKeyInt64(contract.SearchTaskID).ValueSet(t.number))
	t.controls.know(ctx, t.number)
	settle(ctx, begun.Terminated)
	return nil
}

// plan has the work list read and cut. Stopping interrupts it, suspending does not.
func (t *task) plan(ctx workflow.Context) error {
	if t.gate.Stopping() {
		return nil
	}
	reading, cancel := workflow.WithCancel(ctx)
	future := workflow.ExecuteActivity(planning(reading), contract.Plan.Name, contract.PlanInput{
		Task: t.number, Sizes: t.sizes, MaxDeletes: t.maxDeletes,
	})
	_ = workflow.Await(ctx, func() bool { return future.IsReady() || t.gate.Stopping() })
	cancel()
	var list contract.WorkList
	if err := future.Get(ctx, &list); err != nil {
		return err
	}
	t.planned(list, fanout.State{})
	t.show(ctx)
	return nil
}

// planned prepares the engine for a work list, of which state is done.
func (t *task) planned(list contract.WorkList, state fanout.State) {
	t.list = list
	t.sizes.ChunkSlices = t.sizes.ChunkSlicesFor(list.Slices) // pinned: another default would cut other chunks
	t.engine = fanout.New(fanout.Job{
		Task: t.number, Instance: t.spec.Instance, List: list, Sizes: t.sizes, MaxFailures: t.maxFailures,
	}, state, t.gate, t.show)
}

// work runs the chunks. It answers how the task is to be closed, or that it has
// to continue as new first.
func (t *task) work(ctx workflow.Context) (ending contract.Ending, again bool) {
	t.show(ctx)
	switch t.engine.Run(ctx) {
	case fanout.Rolling:
		return contract.Ending{}, true
	case fanout.Stopped:
		return t.stopped(), false
	case fanout.Failed:
		return t.broken(), false
	}
	message := contract.SuccessMessage
	if t.engine.Tally().Failed > 0 {
		message = contract.PartialMessage
	}
	return contract.Ending{Task: t.number, State: contract.StateSuccess, Message: message}, false
}

func (t *task) stopped() contract.Ending {
	return contract.Ending{Task: t.number, State: contract.StateStop, Message: "stopped" + t.gate.Note()}
}

func (t *task) failed(err error) contract.Ending {
	code, message := refusal(err)
	return contract.Ending{Task: t.number, State: contract.StateFail, Code: code, Message: message}
}

// carry is what the next run needs. Signals that have arrived are in it; nothing
// may block between this and the end of the run.
func (t *task) carry(root, ctx workflow.Context) *contract.CarriedTask {
	_ = workflow.Await(ctx, func() bool { return t.controls.settled(ctx) })
	t.controls.drain(root, ctx)
	state := t.engine.State()
	return &contract.CarriedTask{
		Task: t.number, StartedAt: t.startedAt, List: t.list,
		NextChunk: state.NextChunk, Unfinished: state.Unfinished, Tally: state.Whole,
		State: t.gate.State(), StateNote: t.gate.Note(), Unread: t.controls.unread.text,
	}
}

// refuse closes a task that has not begun: there is nothing to report.
func (t *task) refuse(root, ctx workflow.Context, err error) (contract.BatchTaskResult, error) {
	code, message := refusal(err)
	return t.close(root, ctx, contract.Ended{State: contract.StateFail, Code: code, Message: message})
}

// finish closes the fence, writes the report and has the receiver told. A report
// that cannot be written at once is left to somebody else, with the callback:
// the task has ended, and its instance is free. Who closed the fence first
// decides how the task ended.
func (t *task) finish(root, ctx workflow.Context, ending contract.Ending) (contract.BatchTaskResult, error) {
	t.gate.Close()
	ended, err := call(bookkeeping(ctx, "end"), contract.End, ending)
	if err != nil { // for good: the ledger does not know the task any more
		code, message := refusal(err)
		return t.close(root, ctx, contract.Ended{
			State: contract.StateFail, Code: code, Message: message, Planned: t.engine != nil, Total: t.list.Lines, Tally: t.tally(),
		})
	}
	t.ended = &ended
	t.show(ctx)
	report, err := call(tryingReport(ctx), contract.WriteReport, contract.TaskRef{Task: t.number})
	if err != nil {
		workflow.GetLogger(ctx).Error("report not written", "taskId", t.number, "error", err)
		if insists(ctx) {
			settleLater(ctx, contract.Settlement{Task: t.number, FirstRetry: t.retry, Tried: true})
			return t.close(root, ctx, ended)
		}
	}
	t.reportKey = report.Key
	if t.spec.Callback != "" {
		startCallback(ctx, contract.CallbackInput{
			Task: t.number, FirstRetry: t.retry, ID: contract.DeliveryID(t.number, workflow.GetInfo(ctx).FirstRunID),
		})
	}
	return t.close(root, ctx, ended)
}

// close ends the workflow the way the task ended. The result travels in all
// three cases.
func (t *task) close(root, ctx workflow.Context, ended contract.Ended) (contract.BatchTaskResult, error) {
	t.gate.Close()
	t.ended = &ended
	t.show(ctx)
	_ = workflow.Await(ctx, func() bool { return t.controls.settled(ctx) })
	t.controls.drain(root, ctx)
	if lost := workflow.GetUnhandledSignalNames(ctx); len(lost) > 0 {
		workflow.GetLogger(ctx).Warn("signals not looked at", "taskId", t.number, "signals", lost)
	}
	result := contract.BatchTaskResult{
		Task: t.number, State: ended.State, Code: ended.Code, Message: ended.Message,
		Total: ended.Total, Tally: ended.Tally, ReportKey: t.reportKey,
	}
	switch ended.State {
	case contract.StateSuccess:
		return result, nil
	case contract.StateStop:
		return result, temporal.NewCanceledError(result)
	default:
		return result, temporal.NewNonRetryableApplicationError(ended.Message, string(ended.Code), nil, result)
	}
}
