package endtoend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// Exit statuses of the starter.
const (
	exitDone       = 0
	exitError      = 1
	exitUsage      = 2
	exitSomeFailed = stack.SomeFailed
	exitStopped    = 4
)

// answer is what a run of the starter left behind.
type answer struct {
	stdout, stderr string
	exit           int
}

// starter runs the starter against a stack.
func starter(t *testing.T, s *stack.Stack, arguments ...string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	return finish(t, s.Starter(ctx, arguments...))
}

func finish(t *testing.T, command *exec.Cmd) answer {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %v: %v", command.Args, err)
	}
	return answer{stdout: stdout.String(), stderr: stderr.String(), exit: command.ProcessState.ExitCode()}
}

// must runs the starter and wants an exit status.
func must(t *testing.T, s *stack.Stack, exit int, arguments ...string) answer {
	t.Helper()
	a := starter(t, s, arguments...)
	if a.exit != exit {
		t.Fatalf("starter %s: exit status %d, want %d\nstdout: %s\nstderr: %s", strings.Join(arguments, " "), a.exit, exit, a.stdout, a.stderr)
	}
	return a
}

// decode reads the JSON that the starter printed.
func decode[V any](t *testing.T, a answer) V {
	t.Helper()
	var value V
	if err := json.Unmarshal([]byte(a.stdout), &value); err != nil {
		t.Fatalf("starter printed no JSON: %v\n%s", err, a.stdout)
	}
	return value
}

// put writes an object of the catalogue bucket.
func put(t *testing.T, s *stack.Stack, key string, content []byte) {
	t.Helper()
	objects, err := s.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := objects.Put(t.Context(), stack.Bucket, key, "application/octet-stream", bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

// createInstance makes an instance named after the test's subject.
func createInstance(t *testing.T, s *stack.Stack, name string) {
	t.Helper()
	must(t, s, exitDone, "instance", "create", name, "--region", stack.Region)
}

// task is what the ledger has of a task.
func task(t *testing.T, s *stack.Stack, id int64) contract.Task {
	t.Helper()
	return decode[contract.Task](t, must(t, s, exitDone, "batch", "get", fmt.Sprint(id), "--output", "json"))
}

// conserved checks that every line of a closed task is accounted for.
func conserved(t *testing.T, task contract.Task) {
	t.Helper()
	if task.Left() != 0 {
		t.Errorf("task %d: %d of %d lines have no outcome: %+v", task.ID, task.Left(), task.List.Lines, task.Tally.Counts)
	}
}

// record is a line of a report.
type record struct {
	Line         int64           `json:"line"`
	Product      string          `json:"ProductId"`
	Picture      string          `json:"PicName"`
	Code         contract.Code   `json:"Code"`
	Message      string          `json:"Message"`
	Raw          string          `json:"raw"`
	CanceledFrom int64           `json:"canceledFrom"`
	CanceledTo   int64           `json:"canceledTo"`
	Summary      json.RawMessage `json:"summary"`
}

// report fetches a task's report as a user would.
func report(t *testing.T, s *stack.Stack, id int64) []record {
	t.Helper()
	text := must(t, s, exitDone, "batch", "report", fmt.Sprint(id), "--format", "ndjson").stdout
	var records []record
	for decoder := json.NewDecoder(strings.NewReader(text)); ; {
		var r record
		err := decoder.Decode(&r)
		if errors.Is(err, io.EOF) {
			return records
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
}

// eventually polls until the condition holds: for what other processes do.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
