package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"

	"imagebatch/workflows/contract"
)

// plainLimit is the size of a history, in bytes, from which on it is compressed.
const plainLimit = 64 << 10

// chosen says under which name a run is kept; the empty name is for those that
// would show nothing new. History is that of the run.
func chosen(run *workflowpb.WorkflowExecutionInfo, history *historypb.History) string {
	id := run.GetExecution().GetWorkflowId()
	switch kind := run.GetType().GetName(); {
	case id == contract.BatchTaskWorkflowID("refused") || id == contract.BatchTaskWorkflowID("resent"):
		return "" // their callbacks are what matters
	case kind == contract.BatchTask.Name && id == "nightly-import":
		return "batchtask-misnamed"
	case kind == contract.BatchTask.Name:
		return "batchtask-" + strings.TrimPrefix(id, contract.BatchTaskWorkflowID(""))
	case kind == contract.Chunk.Name && strings.HasPrefix(id, contract.BatchTaskWorkflowID("plain.")):
		return "chunk-plain"
	case kind == contract.Chunk.Name && strings.HasPrefix(id, contract.BatchTaskWorkflowID("suspended.")) && recalled(history):
		return "chunk-recalled"
	case kind == contract.Chunk.Name && strings.HasPrefix(id, contract.BatchTaskWorkflowID("terminated.")) && canceled(history):
		return "chunk-orphaned"
	case kind == contract.Chunk.Name && strings.HasPrefix(id, contract.BatchTaskWorkflowID("overrun.")):
		return "chunk-overrun"
	case kind == contract.Callback.Name && run.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:
		return "callback-failed"
	case kind == contract.Callback.Name && has(history, enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED) && again(history):
		return "callback-again"
	case kind == contract.Callback.Name:
		return "callback-delivered"
	case kind == contract.ResendCallback.Name:
		return "callback-resent"
	case kind == contract.SettleTerminated.Name && run.GetParentExecution().GetWorkflowId() == contract.BatchTaskWorkflowID("reportless"):
		return "report-left"
	case kind == contract.SettleTerminated.Name:
		return "terminated-settled"
	case kind == contract.StartBatchTask.Name && run.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:
		return "start-refused"
	case kind == contract.StartBatchTask.Name:
		return "start-numbered"
	case kind == contract.CreateInstance.Name:
		return "instance-created"
	case kind == contract.ListTasks.Name && startsChild(history):
		return "tasks-listed-settling"
	case kind == contract.ListTasks.Name:
		return "tasks-listed"
	}
	return ""
}

func has(history *historypb.History, kind enumspb.EventType) bool {
	return slices.ContainsFunc(history.GetEvents(), func(e *historypb.HistoryEvent) bool { return e.GetEventType() == kind })
}

// recalled reports whether a chunk was told to stop while slices were in flight.
func recalled(history *historypb.History) bool {
	return has(history, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED) && has(history, enumspb.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED)
}

func canceled(history *historypb.History) bool {
	return has(history, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED)
}

func startsChild(history *historypb.History) bool {
	return has(history, enumspb.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED)
}

// again reports whether a delivery was ordered once more: it is recorded as
// pending first.
func again(history *historypb.History) bool {
	var in contract.CallbackInput
	started := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	return converter.GetDefaultDataConverter().FromPayloads(started.GetInput(), &in) == nil && in.Again
}

// wanted are the names without which a recording is not complete.
var wanted = []string{
	"batchtask-plain", "batchtask-continued-1", "batchtask-continued-2", "batchtask-failed", "batchtask-callback",
	"batchtask-cancelled", "batchtask-suspended", "batchtask-terminated", "batchtask-signaled", "batchtask-held-1", "batchtask-held-2",
	"batchtask-overrun", "batchtask-withdrawn", "batchtask-bereaved", "chunk-plain", "chunk-recalled", "chunk-orphaned", "chunk-overrun",
	"callback-delivered", "callback-failed", "callback-again", "callback-resent",
	"batchtask-unread", "batchtask-reportless", "batchtask-started", "batchtask-misnamed",
	"start-numbered", "start-refused", "report-left", "terminated-settled", "instance-created", "tasks-listed", "tasks-listed-settling",
}

// chained are the tasks that continue as new: their runs are numbered.
var chained = []string{"batchtask-continued", "batchtask-held"}

// save adds to the folder those histories that are chosen among all closed runs,
// the oldest first. Runs of a task that continued as new are numbered.
func (r *recorder) save(ctx context.Context) error {
	if err := r.await(ctx, "every workflow has closed", func(ctx context.Context) (bool, error) {
		open, err := r.list(ctx, "ExecutionStatus = 'Running'")
		return len(open) == 0, err
	}); err != nil {
		return err
	}
	runs, err := r.list(ctx, "ExecutionStatus != 'Running'")
	if err != nil {
		return err
	}
	found := map[string][]byte{}
	for _, run := range runs {
		history, err := r.history(ctx, run)
		if err != nil {
			return err
		}
		name := chosen(run, history)
		if slices.Contains(chained, name) {
			name = next(found, name)
		}
		if name == "" || found[name] != nil {
			continue
		}
		if found[name], err = encode(history); err != nil {
			return fmt.Errorf("write history of %s: %w", run.GetExecution().GetWorkflowId(), err)
		}
	}
	for _, name := range wanted {
		if found[name] == nil {
			return fmt.Errorf("no run shows %q; the scenarios missed it, record again", name)
		}
	}
	return r.write(found)
}

func next(found map[string][]byte, name string) string {
	for n := 1; ; n++ {
		if numbered := fmt.Sprintf("%s-%d", name, n); found[numbered] == nil {
			return numbered
		}
	}
}

// list lists runs, the oldest first.
func (r *recorder) list(ctx context.Context, query string) (runs []*workflowpb.WorkflowExecutionInfo, err error) {
	for page := []byte(nil); ; {
		answer, err := r.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: query, PageSize: 1000, NextPageToken: page,
		})
		if err != nil {
			return nil, fmt.Errorf("list workflows: %w", err)
		}
		runs = append(runs, answer.GetExecutions()...)
		if page = answer.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	slices.SortStableFunc(runs, func(a, b *workflowpb.WorkflowExecutionInfo) int {
		return a.GetStartTime().AsTime().Compare(b.GetStartTime().AsTime())
	})
	return runs, nil
}

func (r *recorder) history(ctx context.Context, run *workflowpb.WorkflowExecutionInfo) (*historypb.History, error) {
	history := &historypb.History{}
	events := r.temporal.GetWorkflowHistory(ctx, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, fmt.Errorf("read history of %s: %w", run.GetExecution().GetWorkflowId(), err)
		}
		history.Events = append(history.Events, event)
	}
	return history, nil
}

// encode is a history as the SDK's replayer reads it. Who recorded it, and on
// which machine, is left out.
func encode(history *historypb.History) ([]byte, error) {
	text, err := protojson.Marshal(history)
	if err != nil {
		return nil, err
	}
	var events map[string][]any
	if err := json.Unmarshal(text, &events); err != nil {
		return nil, err
	}
	for _, event := range events["events"] {
		forgetMachine(event)
	}
	var lines bytes.Buffer
	lines.WriteString("{\"events\":[\n")
	for n, event := range events["events"] {
		if n > 0 {
			lines.WriteString(",\n")
		}
		line, err := json.Marshal(event)
		if err != nil {
			return nil, err
		}
		lines.Write(line)
	}
	lines.WriteString("\n]}\n")
	return lines.Bytes(), nil
}

// forgetMachine replaces names of processes and of the queues that only one of
// them polls.
func forgetMachine(value any) {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			forgetMachine(element)
		}
	case map[string]any:
		if value["kind"] == "TASK_QUEUE_KIND_STICKY" {
			value["name"] = "sticky"
		}
		if _, ok := value["identity"]; ok {
			value["identity"] = "recorded"
		}
		for _, element := range value {
			forgetMachine(element)
		}
	}
}

// write adds histories to the folder. Those of this version that are there stay:
// what was recorded is what ran, and is never replaced. Large ones are compressed.
func (r *recorder) write(histories map[string][]byte) error {
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return fmt.Errorf("save histories: %w", err)
	}
	there, err := filepath.Glob(filepath.Join(r.out, "*."+r.version+".json*"))
	if err != nil {
		return fmt.Errorf("save histories: %w", err)
	}
	recorded := map[string]bool{}
	for _, file := range there {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		recorded[task(name)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(histories)) {
		if recorded[task(name)] {
			continue
		}
		file, content := filepath.Join(r.out, name+"."+r.version+".json"), histories[name]
		if len(content) > plainLimit {
			if content, err = packed(content); err != nil {
				return fmt.Errorf("save histories: %w", err)
			}
			file += ".gz"
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return fmt.Errorf("save histories: %w", err)
		}
		fmt.Printf("%7d bytes  %s\n", len(content), file)
	}
	return nil
}

// task is the name without the number of a run: the runs of one task belong
// together.
func task(name string) string {
	for _, base := range chained {
		if strings.HasPrefix(name, base+"-") {
			return base
		}
	}
	return name
}

func packed(content []byte) ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := zip.Write(content); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil { // what it holds back is in out only then
		return nil, err
	}
	return out.Bytes(), nil
}
