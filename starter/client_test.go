package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"imagebatch/workflows/contract"
)

func TestOperationRunsAsAWorkflow(t *testing.T) {
	t.Parallel()
	var asked *workflowservice.StartWorkflowExecutionRequest
	s := serve(t, frontend{
		"StartWorkflowExecution": func(request any) (any, error) {
			asked = request.(*workflowservice.StartWorkflowExecutionRequest)
			return startedRun(request)
		},
		"GetWorkflowExecutionHistory": closedAs(completed(payloads(t, anInstance()))),
	})
	var got contract.Instance
	if err := s.Operate(t.Context(), "GetInstance", 20*time.Second, contract.InstanceRef{Name: "shop"}, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(anInstance(), got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if asked.WorkflowType.Name != "GetInstance" || asked.TaskQueue.Name != "imagebatch" || asked.Namespace != "ns" ||
		asked.WorkflowExecutionTimeout.AsDuration() != 20*time.Second || !strings.HasPrefix(asked.WorkflowId, "get-instance.") || asked.Identity != "starter ann@host" {
		t.Errorf("request = %v", asked)
	}
}

func TestOperationFailures(t *testing.T) {
	t.Parallel()
	refuse := func(err error) func(any) (any, error) { return func(any) (any, error) { return nil, err } }
	for name, test := range map[string]struct {
		frontend frontend
		want     string
		silent   bool
	}{
		"Refusal": {
			frontend: frontend{"GetWorkflowExecutionHistory": closedAs(failedWith("Console.InstanceNotFound", "there is no instance"))},
			want:     "Console.InstanceNotFound: there is no instance",
		},
		"CodeInTheMessageToo": {
			frontend: frontend{"GetWorkflowExecutionHistory": closedAs(failedWith("PicNotExist", "PicNotExist: gone"))},
			want:     "PicNotExist: gone",
		},
		"GoError": {
			frontend: frontend{"GetWorkflowExecutionHistory": closedAs(failedWith("wrapError", "open index: disk full"))},
			want:     "Console.InternalError: open index: disk full",
		},
		"TimedOut": {
			frontend: frontend{"GetWorkflowExecutionHistory": closedAs(&historypb.HistoryEvent{
				EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
				Attributes: &historypb.HistoryEvent_WorkflowExecutionTimedOutEventAttributes{
					WorkflowExecutionTimedOutEventAttributes: &historypb.WorkflowExecutionTimedOutEventAttributes{},
				},
			})},
			want:   "GetInstance did not finish within 1m0s; repeat it with a longer --timeout",
			silent: true,
		},
		"NoNamespace": {
			frontend: frontend{"StartWorkflowExecution": refuse(serviceerror.NewNamespaceNotFound("ns"))},
			want:     `namespace "ns" does not exist on the Temporal at`,
		},
		"NoSearchAttributes": {
			frontend: frontend{"StartWorkflowExecution": refuse(serviceerror.NewInvalidArgument("search attribute ImageBatchPath is not defined"))},
			want:     `search attribute ImageBatchPath is not defined; see that the namespace "ns" has ImageBatchInstance (Keyword), ImageBatchBucket (Keyword), `,
		},
		"Denied": {
			frontend: frontend{"StartWorkflowExecution": refuse(serviceerror.NewPermissionDenied("not for you", ""))},
			want:     "not for you",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.frontend["StartWorkflowExecution"] == nil {
				test.frontend["StartWorkflowExecution"] = startedRun
			}
			err := serve(t, test.frontend).Operate(t.Context(), "GetInstance", time.Minute, contract.InstanceRef{}, new(contract.Instance))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "get-instance.") {
				t.Errorf("error = %v, want %q and no workflow id", err, test.want)
			}
			if isSilent(err) != test.silent {
				t.Errorf("silent = %v, want %v", isSilent(err), test.silent)
			}
		})
	}
}

func TestOperationThatNobodyPicksUp(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	poll := func(at time.Time) func(any) (any, error) {
		return func(any) (any, error) {
			return &workflowservice.DescribeTaskQueueResponse{Pollers: []*taskqueuepb.PollerInfo{{LastAccessTime: timestamppb.New(at)}}}, nil
		}
	}
	for name, test := range map[string]struct {
		reason string
		queue  func(any) (any, error)
	}{
		"NoWorker":      {queue: func(any) (any, error) { return &workflowservice.DescribeTaskQueueResponse{}, nil }},
		"LongGone":      {reason: "Temporal lists a worker for minutes", queue: poll(begin.Add(-2 * time.Minute))},
		"KilledJustNow": {reason: "it has not asked for work since the operation began", queue: poll(begin.Add(-20 * time.Second))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			withdrawn := make(chan string, 1)
			var once sync.Once
			terminated := make(chan struct{})
			s := serve(t, frontend{
				"StartWorkflowExecution": startedRun,
				"DescribeTaskQueue":      test.queue,
				"DescribeWorkflowExecution": func(any) (any, error) {
					return &workflowservice.DescribeWorkflowExecutionResponse{
						WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{StartTime: timestamppb.New(begin), HistoryLength: 2, Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING},
						PendingWorkflowTask:   &workflowpb.PendingWorkflowTaskInfo{State: enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED},
					}, nil
				},
				"GetWorkflowExecutionHistory": func(any) (any, error) {
					<-terminated
					return nil, serviceerror.NewNotFound("gone")
				},
				"TerminateWorkflowExecution": func(request any) (any, error) {
					withdrawn <- request.(*workflowservice.TerminateWorkflowExecutionRequest).WorkflowExecution.RunId
					once.Do(func() { close(terminated) })
					return &workflowservice.TerminateWorkflowExecutionResponse{}, nil
				},
			})
			err := s.Operate(t.Context(), "DeleteInstance", time.Minute, contract.InstanceRef{}, new(contract.Nothing))
			if want := (noWorkerError{"imagebatch"}); !errors.Is(err, want) {
				t.Errorf("error = %v, want %v", err, want)
			}
			if run := <-withdrawn; run != "run" {
				t.Errorf("withdrew run %q", run)
			}
		})
	}
}

// Whether a worker has asked for work is compared by Temporal's clock alone.
func TestClocksOfOtherMachinesAbandonNothing(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]time.Duration{"Ahead": -time.Hour, "Behind": time.Hour} {
		for ago, want := range map[time.Duration]bool{10 * time.Second: false, 2 * time.Minute: true} {
			temporals := time.Now().Add(off)
			s := serve(t, frontend{
				"DescribeTaskQueue": func(any) (any, error) {
					return &workflowservice.DescribeTaskQueueResponse{Pollers: []*taskqueuepb.PollerInfo{{LastAccessTime: timestamppb.New(temporals.Add(-ago))}}}, nil
				},
				"DescribeWorkflowExecution": func(any) (any, error) {
					return &workflowservice.DescribeWorkflowExecutionResponse{
						WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{StartTime: timestamppb.New(temporals), HistoryLength: 2, Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING},
						PendingWorkflowTask:   &workflowpb.PendingWorkflowTaskInfo{State: enumspb.PENDING_WORKFLOW_TASK_STATE_SCHEDULED},
					}, nil
				},
			})
			if got := s.abandoned(t.Context(), s.sdk.GetWorkflow(t.Context(), "operation", "run"), 1); got != want {
				t.Errorf("%s: with a worker that asked %s before the start it is abandoned: %t; want %t", name, ago, got, want)
			}
		}
	}
}

func TestStartAsksTemporalToRefuseASecondTask(t *testing.T) {
	t.Parallel()
	var asked *workflowservice.StartWorkflowExecutionRequest
	s := serve(t, frontend{"StartWorkflowExecution": func(request any) (any, error) {
		if asked != nil {
			return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("started", "", "run")
		}
		asked = request.(*workflowservice.StartWorkflowExecutionRequest)
		return startedRun(request)
	}})
	in := contract.BatchTaskInput{Instance: "shop", Bucket: "photos", Path: "/" + strings.Repeat("长", 300)}
	if run, err := s.Start(t.Context(), in); run != "run" || err != nil {
		t.Fatalf("run = %q, error = %v", run, err)
	}
	if asked.WorkflowId != "batch-task.shop" || asked.WorkflowIdConflictPolicy != enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL ||
		asked.WorkflowIdReusePolicy != enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE || asked.WorkflowExecutionTimeout.AsDuration() != 0 {
		t.Errorf("request = %v", asked)
	}
	got := map[string]string{}
	for name, p := range asked.SearchAttributes.IndexedFields {
		var value string
		read(p, &value)
		got[name] = value
	}
	want := map[string]string{
		contract.SearchInstance: "shop", contract.SearchBucket: "photos", contract.SearchState: "PROCESSING",
		contract.SearchPath: "/" + strings.Repeat("长", 84),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("search attributes (-want +got):\n%s", diff)
	}
	if _, err := s.Start(t.Context(), in); !errors.Is(err, errAlreadyRunning) {
		t.Errorf("second start: %v, want %v", err, errAlreadyRunning)
	}
}

func TestExecutionAndFind(t *testing.T) {
	t.Parallel()
	foundQueue := ""
	info := func(run string, status enumspb.WorkflowExecutionStatus) *workflowpb.WorkflowExecutionInfo {
		return &workflowpb.WorkflowExecutionInfo{
			Execution: &commonpb.WorkflowExecution{WorkflowId: "batch-task.shop", RunId: run}, FirstRunId: "first", TaskQueue: foundQueue,
			StartTime: timestamppb.New(began), Status: status,
			SearchAttributes: &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{
				contract.SearchTaskID: payload(t, 12), contract.SearchPercent: payload(t, 38),
				contract.SearchInstance: payload(t, "shop"), contract.SearchState: payload(t, "SUSPENDED"),
			}},
		}
	}
	found := true
	s := serve(t, frontend{
		"DescribeWorkflowExecution": func(request any) (any, error) {
			if id := request.(*workflowservice.DescribeWorkflowExecutionRequest).Execution.WorkflowId; id != "batch-task.shop" {
				return nil, serviceerror.NewNotFound("no such workflow")
			}
			return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info("second", enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED)}, nil
		},
		"ListWorkflowExecutions": func(request any) (any, error) {
			if q := request.(*workflowservice.ListWorkflowExecutionsRequest).Query; q != "ImageBatchTaskId = 12 AND WorkflowType = 'BatchTask'" {
				t.Errorf("query = %q", q)
			}
			if !found {
				return &workflowservice.ListWorkflowExecutionsResponse{}, nil
			}
			return &workflowservice.ListWorkflowExecutionsResponse{Executions: []*workflowpb.WorkflowExecutionInfo{
				info("first", enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW), info("second", enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING),
			}}, nil
		},
	})
	want := execution{
		WorkflowID: "batch-task.shop", RunID: "second", FirstRunID: "first", Started: began, End: contract.StateStop,
		Task: 12, Percent: 38, Instance: "shop", State: contract.StateSuspended,
	}
	if got, err := s.Execution(t.Context(), "batch-task.shop"); err != nil || got != want {
		t.Errorf("execution = %+v, %v; want %+v", got, err, want)
	}
	if _, err := s.Execution(t.Context(), "batch-task.other"); !errors.Is(err, errNoExecution) {
		t.Errorf("unknown workflow: %v, want %v", err, errNoExecution)
	}
	want.Open, want.End = true, ""
	if got, err := s.Find(t.Context(), 12); err != nil || got != want {
		t.Errorf("found = %+v, %v; want the open run %+v", got, err, want)
	}
	for queue, want := range map[string]error{"imagebatch": nil, "another": errNoExecution} { // a namespace may have two installations
		t.Run(queue, func(t *testing.T) {
			foundQueue = queue
			if _, err := s.Find(t.Context(), 12); !errors.Is(err, want) {
				t.Errorf("a task of the queue %s: %v, want %v", queue, err, want)
			}
		})
	}
	found = false
	if _, err := s.Find(t.Context(), 12); !errors.Is(err, errNoExecution) {
		t.Errorf("unknown task: %v, want %v", err, errNoExecution)
	}
}

func TestStatusAndSignal(t *testing.T) {
	t.Parallel()
	status := contract.Status{Task: 12, State: contract.StateProcessing, ETA: -1}
	gone := errors.New("")
	var signalled contract.Control
	s := serve(t, frontend{
		"QueryWorkflow": func(request any) (any, error) {
			q := request.(*workflowservice.QueryWorkflowRequest)
			if q.Query.QueryType != "status" || q.Execution.RunId != "" {
				t.Errorf("query %q of run %q, want status of the latest", q.Query.QueryType, q.Execution.RunId)
			}
			if q.Execution.WorkflowId == "batch-task.lost" {
				return nil, gone
			}
			return &workflowservice.QueryWorkflowResponse{QueryResult: payloads(t, status)}, nil
		},
		"SignalWorkflowExecution": func(request any) (any, error) {
			r := request.(*workflowservice.SignalWorkflowExecutionRequest)
			if r.WorkflowExecution.WorkflowId == "batch-task.lost" {
				return nil, serviceerror.NewNotFound("workflow execution already completed")
			}
			read(r.Input.Payloads[0], &signalled)
			return &workflowservice.SignalWorkflowExecutionResponse{}, nil
		},
	})
	if got, err := s.Status(t.Context(), "batch-task.shop"); err != nil || !cmp.Equal(got, status) {
		t.Errorf("status = %+v, %v", got, err)
	}
	for _, gone = range []error{serviceerror.NewFailedPrecondition("no poller seen"), serviceerror.NewQueryFailed("unknown query")} {
		if _, err := s.Status(t.Context(), "batch-task.lost"); !isSilent(err) {
			t.Errorf("%v is explained as %v, want a silence", gone, err)
		}
	}
	control := contract.Control{Task: 12, Reason: "r", By: "b"}
	if err := s.Signal(t.Context(), "batch-task.shop", "cancel", control); err != nil || signalled != control {
		t.Errorf("signal = %+v, %v", signalled, err)
	}
	if err := s.Signal(t.Context(), "batch-task.lost", "cancel", control); !errors.Is(err, errNoExecution) {
		t.Errorf("signal to a closed workflow: %v, want %v", err, errNoExecution)
	}
}

func TestDialSaysWhatToDo(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	where := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = dial(t.Context(), address{env: environment{"TEMPORAL_ADDRESS=" + where, "TEMPORAL_CONFIG_FILE=/dev/null"}})
	want := "connect to Temporal at " + where + ": dial tcp " + where + ": connect: connection refused; start one with \"make dev\" or set TEMPORAL_ADDRESS"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestInterruptedRequestsSaySo(t *testing.T) {
	t.Parallel()
	s := serve(t, frontend{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Polled(ctx, time.Time{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want %v", err, context.Canceled)
	}
}
