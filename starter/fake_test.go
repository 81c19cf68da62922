package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"imagebatch/testsuite/answers"
	"imagebatch/workflows/contract"
)

// fakeServer answers as its fields say. A method whose field is nil fails the
// command with a text that no test expects.
type fakeServer struct {
	operate   func(ctx context.Context, operation string, limit time.Duration, in any) (any, error)
	start     func(in contract.BatchTaskInput) (string, error)
	polled    func(since time.Time) (bool, error)
	execution func(workflowID string) (execution, error)
	find      func(task int64) (execution, error)
	result    func(workflowID, runID string) (contract.BatchTaskResult, error)
	status    func(workflowID string) (contract.Status, error)
	setback   func(workflowID string) (setback, error)
	signal    func(workflowID, name string, control contract.Control) error

	unrecorded bool // answers what the book of answers does not have, on purpose
}

var errUnexpected = fmt.Errorf("the fake did not expect this call")

func (f *fakeServer) Operate(ctx context.Context, operation string, limit time.Duration, in, out any) error {
	if f.operate == nil {
		return fmt.Errorf("%s: %w", operation, errUnexpected)
	}
	answer, err := f.operate(ctx, operation, limit, in)
	if why := unlikeAWorker(operation, in, answer, err); why != "" && !f.unrecorded {
		return fmt.Errorf("the fake answers as no worker does: %s", why)
	}
	if err != nil {
		return err
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

// recorded is how workers answer; see package answers.
var recorded = sync.OnceValues(func() (answers.Book, error) { return answers.Open("testdata/answers.json") })

// unlikeAWorker says how a fake's answer differs from those that workers give,
// or returns "". What is no refusal is the connection's, and not in question.
func unlikeAWorker(operation string, in, answer any, err error) string {
	book, unread := recorded()
	var refusal *contract.Error
	switch {
	case unread != nil:
		return unread.Error()
	case errors.As(err, &refusal):
		return book.Differs(operation, in, nil, refusal.Code)
	case err != nil:
		return ""
	}
	return book.Differs(operation, in, answer, "")
}

func (f *fakeServer) Start(_ context.Context, in contract.BatchTaskInput) (string, error) {
	if f.start == nil {
		return "", errUnexpected
	}
	return f.start(in)
}

func (f *fakeServer) Polled(_ context.Context, since time.Time) (bool, error) {
	if f.polled == nil {
		return true, nil
	}
	return f.polled(since)
}

func (f *fakeServer) Execution(_ context.Context, workflowID string) (execution, error) {
	if f.execution == nil {
		return execution{}, errUnexpected
	}
	return f.execution(workflowID)
}

func (f *fakeServer) Find(_ context.Context, task int64) (execution, error) {
	if f.find == nil {
		return execution{}, errUnexpected
	}
	return f.find(task)
}

func (f *fakeServer) Result(_ context.Context, workflowID, runID string) (contract.BatchTaskResult, error) {
	if f.result == nil {
		return contract.BatchTaskResult{}, errUnexpected
	}
	return f.result(workflowID, runID)
}

func (f *fakeServer) Status(_ context.Context, workflowID string) (contract.Status, error) {
	if f.status == nil {
		return contract.Status{}, errUnexpected
	}
	return f.status(workflowID)
}

func (f *fakeServer) Setback(_ context.Context, workflowID string) (setback, error) {
	if f.setback == nil {
		return setback{}, nil
	}
	return f.setback(workflowID)
}

func (f *fakeServer) Signal(_ context.Context, workflowID, name string, control contract.Control) error {
	if f.signal == nil {
		return errUnexpected
	}
	return f.signal(workflowID, name, control)
}

func (f *fakeServer) Close() {}

// answering makes an operate function that gives one answer and records the input.
func answering(t *testing.T, operation string, got *any, answer any, err error) func(context.Context, string, time.Duration, any) (any, error) {
	t.Helper()
	return func(_ context.Context, name string, _ time.Duration, in any) (any, error) {
		if name != operation {
			t.Errorf("operation = %q, want %q", name, operation)
		}
		if got != nil {
			*got = in
		}
		return answer, err
	}
}

// outcome is what a run of the program left behind.
type outcome struct {
	status         int
	stdout, stderr string
}

// try runs the program over a fake, words split at spaces.
func try(t *testing.T, f *fakeServer, line string, env ...string) outcome {
	t.Helper()
	return tryArgs(t, t.Context(), f, strings.Fields(line), env...)
}

func tryArgs(t *testing.T, ctx context.Context, f *fakeServer, args []string, env ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(ctx, process{
		args: args, env: env, stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr,
		by: "ann@host", zone: time.UTC,
		dial: func(context.Context, address) (server, error) {
			if f == nil {
				return nil, fmt.Errorf("connect to Temporal at nowhere: %w", errUnexpected)
			}
			return f, nil
		},
	})
	return outcome{status, stdout.String(), stderr.String()}
}

// want compares what a run left behind, a mismatch shown in full.
func (o outcome) want(t *testing.T, status int, stdout, stderr string) {
	t.Helper()
	if o.status != status {
		t.Errorf("exit status = %d, want %d", o.status, status)
	}
	if o.stdout != stdout {
		t.Errorf("standard output:\n%s\nwant:\n%s", o.stdout, stdout)
	}
	if o.stderr != stderr {
		t.Errorf("standard error:\n%s\nwant:\n%s", o.stderr, stderr)
	}
}

func rows(l ...string) string { return strings.Join(l, "\n") + "\n" }

var began = time.Date(2025, 5, 4, 3, 2, 1, 0, time.UTC)

// aTask is a task as the ledger has it, changed by edits.
func aTask(edits ...func(*contract.Task)) contract.Task {
	task := contract.Task{
		ID: 12, Kind: contract.KindBatchTask, WorkflowID: "batch-task.shop", RunID: "first", Instance: "shop", InstanceID: "imagesearch-1",
		Region: "cn-shanghai", Bucket: "photos", Path: "/spring", State: contract.StateSuccess, Message: contract.SuccessMessage,
		Planned: true,
		List: contract.WorkList{
			Bucket: "photos", Key: "spring/increment.meta", ETag: "etag", Lines: 2000, RawLines: 2000, Digest: "digest", OffsetsKey: "offsets",
		},
		Tally:     contract.Tally{Counts: contract.Counts{Succeeded: 2000}},
		StartedAt: began, EndedAt: began.Add(90 * time.Second), ReportKey: "reports/12.ndjson", CSVKey: "reports/12.csv",
	}
	for _, edit := range edits {
		edit(&task)
	}
	return task
}

func inState(s contract.State) func(*contract.Task) {
	return func(t *contract.Task) {
		t.State = s
		if !s.Final() {
			t.EndedAt, t.Message, t.ReportKey, t.CSVKey = time.Time{}, "", "", ""
			t.Tally.Succeeded = 500
		}
	}
}

func withFailures(t *contract.Task) {
	t.Message = contract.PartialMessage
	t.Tally.Succeeded, t.Tally.Failed = 1987, 13
	t.Tally.Codes = map[contract.Code]int64{contract.CodeInvalidPicURL: 12, contract.CodeInvalidMetaItem: 1}
}

// ledger answers ListTasks from a list of tasks.
func ledger(tasks ...contract.Task) func(context.Context, string, time.Duration, any) (any, error) {
	return func(_ context.Context, operation string, _ time.Duration, in any) (any, error) {
		filter, ok := in.(contract.ListTasksInput)
		if !ok || operation != contract.ListTasks.Name {
			return nil, fmt.Errorf("%s: %w", operation, errUnexpected)
		}
		var list contract.TaskList
		for _, task := range tasks {
			if filter.ID == 0 || filter.ID == task.ID {
				list.Tasks = append(list.Tasks, task)
			}
		}
		return list, nil
	}
}

// noWorker is a ledger that nobody answers for.
func noWorker(context.Context, string, time.Duration, any) (any, error) {
	return nil, noWorkerError{"imagebatch"}
}

func words(line string) []string { return strings.Fields(line) }

func lastLine(text string) string {
	all := strings.SplitAfter(text, "\n")
	return all[max(0, len(all)-2)]
}
