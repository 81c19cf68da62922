package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"

	"imagebatch/workflows/contract"
)

// temporalServer is the server over the Temporal SDK.
type temporalServer struct {
	sdk       client.Client
	hostPort  string
	namespace string
	queue     string
	every     time.Duration // between looks at whether anybody will answer
}

// dial connects the way Temporal's own tools do; flags win over the environment,
// the environment over temporal.toml.
func dial(ctx context.Context, to address) (server, error) {
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{ConfigFileProfile: to.profile, EnvLookup: to.env})
	if err != nil {
		return nil, fmt.Errorf("read Temporal's settings: %w", err)
	}
	if to.hostPort != "" {
		options.HostPort = to.hostPort
	}
	if options.HostPort == "" {
		options.HostPort = "127.0.0.1:7233"
	}
	if to.namespace != "" {
		options.Namespace = to.namespace
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	options.Identity = "starter " + to.by
	options.Logger = log.NewStructuredLogger(slog.New(slog.DiscardHandler)) // errors are told by commands, once
	dialing, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	sdk, err := client.DialContext(dialing, options)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("connect to Temporal at %s: %s; start one with \"make dev\" or set TEMPORAL_ADDRESS", options.HostPort, rootText(err))
	}
	return &temporalServer{sdk: sdk, hostPort: options.HostPort, namespace: options.Namespace, queue: to.queue, every: workerLimit}, nil
}

func (t *temporalServer) Close() { t.sdk.Close() }

// Operate runs an operation as a workflow of its own.
func (t *temporalServer) Operate(ctx context.Context, operation string, limit time.Duration, in, out any) error {
	// The workflow's own limit comes first, so that what times out here cannot
	// still happen later.
	waiting, cancel := context.WithTimeout(ctx, limit+5*time.Second)
	defer cancel()
	options := client.StartWorkflowOptions{
		ID: kebab(operation) + "." + uuid.NewString(), TaskQueue: t.queue, WorkflowExecutionTimeout: limit,
	}
	if one, ok := in.(interface{ WorkflowID() string }); ok { // one at a time
		options.ID = one.WorkflowID()
		options.WorkflowIDConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL
		options.WorkflowExecutionErrorWhenAlreadyStarted = true
	}
	open := func() error { return nil }
	if asks, ok := in.(contract.AsksForLinks); ok {
		key, err := contract.NewLinkKey()
		if err != nil {
			return err
		}
		in = asks.WithLinks(key.For())
		open = func() error { return openLinks(key, out) }
	}
	run, err := t.sdk.ExecuteWorkflow(waiting, options, operation, in)
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return contract.Errorf(contract.CodeTaskAlreadyExist, "A task that is in progress already exists. Wait for %s to end, then ask again", options.ID)
	}
	if err != nil {
		return t.explain(ctx, err)
	}
	answer := make(chan error, 1)
	go func() { answer <- run.Get(waiting, out) }()
	look := time.NewTicker(t.every)
	defer look.Stop()
	for looks := 1; ; {
		select {
		case err := <-answer:
			var late *temporal.TimeoutError
			if errors.As(err, &late) {
				return silentError{who: fmt.Sprintf("%s did not finish within %s; repeat it with a longer --timeout", operation, limit)}
			}
			if err != nil {
				return t.explain(ctx, err)
			}
			return open()
		case <-look.C:
			if t.abandoned(waiting, run, looks) {
				t.withdraw(ctx, run)
				cancel()
				<-answer // out is not written to after the return
				return noWorkerError{t.queue}
			}
			looks++
		}
	}
}

// openLinks makes the links of an answer plain, which are sealed because answers
// stand in Temporal's history.
func openLinks(key contract.LinkKey, out any) error {
	answer, ok := out.(contract.HasLinks)
	if !ok {
		return nil
	}
	for _, link := range answer.Links() {
		plain, err := key.Open(*link)
		if err != nil {
			return err
		}
		*link = plain
	}
	return nil
}

// abandoned reports whether nobody will pick an operation up: no worker is
// listed, or, after some looks, those that are have not asked for work since it
// began. A live worker picks it up at once, or is busy and keeps asking. All is
// by Temporal's clock: that of this machine may be another.
func (t *temporalServer) abandoned(ctx context.Context, run client.WorkflowRun, looks int) bool {
	e, err := t.Execution(ctx, run.GetID())
	if err != nil || !e.Untouched {
		return false
	}
	since := e.Started
	if looks < 3 {
		since = since.Add(-pollPause)
	}
	polled, err := t.Polled(ctx, since)
	return err == nil && !polled
}

// withdraw ends an operation that nobody has picked up, lest it happens after
// the user was told that it did not.
func (t *temporalServer) withdraw(ctx context.Context, run client.WorkflowRun) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_ = t.sdk.TerminateWorkflow(ctx, run.GetID(), run.GetRunID(), "no worker polls the task queue") // its own time limit ends it otherwise
}

// Start starts a batch task; Temporal refuses a second one of an instance.
func (t *temporalServer) Start(ctx context.Context, in contract.BatchTaskInput) (string, error) {
	if err := t.checkAttributes(ctx); err != nil {
		return "", err
	}
	run, err := t.sdk.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: contract.BatchTaskWorkflowID(in.Instance), TaskQueue: t.queue,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            in.Instance + " ← " + source(in.Bucket, in.Path),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(contract.SearchInstance).ValueSet(in.Instance),
			temporal.NewSearchAttributeKeyKeyword(contract.SearchBucket).ValueSet(in.Bucket),
			temporal.NewSearchAttributeKeyKeyword(contract.SearchPath).ValueSet(contract.Keyword(in.Path)),
			temporal.NewSearchAttributeKeyKeyword(contract.SearchState).ValueSet(string(contract.StateProcessing)),
		),
	}, contract.BatchTask.Name, in)
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return "", errAlreadyRunning
	}
	if err != nil {
		return "", t.explain(ctx, err)
	}
	return run.GetRunID(), nil
}

// pollPause is how long a live worker may not have asked for work: its questions
// last a minute at most.
const pollPause = 75 * time.Second

// Polled reports whether a worker has asked for work. Temporal lists a worker
// for minutes after it has gone; a live one asks at least once a minute.
func (t *temporalServer) Polled(ctx context.Context, since time.Time) (bool, error) {
	return t.polled(ctx, t.queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW, since)
}

func (t *temporalServer) polled(ctx context.Context, queue string, kind enumspb.TaskQueueType, since time.Time) (bool, error) {
	if since.IsZero() {
		since = time.Now().Add(-pollPause)
	}
	answer, err := t.sdk.DescribeTaskQueue(ctx, queue, kind)
	if err != nil {
		return false, t.explain(ctx, err)
	}
	for _, poller := range answer.GetPollers() {
		if poller.GetLastAccessTime().AsTime().After(since) {
			return true, nil
		}
	}
	return false, nil
}

// Execution is the latest run of a workflow.
func (t *temporalServer) Execution(ctx context.Context, workflowID string) (execution, error) {
	answer, err := t.sdk.DescribeWorkflowExecution(ctx, workflowID, "")
	if err != nil {
		return execution{}, t.explain(ctx, err)
	}
	e := executionOf(answer.GetWorkflowExecutionInfo())
	e.Untouched = answer.GetPendingWorkflowTask().GetState() == enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED &&
		answer.GetWorkflowExecutionInfo().GetHistoryLength() <= 2 // started, and its first task scheduled
	return e, nil
}

// Find looks a task up among the search attributes.
func (t *temporalServer) Find(ctx context.Context, task int64) (execution, error) {
	answer, err := t.sdk.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: t.namespace, PageSize: 10,
		Query: fmt.Sprintf("%s = %d AND WorkflowType = '%s'", contract.SearchTaskID, task, contract.BatchTask.Name),
	})
	if err != nil {
		return execution{}, t.explain(ctx, err)
	}
	var found execution
	for _, info := range answer.GetExecutions() { // the newest first, runs that continued as new among them
		if queue := info.GetTaskQueue(); queue != "" && queue != t.queue {
			continue // of another installation in the same namespace
		}
		if e := executionOf(info); e.Open || found.WorkflowID == "" {
			found = e
		}
	}
	if found.WorkflowID == "" {
		return execution{}, errNoExecution
	}
	return found, nil
}

// Result waits for a batch task to end, over all its runs.
func (t *temporalServer) Result(ctx context.Context, workflowID, runID string) (result contract.BatchTaskResult, err error) {
	err = t.sdk.GetWorkflow(ctx, workflowID, runID).Get(ctx, &result)
	return result, t.explain(ctx, err)
}

// Status asks the latest run.
func (t *temporalServer) Status(ctx context.Context, workflowID string) (status contract.Status, err error) {
	value, err := t.sdk.QueryWorkflow(ctx, workflowID, "", contract.StatusQuery.Name)
	if err == nil {
		err = value.Get(&status)
	}
	return status, t.explain(ctx, err)
}

// Signal leaves the wish with Temporal.
func (t *temporalServer) Signal(ctx context.Context, workflowID, name string, control contract.Control) error {
	return t.explain(ctx, t.sdk.SignalWorkflow(ctx, workflowID, "", name, control))
}

// executionOf reads what Temporal says of a run.
func executionOf(info *workflowpb.WorkflowExecutionInfo) execution {
	e := execution{
		WorkflowID: info.GetExecution().GetWorkflowId(), RunID: info.GetExecution().GetRunId(), FirstRunID: info.GetFirstRunId(),
		Started: info.GetStartTime().AsTime(),
		Open:    info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
	}
	switch info.GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		e.End = contract.StateSuccess
	case enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		e.End = contract.StateFail
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		e.End = contract.StateStop
	}
	attributes := info.GetSearchAttributes().GetIndexedFields()
	read(attributes[contract.SearchTaskID], &e.Task)
	read(attributes[contract.SearchPercent], &e.Percent)
	read(attributes[contract.SearchInstance], &e.Instance)
	read(attributes[contract.SearchState], &e.State)
	return e
}

// read decodes a search attribute; one that is absent or odd stays zero.
func read(payload *commonpb.Payload, into any) {
	if payload != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(payload, into)
	}
}

// kebab is "get-instance" for GetInstance.
func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
