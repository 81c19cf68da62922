package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

func TestCallbackResend(t *testing.T) {
	t.Parallel()
	const id = "12-first"
	for name, test := range map[string]struct {
		reason         string
		line           string
		answer         any
		err            error
		status         int
		stdout, stderr string
	}{
		"Started": {
			line: "batch callback 12 --resend", answer: contract.Resent{Task: 12, ID: id, Started: true},
			stdout: "task 12: the callback is being sent again, as 12-first; see: starter batch callback 12\n",
		},
		"StillTried": {
			reason: "a delivery that is under way is not doubled",
			line:   "batch callback 12 --resend", answer: contract.Resent{Task: 12, ID: id},
			stdout: "task 12: an earlier delivery is still being tried, and goes on; see: starter batch callback 12\n",
		},
		"JSON": {
			line: "batch callback 12 --resend -o json", answer: contract.Resent{Task: 12, ID: id, Started: true},
			stdout: rows("{", `  "taskId": 12,`, `  "id": "12-first",`, `  "started": true`, "}"),
		},
		"Refused": {
			line: "batch callback 12 --resend", err: contract.Errorf(contract.CodeBadRequest, "task 12 was started without a callback"),
			status: exitError, stderr: "Console.BadRequest: task 12 was started without a callback\n",
		},
		"NoNumber": {
			line: "batch callback 0 --resend", status: exitUsage,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked any
			got := try(t, &fakeServer{operate: answering(t, contract.ResendCallback.Name, &asked, test.answer, test.err)}, test.line)
			if test.status == exitUsage {
				if got.status != exitUsage || asked != nil {
					t.Errorf("exit status %d, asked %v; want the command line refused", got.status, asked)
				}
				return
			}
			got.want(t, test.status, test.stdout, test.stderr)
			if diff := cmp.Diff(any(contract.TaskRef{Task: 12}), asked); diff != "" {
				t.Errorf("input (-want +got):\n%s%s", diff, test.reason)
			}
		})
	}
}

func TestCallbackShowsWhereItStands(t *testing.T) {
	t.Parallel()
	failed := aTask(func(task *contract.Task) {
		task.Callback, task.CallbackState, task.CallbackError = "https://shop.example/hook", contract.CallbackFailed, "it answered 500"
	})
	open := aTask(inState(contract.StateProcessing), func(task *contract.Task) { task.Callback = "https://shop.example/hook" })
	trying := aTask(func(task *contract.Task) {
		task.Callback, task.CallbackState, task.CallbackError = "https://user:s3cret@shop.example/hook?token=s3cret", contract.CallbackPending, "post callback to shop.example: there is no such host; check its name"
		task.CallbackAttempts, task.CallbackNext = 3, time.Date(2025, 5, 4, 3, 5, 0, 0, time.UTC)
	})
	for name, test := range map[string]struct {
		task contract.Task
		line string
		want string
	}{
		"Trying": {trying, "batch callback 12", rows("task      12", "callback  https://…@shop.example/hook?…", "state     pending", "attempts  3",
			"error     post callback to shop.example: there is no such host; check its name", "next      2025-05-04 03:05:00")},
		"TryingJSON": {trying, "batch callback 12 -o json", rows("{", `  "taskId": 12,`, `  "callback": "https://…@shop.example/hook?…",`, `  "state": "pending",`,
			`  "error": "post callback to shop.example: there is no such host; check its name",`, `  "attempts": 3,`, `  "next": "2025-05-04T03:05:00Z"`, "}")},
		"Failed": {failed, "batch callback 12", rows("task      12", "callback  https://shop.example/hook", "state     failed", "error     it answered 500")},
		"Open":   {open, "batch callback 12", rows("task      12", "callback  https://shop.example/hook", "state     sent when the task has ended")},
		"None":   {aTask(), "batch callback 12", "task 12 has no callback\n"},
		"JSON": {failed, "batch callback 12 -o json", rows("{", `  "taskId": 12,`, `  "callback": "https://shop.example/hook",`,
			`  "state": "failed",`, `  "error": "it answered 500"`, "}")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try(t, &fakeServer{operate: ledger(test.task)}, test.line).want(t, exitDone, test.want, "")
		})
	}
}

func TestStartSendsItsLimits(t *testing.T) {
	t.Parallel()
	var sent contract.BatchTaskInput
	f := &fakeServer{execution: begun(12), start: func(in contract.BatchTaskInput) (string, error) {
		sent = in
		return "first", nil
	}}
	if got := try(t, f, startShop+" --max-failures 0.5% --max-deletes 1000"); got.status != exitDone {
		t.Fatalf("%+v", got)
	}
	if sent.MaxFailures != "0.5%" || sent.MaxDeletes != "1000" {
		t.Errorf("sent %q and %q", sent.MaxFailures, sent.MaxDeletes)
	}
	for _, flag := range []string{" --max-failures many", " --max-deletes 101%"} {
		if got := try(t, f, startShop+flag); got.status != exitUsage {
			t.Errorf("%s: exit status %d, want %d: %s", flag, got.status, exitUsage, got.stderr)
		}
	}
}

// A secret in a callback's query, or in an address that an earlier version let
// in, is on no screen, whichever worker answers.
func TestCallbackSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	task := aTask(func(task *contract.Task) {
		task.Callback, task.CallbackState, task.CallbackError = "https://user:s3cret@shop.example/hook?token=s3cret#s3cret", contract.CallbackPending, "it answered 500"
		task.CallbackAttempts, task.CallbackNext = 2, time.Date(2025, 5, 4, 3, 5, 0, 0, time.UTC)
	})
	report := contract.SignedReport{Task: task, URL: "https://results.example/report", CSVURL: "https://results.example/csv", Expires: began}
	for line, f := range map[string]*fakeServer{
		"batch get 12":              {operate: ledger(task)},
		"batch get 12 -o json":      {operate: ledger(task)},
		"batch list":                {operate: ledger(task)},
		"batch list -o json":        {operate: ledger(task)},
		"batch callback 12":         {operate: ledger(task)},
		"batch callback 12 -o json": {operate: ledger(task)},
		"batch watch 12 -o json":    {operate: ledger(task)},
		"batch report 12 -o json":   {operate: answering(t, contract.SignReport.Name, nil, report, nil)},
	} {
		got := try(t, f, line)
		if strings.Contains(got.stdout+got.stderr, "s3cret") {
			t.Errorf("%s shows a secret:\n%s%s", line, got.stdout, got.stderr)
		}
		if !strings.Contains(line, "list") && line != "batch watch 12" && !strings.Contains(got.stdout, "https://…@shop.example/hook?…") {
			t.Errorf("%s shows\n%s%swant the address without its secrets", line, got.stdout, got.stderr)
		}
	}
	want := "callback  https://…@shop.example/hook?… pending, 2 attempts: it answered 500; next attempt 2025-05-04 03:05:00\n"
	if got := try(t, &fakeServer{operate: ledger(task)}, "batch get 12"); !strings.Contains(got.stdout, want) {
		t.Errorf("batch get shows\n%swant %q in it", got.stdout, want)
	}
}

func TestStartRefusesCallbacksThatCannotBe(t *testing.T) {
	t.Parallel()
	for callback, says := range map[string]string{
		"https://user:s3cret@shop.example/hook?token=s3cret": "IMAGEBATCH_CALLBACK_CREDENTIALS",
		"https://shop.example:0/":                            "the port 0",
		"https://shop.example:65536/":                        "the port 65536",
		"http://2130706433/":                                 "a number in a form",
		"http://0177.1/":                                     "a number in a form",
		"http://0x7f.1/":                                     "a number in a form",
		"http://127.1/":                                      "a number in a form",
		"ftp://shop.example/s3cret":                          "http:// or https://",
	} {
		got := try(t, &fakeServer{}, startShop+" --callback "+callback)
		if got.status != exitUsage || !strings.Contains(got.stderr, says) || strings.Contains(got.stderr, "s3cret") {
			t.Errorf("%s: exit status %d, %q; want %d, %q and no secret", callback, got.status, got.stderr, exitUsage, says)
		}
	}
}
