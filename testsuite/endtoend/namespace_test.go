package endtoend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"imagebatch/testsuite/stack"
)

// In another namespace Temporal knows no task of the file: a worker there would
// take every running one for terminated.
func TestWorkerOfAnotherNamespaceIsRefused(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, nil)
	createInstance(t, s, "homely")
	batch := randomBatch(t, s, "homely", 31, 1500)
	id := begun(t, s, "homely", "homely", small...)
	must(t, s, exitDone, "batch", "suspend", fmt.Sprint(id))

	service := temporalClient(t, s).WorkflowService()
	if _, err := service.RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: "elsewhere", WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}); err != nil {
		t.Fatal(err)
	}
	for namespace, says := range map[string][]string{
		"elsewhere": {`"default" (id `, `"elsewhere" (id `, "TEMPORAL_NAMESPACE", s.Database()},
		"nowhere":   {`no namespace "nowhere"`, "TEMPORAL_NAMESPACE"},
	} {
		eventually(t, "the namespaces are known", func() bool {
			_, err := service.DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
			return err == nil || namespace == "nowhere"
		})
		_, err := s.StartWorker(stack.Settings{"TEMPORAL_NAMESPACE": namespace})
		if err == nil {
			t.Fatalf("a worker works in the namespace %s", namespace)
		}
		for _, part := range says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("error %q does not say %q", err, part)
			}
		}
	}
	s.Workers[0].Kill() // nor is another let in while none is there
	if _, err := s.StartWorker(stack.Settings{"TEMPORAL_NAMESPACE": "elsewhere"}); err == nil {
		t.Error("a worker works in another namespace once the others are gone")
	}
	if _, err := s.StartWorker(nil); err != nil {
		t.Fatal(err)
	}
	must(t, s, exitDone, "batch", "list")
	if held := task(t, s, id); held.State.Final() {
		t.Fatalf("the task is %s %s %q; want its fence to be open", held.State, held.Code, held.Message)
	}
	must(t, s, exitDone, "batch", "resume", fmt.Sprint(id))
	must(t, s, exitSomeFailed, "batch", "watch", fmt.Sprint(id))
	conserved(t, task(t, s, id))
	sameAsSerial(t, s, "homely", id, batch)
}
