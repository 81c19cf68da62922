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

// SettleTerminated does what a task whose workflow Temporal ended can no longer
// do itself: it writes the report and starts the callback. Its fence has been
// closed by whoever starts this.
func SettleTerminated(ctx workflow.Context, in contract.TaskRef) (contract.ReportResult, error) {
	if err := in.Validate(); err != nil {
		return contract.ReportResult{}, asFailure(err)
	}
	report, unwritten := call(reporting(ctx), contract.WriteReport, in)
	found, err := call(bookkeeping(ctx, "look up the callback"), activityOf(contract.ListTasks), contract.ListTasksInput{ID: in.Task, Limit: 1})
	if err != nil {
		return report, asFailure(err)
	}
	for _, task := range found.Tasks {
		if task.CallbackState == contract.CallbackPending {
			startCallback(ctx, contract.CallbackInput{Task: in.Task, ID: contract.DeliveryID(task.ID, task.RunID)})
		}
	}
	if unwritten != nil {
		return report, asFailure(unwritten)
	}
	return report, nil
}

// settle starts the settlement of tasks that somebody found terminated, and
// returns their futures. One that is being settled already is left to that.
func settle(ctx workflow.Context, tasks []int64) []workflow.ChildWorkflowFuture {
	settlements := make([]workflow.ChildWorkflowFuture, 0, len(tasks))
	for _, task := range tasks {
		settlements = append(settlements, workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID:            contract.SettleWorkflowID(task),
			WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
			ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
			StaticSummary:         "settle a terminated task: report, callback",
		}), contract.SettleTerminated.Name, contract.TaskRef{Task: task}))
	}
	for i, settlement := range settlements {
		err := settlement.GetChildWorkflowExecution().Get(ctx, nil)
		if err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			workflow.GetLogger(ctx).Error("settlement not started", "taskId", tasks[i], "error", err)
		}
	}
	return settlements
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
