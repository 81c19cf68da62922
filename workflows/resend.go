package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows/contract"
)

// ResendCallback starts the delivery of a closed task's callback once more, with
// the id of the first, so that a receiver that had it can tell. A delivery that
// is still being tried is left to that: there is never more than one.
func ResendCallback(ctx workflow.Context, in contract.TaskRef) (contract.Resent, error) {
	if err := in.Validate(); err != nil {
		return contract.Resent{}, asFailure(err)
	}
	settleTerminated(ctx)
	found, err := call(asking(ctx, "look up the task"), activityOf(contract.ListTasks), contract.ListTasksInput{ID: in.Task, Limit: 1})
	if err != nil {
		return contract.Resent{}, asFailure(err)
	}
	if len(found.Tasks) == 0 {
		return contract.Resent{}, asFailure(contract.Errorf(contract.CodeTaskNotFound, "there is no task %d; list the tasks to see which there are", in.Task))
	}
	task := found.Tasks[0]
	switch {
	case task.Callback == "":
		return contract.Resent{}, asFailure(contract.Errorf(contract.CodeBadRequest,
			"task %d was started without a callback; give an address when you start a task, nobody is told of this one", task.ID))
	case !task.State.Final():
		return contract.Resent{}, asFailure(contract.Errorf(contract.CodeIncrementStatusError,
			"task %d is %s; its callback is sent when it has ended, and can be sent again from then on", task.ID, task.State))
	}
	resent := contract.Resent{Task: task.ID, ID: contract.DeliveryID(task.ID, task.RunID)}
	err = beginCallback(ctx, contract.CallbackInput{Task: task.ID, ID: resent.ID, Again: true})
	switch {
	case temporal.IsWorkflowExecutionAlreadyStartedError(err):
		return resent, nil
	case err != nil:
		return contract.Resent{}, asFailure(err)
	}
	resent.Started = true
	return resent, nil
}
