package workflows_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"imagebatch/workflows"
	"imagebatch/workflows/contract"
)

// recorded is a history of testdata, as a run with another input would have made it.
func recorded(t *testing.T, name string, input any) *historypb.History {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "replay", name+".*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no history %s, %v", name, err)
	}
	history := readHistory(t, files[0])
	data, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	payload := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads()[0]
	payload.Data = data
	return history
}

func replay(r worker.WorkflowReplayer, history *historypb.History) error {
	started := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	return r.ReplayWorkflowHistoryWithOptions(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), history, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()},
	})
}

// A run that was accepted before a check came up goes on: it is refused neither
// in the middle nor when it is looked at afterwards.
func TestRunsAcceptedEarlierReplay(t *testing.T) {
	t.Parallel()
	for name, callback := range map[string]string{
		"CallbackWithPassword": "http://user:secret@127.0.0.1:43595/hooks/imagebatch",
		"CallbackInDisguise":   "http://2130706433:43595/hooks/imagebatch",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := contract.BatchTaskInput{
				Instance: "callback", Bucket: "catalogue", Path: "/shelf", Callback: callback,
				Sizes: contract.Sizes{SliceLines: 16, ChunkSlices: 8, Window: 2, SlicesInFlight: 2},
			}
			if in.Validate() == nil {
				t.Fatal("the input is accepted: it shows nothing")
			}
			if err := replay(replayer(t), recorded(t, "batchtask-callback", in)); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("HyphenBefore", func(t *testing.T) {
		t.Parallel()
		in := contract.CreateInstanceInput{Name: "-shop", Region: "cn-shanghai", Capacity: 1}
		if err := replay(replayer(t), recorded(t, "instance-created", in)); err != nil || in.Validate() == nil {
			t.Error(err)
		}
	})
	t.Run("DeleteImage", func(t *testing.T) {
		t.Parallel()
		history := recorded(t, "instance-created", map[string]any{"instance": "shop", "ProductId": "p", "PicNames": "a.jpg"})
		for _, event := range history.GetEvents() {
			name := &commonpb.WorkflowType{Name: contract.DeleteImage.Name}
			if started := event.GetWorkflowExecutionStartedEventAttributes(); started != nil {
				started.WorkflowType = name
			}
			if scheduled := event.GetActivityTaskScheduledEventAttributes(); scheduled != nil {
				scheduled.ActivityType.Name = name.GetName()
			}
		}
		r := worker.NewWorkflowReplayer()
		workflows.BindOperation(replayed{WorkflowReplayer: r}, contract.DeleteImage, none[contract.DeleteImageInput, contract.DeleteImageResult])
		if err := replay(r, history); err != nil {
			t.Error(err)
		}
	})
}

// What a service in another language sends is refused before any picture is
// deleted.
func TestDeleteImageRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		field string
		value any
		code  contract.Code
	}{
		"Picture":  {"PicName", "a.jpg", ""},
		"Null":     {"PicName", nil, contract.CodeInvalidPicName},
		"Empty":    {"PicName", "", contract.CodeInvalidPicName},
		"Plural":   {"PicNames", "a.jpg", contract.CodeInvalidPicName},
		"Misspelt": {"PicNmae", "a.jpg", contract.CodeInvalidPicName},
		"Another":  {"ImageName", []string{"a.jpg"}, contract.CodeInvalidPicName},
		"OfAnAdd":  {"IntAttr", 1, contract.CodeInvalidPicName},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, deleted := newWorld(t, 0), 0
			env := w.newEnv()
			workflows.BindOperation(env, contract.DeleteImage, func(_ context.Context, in contract.DeleteImageInput) (contract.DeleteImageResult, error) {
				deleted++
				return contract.DeleteImageResult{}, in.Validate()
			})
			env.ExecuteWorkflow(contract.DeleteImage.Name, map[string]any{"instance": "shop", "ProductId": "p", test.field: test.value})
			checkCode(t, env.GetWorkflowError(), test.code)
			if reached := deleted > 0; reached != (test.code == "") {
				t.Errorf("the activity ran %d times", deleted)
			}
		})
	}
}
