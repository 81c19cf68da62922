package workflows_test

import (
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// counting counts the commands that workflows give: what their histories grow by.
type counting struct {
	interceptor.WorkerInterceptorBase
	w *world
}

func (c *counting) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &countingInbound{w: c.w}
	in.Next = next
	return in
}

type countingInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	w *world
}

func (c *countingInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	out := &countingOutbound{w: c.w}
	out.Next = next
	return c.Next.Init(out)
}

type countingOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	w *world
}

func (c *countingOutbound) command(kind string) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.commands[kind]++
}

func (c *countingOutbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	c.command("activity " + name)
	c.w.mu.Lock()
	c.w.options[name] = append(c.w.options[name], workflow.GetActivityOptions(ctx))
	c.w.mu.Unlock()
	return c.Next.ExecuteActivity(ctx, name, args...)
}

func (c *countingOutbound) ExecuteChildWorkflow(ctx workflow.Context, name string, args ...any) workflow.ChildWorkflowFuture {
	c.command("child " + name)
	return c.Next.ExecuteChildWorkflow(ctx, name, args...)
}

func (c *countingOutbound) SignalExternalWorkflow(ctx workflow.Context, id, run, name string, arg any) workflow.Future {
	c.command("signal")
	return c.Next.SignalExternalWorkflow(ctx, id, run, name, arg)
}

func (c *countingOutbound) UpsertTypedSearchAttributes(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) error {
	c.command("upsert")
	return c.Next.UpsertTypedSearchAttributes(ctx, updates...)
}

func (c *countingOutbound) NewTimer(ctx workflow.Context, d time.Duration) workflow.Future {
	c.command("timer")
	return c.Next.NewTimer(ctx, d)
}

func (c *countingOutbound) SideEffect(ctx workflow.Context, do func(workflow.Context) any) converter.EncodedValue {
	c.command("side effect")
	return c.Next.SideEffect(ctx, do)
}
