package main

import (
	"testing"

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
			got := try(t, &fakeServer{operate: answers(t, contract.ResendCallback.Name, &asked, test.answer, test.err)}, test.line)
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
	for name, test := range map[string]struct {
		task contract.Task
		line string
		want string
	}{
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
