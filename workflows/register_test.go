package workflows_test

import (
	"context"
	"testing"

	"imagebatch/workflows"
	"imagebatch/workflows/contract"
)

// What stands in a second input, or under a misspelt key, would be dropped in
// silence: the name of the picture that was to be deleted, or how much a task may
// delete.
func TestWhatWouldBeDroppedIsRefused(t *testing.T) {
	t.Parallel()
	product := map[string]any{"instance": "shop", "ProductId": "p"}
	for name, test := range map[string]struct {
		workflow string
		inputs   []any
		code     contract.Code
	}{
		"One":      {contract.DeleteImage.Name, []any{product}, ""},
		"Picture":  {contract.DeleteImage.Name, []any{product, map[string]any{"PicName": "a.jpg"}}, contract.CodeBadRequest},
		"Text":     {contract.DeleteImage.Name, []any{product, "a.jpg"}, contract.CodeBadRequest},
		"Bytes":    {contract.DeleteImage.Name, []any{product, []byte("a.jpg")}, contract.CodeBadRequest},
		"Misspelt": {contract.StartBatchTask.Name, []any{map[string]any{"instance": "shop", "bucket": "photos", "path": "/", "max_deletes": "1"}}, contract.CodeBadRequest},
		"Folder":   {contract.BatchTask.Name, []any{map[string]any{"instance": "shop", "bucket": "photos", "folder": "/spring"}}, contract.CodeBadRequest},
		"Three":    {contract.DeleteImage.Name, []any{product, nil, 7}, contract.CodeBadRequest},
		"Task":     {contract.StartBatchTask.Name, []any{input(), map[string]any{"maxDeletes": "1"}}, contract.CodeBadRequest},
		"TaskSelf": {contract.BatchTask.Name, []any{input(), map[string]any{"maxDeletes": "1"}}, contract.CodeBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, deleted := newWorld(t, 0), 0
			env := w.newEnv()
			workflows.BindOperation(env, contract.DeleteImage, func(context.Context, contract.DeleteImageInput) (contract.DeleteImageResult, error) {
				deleted++
				return contract.DeleteImageResult{}, nil
			})
			begun := 0
			w.begin = func(contract.BeginInput) (contract.BeginResult, error) {
				begun++
				return contract.BeginResult{}, nil
			}
			env.ExecuteWorkflow(test.workflow, test.inputs...)
			checkCode(t, env.GetWorkflowError(), test.code)
			if reached := deleted > 0; reached != (test.code == "") {
				t.Errorf("the activity ran %d times", deleted)
			}
			if begun > 0 {
				t.Errorf("%d tasks began", begun)
			}
		})
	}
}
