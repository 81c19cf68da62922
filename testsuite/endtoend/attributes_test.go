package endtoend_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"imagebatch/testsuite/ossserver"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// remedies are the commands that an error tells to run.
func remedies(t *testing.T, says string) [][]string {
	t.Helper()
	_, line, ok := strings.Cut(says, "; run: ")
	line, _, _ = strings.Cut(line, "; its log is") // of the harness
	if !ok || strings.Contains(line, "\n") {
		t.Fatalf("%q names no command in one line", says)
	}
	var commands [][]string
	for command := range strings.SplitSeq(line, " && ") {
		commands = append(commands, strings.Fields(command))
	}
	return commands
}

// obey runs those commands.
func obey(t *testing.T, s *stack.Stack, says string) {
	t.Helper()
	for _, command := range remedies(t, says) {
		if out, err := s.TemporalCLI(t.Context(), command[1:]...).CombinedOutput(); command[0] != "temporal" || err != nil {
			t.Fatalf("%v: %v: %s", command, err, out)
		}
	}
}

// attributesOf are the types of a namespace's own search attributes, by name.
func attributesOf(t *testing.T, s *stack.Stack, namespace string) map[string]string {
	t.Helper()
	answer, err := temporalClient(t, s).OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil // the namespace is not known yet
	}
	types := map[string]string{}
	for name, kind := range answer.GetCustomAttributes() {
		types[name] = kind.String()
	}
	return types
}

// A task in a namespace without its search attributes, or with one of another
// type, would hang for ever. Neither a worker nor a task begins there, and what
// both say to run is all that is needed.
func TestNamespaceWithoutSearchAttributes(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, nil)
	if _, err := temporalClient(t, s).WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: "bare", WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the namespace is known", func() bool { return attributesOf(t, s, "bare") != nil })
	settings := stack.Settings{"TEMPORAL_NAMESPACE": "bare", "IMAGEBATCH_DATABASE": filepath.Join(t.TempDir(), "bare.db")}
	there := func(exit int, arguments ...string) answer {
		return must(t, s, exit, append([]string{"--namespace", "bare"}, arguments...)...)
	}
	start := []string{"batch", "start", "bare", "--bucket", stack.Bucket, "--path", "bare"}
	shelf(t, s, "bare", 20, nil)

	_, err := s.StartWorker(settings)
	if err == nil || !strings.Contains(err.Error(), "lacks the search attributes ImageBatchInstance, ") {
		t.Fatalf("worker: %v; want that the namespace lacks all", err)
	}
	// As somebody does who tires of typing.
	for _, made := range [][2]string{{contract.SearchInstance, "Keyword"}, {contract.SearchTaskID, "Keyword"}} {
		if out, err := s.TemporalCLI(t.Context(), "operator", "search-attribute", "create", "--namespace", "bare", "--name", made[0], "--type", made[1]).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	eventually(t, "two are there", func() bool { return len(attributesOf(t, s, "bare")) == 2 })
	_, err = s.StartWorker(settings)
	if err == nil || !strings.Contains(err.Error(), "ImageBatchTaskId as Keyword instead of Int") || strings.Contains(err.Error(), "--name ImageBatchInstance") {
		t.Fatalf("worker: %v; want what is missing, and what is of another type", err)
	}
	said := there(exitError, start...).stderr
	if got, want := fmt.Sprint(remedies(t, strings.TrimSpace(said))), fmt.Sprint(remedies(t, err.Error())); got != want {
		t.Errorf("batch start says\n%s\nthe worker\n%s", got, want)
	}
	begun, counted := temporalClient(t, s).WorkflowService().CountWorkflowExecutions(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Namespace: "bare"})
	if counted != nil || begun.GetCount() != 0 {
		t.Errorf("%d workflows began, %v; want none", begun.GetCount(), counted)
	}

	obey(t, s, err.Error())
	eventually(t, "all are there", func() bool { return contract.CheckSearchAttributes("bare", attributesOf(t, s, "bare")) == nil })
	if _, err := s.StartWorker(settings); err != nil {
		t.Fatal(err)
	}
	there(exitDone, "instance", "create", "bare", "--region", stack.Region)
	there(exitDone, append(start, "--wait")...)
}

// A search attribute that is removed while a task runs holds it up, and whoever
// asks is told so, not that no worker answers.
func TestSearchAttributeRemovedWhileATaskRuns(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, nil)
	createInstance(t, s, "removed")
	shelf(t, s, "removed", 2000, nil)
	slowly := func(rules ...ossserver.Fault) {
		if _, err := s.OSS.SetFaults(t.Context(), rules...); err != nil {
			t.Fatal(err)
		}
	}
	slowly(ossserver.Fault{Pattern: stack.Bucket + "/*.jpg", DelayMS: 2000})
	id := begun(t, s, "removed", "removed", small...)
	if out, err := s.TemporalCLI(t.Context(), "operator", "search-attribute", "remove", "--yes", "--name", contract.SearchPercent).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	watching, stop := context.WithCancel(t.Context())
	defer stop()
	watch := s.Starter(watching, "batch", "watch", fmt.Sprint(id))
	var watched strings.Builder
	watch.Stderr = &watched
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	var held struct {
		HeldUp struct {
			Cause string `json:"cause"`
			Stuck bool   `json:"stuck"`
		} `json:"heldUp"`
	}
	eventually(t, "the task is told to be stuck", func() bool {
		held = decode[struct {
			HeldUp struct {
				Cause string `json:"cause"`
				Stuck bool   `json:"stuck"`
			} `json:"heldUp"`
		}](t, must(t, s, exitDone, "batch", "get", fmt.Sprint(id), "--output", "json"))
		return held.HeldUp.Stuck
	})
	if !strings.Contains(held.HeldUp.Cause, "lacks the search attributes "+contract.SearchPercent) {
		t.Errorf("held up by %q; want what is missing", held.HeldUp.Cause)
	}
	slowly()
	obey(t, s, held.HeldUp.Cause)
	if err := watch.Wait(); err != nil {
		t.Errorf("watch: %v: %s", err, watched.String())
	}
	// A busy worker may seem to be none at first, and again later. What is told
	// while the task is stuck ends with why.
	stuck, _, _ := strings.Cut(watched.String(), "connected again")
	if lines := strings.Split(strings.TrimSpace(stuck), "\n"); !strings.Contains(lines[len(lines)-1], contract.SearchPercent) {
		t.Errorf("who watches was told %q", watched.String())
	}
	conserved(t, task(t, s, id))
}
