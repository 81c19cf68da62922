package endtoend_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"imagebatch/testsuite/stack"
)

// shared is the stack of all tests that kill nothing: starting Temporal takes
// longer than most of them. Tests keep apart by the names of their instances and
// folders.
var shared *stack.Stack

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	state, err := os.MkdirTemp("", "imagebatch-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	shared, err = startStack(stack.Options{State: state, Bin: "../../bin"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := shared.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if code == 0 {
		os.RemoveAll(state) // a temporary folder; what is left of it harms nothing
	} else {
		fmt.Fprintln(os.Stderr, "logs and files are kept in", state)
	}
	return code
}

func startStack(options stack.Options) (s *stack.Stack, err error) {
	if options.Bin, err = filepath.Abs(options.Bin); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return stack.Start(ctx, options)
}

// ownStack is for tests that kill processes or need other settings.
func ownStack(t *testing.T, workers int, settings map[string]string) *stack.Stack {
	t.Helper()
	return ownStackOf(t, "../../bin", workers, settings)
}

// ownStackOf is for tests that need other programs than the product's.
func ownStackOf(t *testing.T, programs string, workers int, settings map[string]string) *stack.Stack {
	t.Helper()
	return ownStackWith(t, stack.Options{State: t.TempDir(), Bin: programs, Workers: workers, Settings: settings})
}

// ownStackWith is for tests that need more than that to be different.
func ownStackWith(t *testing.T, options stack.Options) *stack.Stack {
	t.Helper()
	s, err := startStack(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil && !t.Failed() {
			t.Error(err)
		}
		if t.Failed() {
			showLogs(t, options.State)
		}
	})
	return s
}

// showLogs prints the end of what the processes of a stack had to say.
func showLogs(t *testing.T, state string) {
	logs, _ := filepath.Glob(filepath.Join(state, "logs", "*.log")) // the pattern is well formed
	for _, log := range logs {
		content, err := os.ReadFile(log)
		if err != nil {
			t.Log(err)
			continue
		}
		t.Logf("%s:\n%s", log, content[max(0, len(content)-4000):])
	}
}
