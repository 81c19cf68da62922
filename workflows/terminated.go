package workflows

import (
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// settlementPatience is how long a question waits for the reports of tasks that
// it found terminated: most are written within a second or two.
const settlementPatience = 10 * time.Second

// SettleTerminated does what the workflow of a closed task cannot do any more,
// because Temporal ended it, or must not wait for, because the report cannot be
// written: it writes the report and starts the callback. The callback waits for
// the report as long as the task itself would, and no longer.
func SettleTerminated(ctx workflow.Context, in contract.Settlement) (contract.ReportResult, error) {
	if err := in.Validate(); err != nil {
		return contract.ReportResult{}, asFailure(err)
	}
	var report contract.ReportResult
	var unwritten error
	if !in.Tried {
		report, unwritten = call(tryingReport(ctx), contract.WriteReport, contract.TaskRef{Task: in.Task})
	}
	found, err := call(bookkeeping(ctx, "look up the callback"), activityOf(contract.ListTasks), contract.ListTasksInput{ID: in.Task, Limit: 1})
	if err != nil {
		return report, asFailure(err)
	}
	for _, task := range found.Tasks {
		if task.CallbackState == contract.CallbackPending {
			startCallback(ctx, contract.CallbackInput{Task: in.Task, FirstRetry: in.FirstRetry, ID: contract.DeliveryID(task.ID, task.RunID)})
		}
	}
	if in.Tried || unwritten != nil && insists(ctx) {
		report, unwritten = call(reporting(ctx), contract.WriteReport, contract.TaskRef{Task: in.Task})
	}
	if unwritten != nil {
		return report, asFailure(unwritten)
	}
	return report, nil
}

// insists reports whether a report that was not written at once is written later
// by somebody else, as in every run that did not decide otherwise before.
func insists(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "report-written-later", workflow.DefaultVersion, 1) != workflow.DefaultVersion
}

// settle starts the settlement of tasks that somebody found terminated, and
// returns their futures. One that is being settled already is left to that.
func settle(ctx workflow.Context, tasks []int64) []workflow.ChildWorkflowFuture {
	settlements := make([]workflow.ChildWorkflowFuture, 0, len(tasks))
	for _, task := range tasks {
		settlements = append(settlements, settlementOf(ctx, contract.Settlement{Task: task}, "settle a terminated task: report, callback"))
	}
	for i, settlement := range settlements {
		begun(ctx, tasks[i], settlement)
	}
	return settlements
}

// settleLater leaves the callback and the report of a task to a settlement, and
// does not wait for more than its start.
func settleLater(ctx workflow.Context, in contract.Settlement) {
	begun(ctx, in.Task, settlementOf(ctx, in, "settle a closed task: callback, report"))
}

func settlementOf(ctx workflow.Context, in contract.Settlement, summary string) workflow.ChildWorkflowFuture {
	return workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            contract.SettleWorkflowID(in.Task),
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary:         summary,
	}), contract.SettleTerminated.Name, in)
}

// begun waits until a settlement has started.
func begun(ctx workflow.Context, task int64, settlement workflow.ChildWorkflowFuture) {
	err := settlement.GetChildWorkflowExecution().Get(ctx, nil)
	if err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		workflow.GetLogger(ctx).Error("settlement not started", "taskId", task, "error", err)
	}
}

// settleTerminated looks for terminated tasks before a question about tasks is
// answered. Nothing here keeps the answer from being given.
func settleTerminated(ctx workflow.Context) {
	tasks, err := call(glancing(ctx, "look for terminated tasks"), contract.CloseTerminated, contract.Nothing{})
	if err != nil {
		workflow.GetLogger(ctx).Warn("terminated tasks not looked for", "error", err)
		return
	}
	settlements := settle(ctx, tasks)
	if len(settlements) == 0 {
		return
	}
	_, _ = workflow.AwaitWithTimeout(ctx, settlementPatience, func() bool {
		for _, settlement := range settlements {
			if !settlement.IsReady() {
				return false
			}
		}
		return true
	})
}
