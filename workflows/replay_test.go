package workflows_test

import (
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nexus-rpc/sdk-go/nexus"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows"
	"imagebatch/workflows/contract"
)

// Recorded runs must replay on today's code: a task that runs while workers are
// replaced goes on where it is. Where this fails after a change of a workflow,
// put the change behind workflow.GetVersion; record anew (make record) only for
// branches that are new.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "replay", "*.json*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("there are no histories in testdata/replay; record them with: make record")
	}
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			history := readHistory(t, file)
			started := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
			logs := sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
			if err := replayer(t).ReplayWorkflowHistoryWithOptions(logs, history, worker.ReplayWorkflowHistoryOptions{
				OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()}, // ids of children are made of them
			}); err != nil {
				t.Errorf("the change is incompatible with running tasks: %v", err)
			}
		})
	}
}

// replayer knows every workflow, under the names that workers use.
func replayer(t *testing.T) worker.WorkflowReplayer {
	t.Helper()
	r := worker.NewWorkflowReplayer()
	workflows.Register(r)
	operations := replayed{WorkflowReplayer: r}
	workflows.BindOperation(operations, contract.ListTasks, none[contract.ListTasksInput, contract.TaskList])
	workflows.BindOperation(operations, contract.CreateInstance, none[contract.CreateInstanceInput, contract.Instance])
	return r
}

// replayed takes a replayer for a worker: activities are not run in a replay.
type replayed struct{ worker.WorkflowReplayer }

func (replayed) RegisterActivity(any)                                         {}
func (replayed) RegisterActivityWithOptions(any, activity.RegisterOptions)    {}
func (replayed) RegisterDynamicActivity(any, activity.DynamicRegisterOptions) {}
func (replayed) RegisterNexusService(*nexus.Service)                          {}

func none[In, Out any](context.Context, In) (out Out, err error) { return out, nil }

func readHistory(t *testing.T, file string) *historypb.History {
	t.Helper()
	opened, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	var content io.Reader = opened
	if strings.HasSuffix(file, ".gz") {
		if content, err = gzip.NewReader(opened); err != nil {
			t.Fatal(err)
		}
	}
	history, err := client.HistoryFromJSON(content, client.HistoryJSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return history
}
