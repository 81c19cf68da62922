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
	case kind == contract.BatchTask.Name:
		return "batchtask-" + strings.TrimPrefix(id, contract.BatchTaskWorkflowID(""))
	case kind == contract.Chunk.Name && strings.HasPrefix(id, contract.BatchTaskWorkflowID("plain.")):
		return "chunk-plain"
	case kind == contract.Chunk.Name && strings.HasPrefix(id, contract.BatchTaskWorkflowID("suspended.")) && recalled(history):
		return "chunk-recalled"
	case kind == contract.Chunk.Name && strings.HasPrefix(id, contract.BatchTaskWorkflowID("terminated.")) && canceled(history):
		return "chunk-orphaned"
	case kind == contract.Callback.Name:
		return "callback-delivered"
	case kind == contract.SettleTerminated.Name:
		return "terminated-settled"
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

// wanted are the names without which a recording is not complete.
var wanted = []string{
	"batchtask-plain", "batchtask-continued-1", "batchtask-continued-2", "batchtask-failed", "batchtask-callback",
	"batchtask-cancelled", "batchtask-suspended", "batchtask-terminated", "chunk-plain", "chunk-recalled", "chunk-orphaned",
	"callback-delivered", "terminated-settled", "instance-created", "tasks-listed", "tasks-listed-settling",
}

// save replaces the histories in the folder by those that are chosen among all
// closed runs, the oldest first. Runs of a task that continued as new are numbered.
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
		if name == "batchtask-continued" {
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
	return write(r.out, found)
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

// write replaces the histories in a folder. Large ones are compressed.
func write(folder string, histories map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("save histories: %w", err)
	}
	old, err := filepath.Glob(filepath.Join(folder, "*.json*"))
	if err != nil {
		return fmt.Errorf("save histories: %w", err)
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("save histories: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(histories)) {
		file, content := filepath.Join(folder, name+".json"), histories[name]
		if len(content) > plainLimit {
			var packed bytes.Buffer
			zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
			if err != nil {
				return fmt.Errorf("save histories: %w", err)
			}
			if _, err := zip.Write(content); err != nil {
				return fmt.Errorf("save histories: %w", err)
			}
			if err := zip.Close(); err != nil {
				return fmt.Errorf("save histories: %w", err)
			}
			file, content = file+".gz", packed.Bytes()
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return fmt.Errorf("save histories: %w", err)
		}
		fmt.Printf("%7d bytes  %s\n", len(content), file)
	}
	return nil
}
