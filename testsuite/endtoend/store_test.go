package endtoend_test

import (
	"strings"
	"testing"

	"imagebatch/testsuite/ossserver"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// setFaults makes the object store of a stack go wrong.
func setFaults(t *testing.T, s *stack.Stack, rules ...ossserver.Fault) (applied int64) {
	t.Helper()
	applied, err := s.OSS.SetFaults(t.Context(), rules...)
	if err != nil {
		t.Fatal(err)
	}
	return applied
}

// A proxy that answers 200 with a page, whatever is asked for, costs time only.
func TestPagesInFrontOfTheStoreIsolateNothing(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, nil)
	createInstance(t, s, "pages")
	shelf(t, s, "pages", 300, nil)
	setFaults(t, s, ossserver.Fault{Page: true, Probability: 0.4, Seed: 11})
	result := start(t, s, exitDone, "pages", "pages", small...)
	if pages := setFaults(t, s); pages < 100 {
		t.Errorf("only %d requests were answered with a page", pages)
	}
	if result.Tally.Succeeded != 300 || result.List.Lines != 300 {
		t.Errorf("result %+v; want all of 300 pictures", result)
	}
	if records := report(t, s, result.ID); len(records) != 1 {
		t.Errorf("the report has %d records, want the summary alone", len(records))
	}
}

// What is wrong with an object is said in the store's words, with its own remedy.
func TestArchivedPicturesAreToBeRestored(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, nil)
	createInstance(t, s, "archived")
	shelf(t, s, "archived", 30, nil)
	archive := func(pattern string) {
		setFaults(t, s, ossserver.Fault{
			Pattern: stack.Bucket + "/archived/" + pattern, Method: "GET", Status: 403, Code: "InvalidObjectState",
			Message: "The operation is not valid for the object's state.",
		})
	}
	restore := func(what, says string) {
		t.Helper()
		if !strings.Contains(says, "InvalidObjectState") || !strings.Contains(says, "restore the archived object first") ||
			strings.Contains(says, "oss:GetObject") || strings.Contains(says, "endpoint") {
			t.Errorf("%s: %q; want the store's code, and to restore the object", what, says)
		}
	}
	archive("p7.jpg")
	result := start(t, s, exitSomeFailed, "archived", "archived")
	for _, record := range report(t, s, result.ID) {
		if record.Line > 0 {
			restore("line", record.Message)
		}
	}
	if result.Tally.Failed != 1 || result.Tally.Succeeded != 29 {
		t.Errorf("result %+v; want one line failed", result)
	}
	a := must(t, s, exitError, "image", "add", "archived", "p", "a.jpg", "--bucket", stack.Bucket, "--key", "archived/p7.jpg")
	restore("operation", a.stderr)

	archive(contract.ManifestName)
	restore("check", must(t, s, exitError, "batch", "check", "--bucket", stack.Bucket, "--path", "archived").stderr)
	a = must(t, s, exitError, "batch", "start", "archived", "--bucket", stack.Bucket, "--path", "archived", "--wait")
	restore("manifest", a.stdout+a.stderr)
}

// Workers are given new tokens, and clocks are set: neither ends a task.
func TestTokenThatExpiresHoldsTheTaskOnly(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 1, nil)
	createInstance(t, s, "expires")
	shelf(t, s, "expires", 200, nil)
	setFaults(t, s,
		ossserver.Fault{Pattern: stack.Bucket + "/expires/*", Times: 2, Status: 403, Code: "SecurityTokenExpired"},
		ossserver.Fault{Pattern: stack.Bucket + "/expires/*.jpg", Times: 60, Status: 403, Code: "RequestTimeTooSkewed"},
		ossserver.Fault{Pattern: stack.Bucket + "/expires/*.jpg", Times: 60, Status: 403, Code: "InvalidAccessKeyId"},
	)
	result := start(t, s, exitDone, "expires", "expires", small...)
	if result.Tally.Succeeded != 200 {
		t.Errorf("result %+v; want all of 200 pictures", result)
	}
}
