package endtoend_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"imagebatch/testsuite/ossserver"
	"imagebatch/testsuite/stack"
)

// A worker that is frozen while it writes holds the database, however long. It
// is named to whoever asks, what only reads is answered, and once it goes on so
// does the task.
func TestWorkerFrozenInATransactionIsNamed(t *testing.T) {
	t.Parallel()
	s := ownStack(t, 2, nil)
	createInstance(t, s, "frozen")
	batch := randomBatch(t, s, "frozen", 41, 3000)
	if _, err := s.OSS.SetFaults(t.Context(), ossserver.Fault{Pattern: stack.Bucket + "/frozen/tiny/*", DelayMS: 100}); err != nil {
		t.Fatal(err)
	}
	id := begun(t, s, "frozen", "frozen", small...)
	worker := s.Workers[1]
	t.Cleanup(func() { worker.Signal(syscall.SIGCONT) }) // so that it can be stopped
	eventually(t, "the second worker is frozen while it writes", func() bool {
		for range 1000 { // a transaction takes some milliseconds
			if !writes(t, s, worker.PID()) {
				continue
			}
			halt(t, worker)
			if writes(t, s, worker.PID()) {
				return true
			}
			if err := worker.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
		}
		return false
	})
	named := fmt.Sprintf(`process %d ("worker", stopped) holds its lock; let it go on with: kill -CONT %d`, worker.PID(), worker.PID())
	readable(t, s, "frozen", named)
	// Nor does a worker that starts now need to write.
	if _, err := s.StartWorker(nil); err != nil {
		t.Error(err)
	}
	heldUp(t, s, id, batch, 1, fmt.Sprintf("kill -CONT %d", worker.PID()))
	readable(t, s, "frozen", named)
	if err := worker.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	goesOn(t, s, "frozen", id, batch)
}

// writes tells whether a process holds the lock of those who write, which is a
// byte of the file beside the database.
// Source: https://www.sqlite.org/walformat.html#wal_locks
func writes(t *testing.T, s *stack.Stack, process int) bool {
	t.Helper()
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		t.Fatal(err)
	}
	var file syscall.Stat_t
	if err := syscall.Stat(s.Database()+"-shm", &file); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(locks)) {
		fields := strings.Fields(line)
		if len(fields) == 8 && fields[3] == "WRITE" && fields[4] == fmt.Sprint(process) &&
			strings.HasSuffix(fields[5], fmt.Sprintf(":%d", file.Ino)) && fields[6] == "120" {
			return true
		}
	}
	return false
}

// halt stops a process, and waits until it stands still.
func halt(t *testing.T, process *stack.Process) {
	t.Helper()
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it stands still", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process.PID()))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(stat), ") T ")
	})
}
