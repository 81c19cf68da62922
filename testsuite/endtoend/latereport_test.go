package endtoend_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imagebatch/testsuite/ossserver"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// Whatever keeps the report from being written, the task has ended: the instance
// is free, the receiver is told, and the report comes when that is mended.
func TestTaskEndsWithoutItsReport(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "gone") // a TMPDIR that cannot be written
	for name, trouble := range map[string]struct {
		settings     map[string]string
		begin, mend  func(*stack.Stack) error
		says, remedy string
	}{
		"NoTemporaryFolder": {
			settings: map[string]string{"TMPDIR": broken},
			mend:     func(*stack.Stack) error { return os.Mkdir(broken, 0o700) },
			says:     "make temporary file", remedy: broken,
		},
		"BucketFails": {
			begin: func(s *stack.Stack) error {
				_, err := s.OSS.SetFaults(t.Context(), ossserver.Fault{Pattern: stack.ResultsBucket + "/*report*", Method: http.MethodPut, Status: 500})
				return err
			},
			mend: func(s *stack.Stack) error { _, err := s.OSS.SetFaults(t.Context()); return err },
			says: "report", remedy: "InternalError",
		},
		"BucketRefuses": {
			begin: func(s *stack.Stack) error {
				_, err := s.OSS.SetFaults(t.Context(), ossserver.Fault{Pattern: stack.ResultsBucket + "/*report*", Method: http.MethodPut, Status: 403, Code: "AccessDenied"})
				return err
			},
			mend: func(s *stack.Stack) error { _, err := s.OSS.SetFaults(t.Context()); return err },
			says: "report", remedy: "oss:PutObject",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ownStack(t, 1, trouble.settings)
			createInstance(t, s, "late")
			shelf(t, s, "late", 200, map[int]string{3: "no JSON"})
			h := hooks(t, nil)
			if trouble.begin != nil {
				if err := trouble.begin(s); err != nil {
					t.Fatal(err)
				}
			}
			must(t, s, exitDone, "batch", "start", "late", "--bucket", stack.Bucket, "--path", "late", "--callback", h.URL)
			id := int64(1)
			came := await(t, h, id) // no mending needed
			if len(came) != 1 || came[0].Payload.ProcessResultURL == "" || came[0].Payload.Status != "NORMAL" {
				t.Fatalf("callbacks %+v, want one with a link", came)
			}
			ended := task(t, s, id)
			if ended.State != contract.StateSuccess || ended.ReportKey != "" || !strings.Contains(ended.ReportError, trouble.says) ||
				strings.Count(ended.ReportError, trouble.remedy) != 1 {
				t.Errorf("the ledger has %s, report %q, cause %q; want it ended, unreported, and %q once", ended.State, ended.ReportKey, ended.ReportError, trouble.remedy)
			}
			if shown := must(t, s, exitDone, "batch", "get", fmt.Sprint(id)).stdout; !strings.Contains(shown, "still being written") || !strings.Contains(shown, trouble.says) {
				t.Errorf("batch get does not say that the report is still being written, and why:\n%s", shown)
			}
			if again := starter(t, s, "batch", "cancel", fmt.Sprint(id)); again.exit != exitError || !strings.Contains(again.stderr, "finished") {
				t.Errorf("cancel of the ended task: %d, %s", again.exit, again.stderr)
			}
			// The instance is free while the report is not there.
			next := decode[map[string]any](t, must(t, s, exitDone, "batch", "start", "late", "--bucket", stack.Bucket, "--path", "late", "--output", "json"))
			if next["taskId"] != 2.0 {
				t.Errorf("the next task is %v", next["taskId"])
			}
			if err := trouble.mend(s); err != nil {
				t.Fatal(err)
			}
			watched := must(t, s, exitSomeFailed, "batch", "watch", fmt.Sprint(id))
			if !strings.Contains(watched.stdout, fmt.Sprintf("starter batch report %d", id)) {
				t.Errorf("watching an ended task: %s", watched.stdout)
			}
			eventually(t, "the report is written", func() bool { return task(t, s, id).ReportKey != "" })
			if late := task(t, s, id); late.ReportError != "" {
				t.Errorf("a cause is left: %q", late.ReportError)
			}
			if records := report(t, s, id); len(records) != 2 {
				t.Errorf("the report has %d records, want the failed line and the summary", len(records))
			}
			if link, err := http.Get(came[0].Payload.ProcessResultURL); err != nil || link.StatusCode != http.StatusOK {
				t.Errorf("the callback's link leads to %v, %v", link, err)
			} else {
				link.Body.Close()
			}
		})
	}
}
