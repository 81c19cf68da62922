package endtoend_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"imagebatch/testsuite/catalogue"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// storeIn is the state folder of a stack that keeps its database in another one.
func storeIn(t *testing.T, folder string) (state string) {
	t.Helper()
	state = t.TempDir()
	const name = "imagebatch.db"
	if err := os.Symlink(filepath.Join(folder, name), filepath.Join(state, name)); err != nil {
		t.Fatal(err)
	}
	return state
}

func TestFullDiskHoldsTheBatchUntilThereIsSpace(t *testing.T) {
	t.Parallel()
	for name, limited := range map[string]func(t *testing.T) (s *stack.Stack, exhaust, mend func()){
		"Disk": smallDisk, "FileSize": fileSizeLimit,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, exhaust, mend := limited(t)
			createInstance(t, s, "full")
			batch := randomBatch(t, s, "full", 31, 3000)
			id := begun(t, s, "full", "full", small...)
			exhaust()
			heldUp(t, s, id, batch, 3, "free space on its disk")
			readable(t, s, "full", "free space on its disk")
			a := starter(t, s, "instance", "create", "other", "--region", stack.Region)
			if a.exit != exitError || !strings.Contains(a.stderr, "free space on its disk") || strings.Count(a.stderr, "\n") != 1 {
				t.Errorf("creating an instance: exit status %d, %q; want one line with the remedy", a.exit, a.stderr)
			}
			mend()
			goesOn(t, s, "full", id, batch)
		})
	}
}

// smallDisk is a stack whose database is on a disk of its own, which can be
// filled and emptied.
func smallDisk(t *testing.T) (s *stack.Stack, exhaust, mend func()) {
	t.Helper()
	folder := t.TempDir()
	switch err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=64m"); {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		t.Skip("this user may not mount a disk; the limit on the size of files shows the same")
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(folder, "ballast")
	exhaust = func() {
		file, err := os.Create(ballast)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := io.Copy(file, zeros{}); !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("filling the disk: %v", err)
		}
	}
	mend = func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
	return ownStackWith(t, stack.Options{State: storeIn(t, folder), Bin: "../../bin", Workers: 2}), exhaust, mend
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// fileSizeLimit is a stack whose workers can be forbidden to write any byte of a
// file but the first, which is what remains of a full disk where no disk can be
// mounted.
func fileSizeLimit(t *testing.T) (s *stack.Stack, exhaust, mend func()) {
	t.Helper()
	s = ownStack(t, 2, nil)
	limit := func(bytes uint64) {
		for _, worker := range s.Workers {
			if err := unix.Prlimit(worker.PID(), unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s, func() { limit(1) }, func() { limit(unix.RLIM_INFINITY) }
}

func TestReadOnlyStoreHoldsTheBatchUntilItCanBeWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := ownStackWith(t, stack.Options{State: storeIn(t, folder), Bin: "../../bin", Worker: mortalWorker(t), Workers: 2})
	createInstance(t, s, "readonly")
	batch := randomBatch(t, s, "readonly", 37, 3000)
	id := begun(t, s, "readonly", "readonly", small...)
	for _, worker := range s.Workers {
		worker.Kill()
	}
	setWritable(t, folder, false)
	if _, err := s.StartWorker(map[string]string{"IMAGEBATCH_LISTEN": s.Metrics()}); err != nil { // it can tell how tasks stand
		t.Fatal(err)
	}
	heldUp(t, s, id, batch, 3, "right to write")
	readable(t, s, "readonly", "right to write")
	setWritable(t, folder, true)
	goesOn(t, s, "readonly", id, batch)
}

func TestWorkerThatCannotOpenItsStoreSaysWhatToDo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := ownStackWith(t, stack.Options{State: storeIn(t, folder), Bin: "../../bin", Worker: mortalWorker(t)})
	if err := s.Workers[0].Stop(time.Minute); err != nil {
		t.Fatal(err)
	}
	setWritable(t, folder, false)
	worker, err := s.StartWorker(nil) // nothing is beside the file any more, and nothing can be made there
	if err == nil || !strings.Contains(err.Error(), "right to write") || !strings.Contains(err.Error(), "imagebatch.db") {
		t.Errorf("the worker %v ended with %v; want the file and the remedy in its last line", worker, err)
	}
	s.Workers = s.Workers[:1] // the other has ended, and not well
	setWritable(t, folder, true)
	if _, err := s.StartWorker(nil); err != nil {
		t.Errorf("once the folder can be written: %v", err)
	}
}

// mortalWorker is a worker that may write no more than the modes of files allow,
// also when its user is root.
func mortalWorker(t *testing.T) (program string) {
	t.Helper()
	worker, err := filepath.Abs("../../bin/worker")
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		return worker
	}
	program = filepath.Join(t.TempDir(), "worker")
	script := fmt.Sprintf("#!/bin/sh\nexec setpriv --bounding-set -dac_override,-dac_read_search '%s' \"$@\"\n", worker)
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return program
}

// setWritable changes what the owner may do to a folder and the files in it.
func setWritable(t *testing.T, folder string, writable bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	fileMode, folderMode := os.FileMode(0o444), os.FileMode(0o555)
	if writable {
		fileMode, folderMode = 0o644, 0o755
	}
	for _, file := range files {
		if err := os.Chmod(file, fileMode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(folder, folderMode); err != nil {
		t.Fatal(err)
	}
}

// heldUp waits until a step of a task has failed so many times because of its
// store, and checks that people are told why, and that its counts stay right meanwhile.
func heldUp(t *testing.T, s *stack.Stack, id int64, batch catalogue.Batch, failures int, remedy string) {
	t.Helper()
	var told struct{ HeldUp struct{ Failures int } }
	var shown string
	eventually(t, "a step of the task has been refused by the store again and again", func() bool {
		got := starter(t, s, "batch", "get", fmt.Sprint(id), "-o", "json")
		return json.Unmarshal([]byte(got.stdout), &told) == nil && told.HeldUp.Failures >= failures
	})
	for line := range strings.Lines(must(t, s, exitDone, "batch", "get", fmt.Sprint(id), "--timeout", "4m").stdout) {
		if strings.HasPrefix(line, "held up") {
			shown = line
		}
	}
	if !strings.Contains(shown, remedy) || !strings.Contains(shown, "imagebatch.db") {
		t.Errorf("batch get shows %q; want one line with the file and %q", shown, remedy)
	}
	logged := false
	for _, worker := range s.Workers {
		log, err := os.ReadFile(worker.Log)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(log)) {
			logged = logged || strings.Contains(line, "Activity error") && strings.Contains(line, remedy) && strings.Contains(line, "imagebatch.db")
		}
	}
	if !logged {
		t.Errorf("no line of the workers' logs has %q", remedy)
	}
	held := decode[contract.Task](t, must(t, s, exitDone, "batch", "get", fmt.Sprint(id), "--timeout", "4m", "--output", "json"))
	if held.State != contract.StateProcessing || held.Tally.Failed > int64(len(batch.Failures)) || held.Left() == 0 {
		t.Errorf("while it is held up the task is %+v", held)
	}
}

// readable checks that a store that cannot be written answers what only reads,
// and that the first worker's health names the remedy.
func readable(t *testing.T, s *stack.Stack, instance, remedy string) {
	t.Helper()
	// Where one of the workers is frozen it may have the search in hand first.
	found := decode[contract.SearchResult](t, must(t, s, exitDone, "image", "search", instance, "--output", "json", "--timeout", "4m", "--file", local(t, 5)))
	pictures := decode[contract.Instance](t, must(t, s, exitDone, "instance", "get", instance, "--timeout", "4m", "--output", "json")).Pictures
	if found.Searched != pictures {
		t.Errorf("a search looked at %d of %d pictures", found.Searched, pictures)
	}
	if told := health(t, s); !strings.Contains(told, remedy) || !strings.Contains(told, "imagebatch.db") || strings.Count(told, "\n") != 1 {
		t.Errorf("healthz says %q; want one line with the file and %q", told, remedy)
	}
}

// health is what the first worker says of itself.
func health(t *testing.T, s *stack.Stack) string {
	t.Helper()
	response, err := http.Get("http://" + s.Metrics() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	told, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if (response.StatusCode == http.StatusOK) != (string(told) == "ok\n") {
		t.Errorf("healthz answers %d with %q", response.StatusCode, told)
	}
	return string(told)
}

// goesOn waits until a task has ended by itself, and checks that it has as if
// nothing had happened.
func goesOn(t *testing.T, s *stack.Stack, instance string, id int64, batch catalogue.Batch) {
	t.Helper()
	must(t, s, exitSomeFailed, "batch", "watch", fmt.Sprint(id))
	eventually(t, "the worker is healthy", func() bool { return health(t, s) == "ok\n" })
	done := task(t, s, id)
	conserved(t, done)
	if done.Tally.Failed != int64(len(batch.Failures)) {
		t.Errorf("%d lines failed, planted were %d", done.Tally.Failed, len(batch.Failures))
	}
	sameAsSerial(t, s, instance, id, batch)
}
