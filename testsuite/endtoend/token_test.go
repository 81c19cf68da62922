package endtoend_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// A worker that acts as a role signs links with its session's token. Whoever asks
// gets them; Temporal's histories, of whatever was asked, never hold the token.
func TestTokenOfTheWorkerIsInNoHistory(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, map[string]string{"ALIBABA_CLOUD_ROLE_ARN": stack.WorkerRole})
	createInstance(t, s, "sealed")
	shelf(t, s, "sealed", 20, map[int]string{5: "not JSON"})
	h := hooks(t, nil)
	result := start(t, s, exitSomeFailed, "sealed", "sealed", "--callback", h.URL)
	tokens := map[string]bool{}
	hold := func(what, link string) {
		t.Helper()
		address, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		token := address.Query().Get("x-oss-security-token")
		if token == "" {
			t.Fatalf("%s: the link has no token; there is nothing to look for", what)
		}
		tokens[token] = true
		response, err := http.Get(link)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: the link is answered %s", what, response.Status)
		}
	}
	hold("callback", await(t, h, result.ID)[0].Payload.ProcessResultURL)

	if records := report(t, s, result.ID); len(records) != 2 {
		t.Errorf("the report has %d records, want a failed line and the summary", len(records))
	}
	rest := filepath.Join(t.TempDir(), "rest.meta")
	signed := decode[contract.SignedReport](t, must(t, s, exitDone, "batch", "report", fmt.Sprint(result.ID), "--rest", rest, "--output", "json"))
	for _, link := range signed.Links() {
		hold("report", *link)
	}
	if text, err := os.ReadFile(rest); err != nil || string(text) != "not JSON\n" {
		t.Errorf("rest is %q, %v", text, err)
	}
	must(t, s, exitSomeFailed, "batch", "check", "--bucket", stack.Bucket, "--path", "sealed")
	must(t, s, exitDone, "instance", "dump", "sealed", "--file", filepath.Join(t.TempDir(), "dump.meta"))
	must(t, s, exitDone, "image", "search", "sealed", "--file", local(t, 5), "--sheet", filepath.Join(t.TempDir(), "sheet.jpg"))

	// As callers in other languages ask, who send no key: nothing is sealed, and
	// the token is left out all the same.
	temporal, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer temporal.Close()
	run, err := temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: contract.DefaultTaskQueue}, contract.SignReport.Name, map[string]any{"taskId": result.ID})
	if err != nil {
		t.Fatal(err)
	}
	var plain contract.SignedReport
	if err := run.Get(t.Context(), &plain); err != nil || plain.URL != "" || plain.NoLink == "" || plain.Task.ReportKey == "" {
		t.Errorf("without a key the answer is %+v, %v; want why there is no link, and the report's key", plain, err)
	}

	histories := 0
	var page []byte
	for {
		list, err := temporal.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{NextPageToken: page})
		if err != nil {
			t.Fatal(err)
		}
		for _, execution := range list.GetExecutions() {
			histories++
			id := execution.GetExecution()
			events := temporal.GetWorkflowHistory(t.Context(), id.GetWorkflowId(), id.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
			for events.HasNext() {
				event, err := events.Next()
				if err != nil {
					t.Fatal(err)
				}
				raw, err := proto.Marshal(event) // with its payloads as they are, not in base64
				if err != nil {
					t.Fatal(err)
				}
				for token := range tokens {
					if bytes.Contains(raw, []byte(token)) || bytes.Contains(raw, []byte(url.QueryEscape(token))) {
						t.Errorf("%s: event %d, %s, holds the token", id.GetWorkflowId(), event.GetEventId(), event.GetEventType())
					}
				}
				if lower := strings.ToLower(string(raw)); strings.Contains(lower, "security-token") {
					t.Errorf("%s: event %d, %s, holds a link with a token", id.GetWorkflowId(), event.GetEventId(), event.GetEventType())
				}
			}
		}
		if page = list.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	if histories < 8 || len(tokens) == 0 {
		t.Errorf("looked for %d tokens in %d histories; want those of a task and of what was asked", len(tokens), histories)
	}
}
