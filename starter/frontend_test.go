package main

import (
	"context"
	"net"
	"path"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"
)

// frontend is Temporal's own interface as a test plays it: answers by method.
type frontend map[string]func(request any) (any, error)

// serve puts a frontend on a port and connects to it the way the program does.
func serve(t *testing.T, f frontend) *temporalServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer(grpc.UnaryInterceptor(func(_ context.Context, request any, info *grpc.UnaryServerInfo, unimplemented grpc.UnaryHandler) (any, error) {
		method := path.Base(info.FullMethod)
		answer, ok := f[method]
		switch {
		case ok:
			response, err := answer(request)
			return response, serviceerror.ToStatus(err).Err()
		case method == "GetSystemInfo":
			return &workflowservice.GetSystemInfoResponse{}, nil
		}
		return unimplemented(t.Context(), request)
	}))
	workflowservice.RegisterWorkflowServiceServer(g, workflowservice.UnimplementedWorkflowServiceServer{})
	go func() { _ = g.Serve(listener) }()
	t.Cleanup(g.Stop)
	s, err := dial(t.Context(), address{hostPort: listener.Addr().String(), namespace: "ns", queue: "imagebatch", env: environment{"TEMPORAL_CONFIG_FILE=/dev/null"}, by: "ann@host"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	made := s.(*temporalServer)
	made.every = 5 * time.Millisecond
	return made
}

func payloads(t *testing.T, v any) *commonpb.Payloads {
	t.Helper()
	p, err := converter.GetDefaultDataConverter().ToPayloads(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func payload(t *testing.T, v any) *commonpb.Payload { return payloads(t, v).Payloads[0] }

// closedAs is the end of a workflow's history.
func closedAs(event *historypb.HistoryEvent) func(any) (any, error) {
	return func(any) (any, error) {
		return &workflowservice.GetWorkflowExecutionHistoryResponse{History: &historypb.History{Events: []*historypb.HistoryEvent{event}}}, nil
	}
}

func completed(result *commonpb.Payloads) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionCompletedEventAttributes{
			WorkflowExecutionCompletedEventAttributes: &historypb.WorkflowExecutionCompletedEventAttributes{Result: result},
		},
	}
}

func failedWith(kind, message string) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionFailedEventAttributes{
			WorkflowExecutionFailedEventAttributes: &historypb.WorkflowExecutionFailedEventAttributes{Failure: &failurepb.Failure{
				Message:     message,
				FailureInfo: &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: kind}},
			}},
		},
	}
}

func startedRun(any) (any, error) {
	return &workflowservice.StartWorkflowExecutionResponse{RunId: "run"}, nil
}
