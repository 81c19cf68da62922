package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// Environment variables that name, to a process of these tests, the database that
// it is to hold, or to ask whether it can be written.
const (
	heldFile  = "TEST_HELD_DATABASE"
	askedFile = "TEST_ASKED_DATABASE"
)

func TestMain(m *testing.M) {
	for variable, work := range map[string]func(path string) error{heldFile: hold, askedFile: ask} {
		if path := os.Getenv(variable); path != "" {
			if err := work(path); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// ask tells whether a database can be written.
func ask(path string) error {
	s, err := store.Open(context.Background(), path)
	if err != nil {
		return err
	}
	return s.Writable(context.Background()) // the process ends
}

// hold is in the middle of a transaction from when it has said so until its
// input ends.
func hold(path string) error {
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=10000&_txlock=immediate")
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	fmt.Println("held")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return tx.Rollback()
}

// holding is another process in the middle of a transaction, which ends with
// release.
func holding(t *testing.T, path string) (process *os.Process, release func()) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), heldFile+"="+path)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(output).ReadString('\n'); err != nil || said != "held\n" {
		t.Fatalf("the process that is to hold the database said %q, %v", said, err)
	}
	over := false
	release = func() {
		if over {
			return
		}
		over = true
		if err := input.Close(); err != nil {
			t.Error(err)
		}
		if err := command.Wait(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() {
		command.Process.Signal(syscall.SIGCONT) // a stopped one does not see its input end
		release()
	})
	return command.Process, release
}

// stop stops a process, and waits until it is.
func stop(t *testing.T, process *os.Process) {
	t.Helper()
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(stat), ") T ") {
			return
		}
	}
}

// Whoever stands still in the middle of a transaction is named, and whoever waits
// for the file or asks whether it can be written is told.
func TestWhoHoldsTheDatabaseIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stopped bool
		want    func(pid int) []string
	}{
		"Stopped": {true, func(pid int) []string {
			return []string{fmt.Sprintf(`process %d ("store.test", stopped) holds its lock`, pid), fmt.Sprintf("kill -CONT %d", pid), fmt.Sprintf("kill -KILL %d", pid)}
		}},
		"Running": {false, func(pid int) []string {
			return []string{fmt.Sprintf(`process %d ("store.test", `, pid), "look whether it hangs", fmt.Sprintf("kill %d", pid)}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "index.db")
			s := open(t, path)
			process, release := holding(t, path)
			if c.stopped {
				stop(t, process)
			}
			want := append(c.want(process.Pid), path)
			wantText(t, s.Writable(t.Context()), want...)
			within, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			wantText(t, s.Write(within, fill), want...)
			if c.stopped {
				if err := process.Signal(syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
			}
			release()
			if err := s.Writable(t.Context()); err != nil {
				t.Errorf("once it has let go: %v", err)
			}
			if err := s.Write(t.Context(), fill); err != nil {
				t.Errorf("writing once it has let go: %v", err)
			}
		})
	}
}

// A paused container looks as if its processes slept.
func TestHolderInAPausedContainer(t *testing.T) {
	t.Parallel()
	hierarchy, file, freeze, thaw := "/sys/fs/cgroup", "cgroup.freeze", "1", "0"
	if info, err := os.Stat("/sys/fs/cgroup/freezer"); err == nil && info.IsDir() {
		hierarchy, file, freeze, thaw = "/sys/fs/cgroup/freezer", "freezer.state", "FROZEN", "THAWED"
	} else if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err != nil {
		t.Skip("this machine has no cgroups that can be frozen")
	}
	group := filepath.Join(hierarchy, fmt.Sprint("imagebatch-test-", os.Getpid()))
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skip("this user may not make a cgroup: ", err)
	}
	t.Cleanup(func() { // the last: by then the process has ended
		if err := os.Remove(group); err != nil {
			t.Error(err)
		}
	})
	set := func(file, value string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(group, file), []byte(value), 0); err != nil {
			t.Error(err)
		}
	}
	path := filepath.Join(t.TempDir(), "index.db")
	s := open(t, path)
	process, release := holding(t, path)
	set("cgroup.procs", fmt.Sprint(process.Pid))
	set(file, freeze)
	defer set(file, thaw) // or it would never end
	wantText(t, s.Writable(t.Context()), fmt.Sprintf(`process %d ("store.test", frozen) holds its lock; its container or unit is paused`, process.Pid), "docker unpause")
	set(file, thaw)
	release()
	if err := s.Writable(t.Context()); err != nil {
		t.Errorf("once it goes on: %v", err)
	}
}

// A process in another container has no number here, and can be found all the same.
func TestHolderInAnotherContainer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	open(t, path)
	holding(t, path)
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), askedFile+"="+path)
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	said, err := command.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("this user may not make a namespace for processes")
	}
	var file syscall.Stat_t
	if err := syscall.Stat(path+"-shm", &file); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("a process outside of this container holds its lock; find it on the host with: grep :%d /proc/locks", file.Ino)
	if err == nil || !strings.Contains(string(said), want) {
		t.Errorf("it said %q, %v; want %q", said, err, want)
	}
}

// To ask who holds the lock must not let go of this process's own: another
// process that wants to write in the middle of a transaction has to wait.
func TestAskingForTheHolderKeepsTheLocks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.db")
	s := open(t, path)
	if err := s.Write(t.Context(), func(tx *store.Tx) error {
		if err := fill(tx); err != nil {
			return err
		}
		other := open(t, path) // shares the descriptors with the first
		wantText(t, other.Writable(t.Context()), path)
		wantText(t, s.Writable(t.Context()), fmt.Sprintf("this process, %d, has been writing it for ", os.Getpid()))
		command := exec.CommandContext(t.Context(), os.Args[0])
		command.Env = append(os.Environ(), heldFile+"="+path+"?_busy_timeout=1&")
		said, err := command.CombinedOutput()
		if err == nil || !strings.Contains(string(said), "database is locked") {
			t.Errorf("another process got the lock of an open transaction: %q, %v", said, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// While somebody holds the file, what only reads is answered, and not more often
// than its rate allows.
func TestReadingRequestsNeedNoWrite(t *testing.T) {
	t.Parallel()
	for name, prevent := range map[string]func(t *testing.T, s *store.Store, path string) (again *store.Store, mend func()){
		"Held": func(t *testing.T, s *store.Store, path string) (*store.Store, func()) {
			process, release := holding(t, path)
			stop(t, process)
			return s, func() {
				if err := process.Signal(syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
				release()
			}
		},
		"HeldByThisProcess": func(t *testing.T, s *store.Store, _ string) (*store.Store, func()) {
			begun, end, done := make(chan struct{}), make(chan struct{}), make(chan error)
			go func() {
				done <- s.Write(context.WithoutCancel(t.Context()), func(*store.Tx) error {
					close(begun)
					<-end
					return nil
				})
			}()
			<-begun
			return s, func() {
				close(end)
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		},
		"ReadOnly": func(t *testing.T, s *store.Store, path string) (*store.Store, func()) {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			setWriteVersion(t, path, 3)
			again, err := store.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			return again, func() { setWriteVersion(t, path, 2) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClock()
			path := filepath.Join(t.TempDir(), "index.db")
			s, err := store.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			insertInstance(t, s, "shop", 2_500_000)
			if _, err := s.Allow(t.Context(), "shop", contract.RateSearch, c.now); err != nil {
				t.Fatal(err)
			}
			s, mend := prevent(t, s, path)
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			if times, _ := admitted(t, s, "shop", contract.RateSearch, c); times != 4 {
				t.Errorf("%d more searches were answered at once; want the 4 that are left", times)
			}
			if times, _ := admitted(t, s, "shop", contract.RateCompare, c); times != 5 {
				t.Errorf("%d comparisons were answered at once; want 5", times)
			}
			c.move(time.Second)
			if times, _ := admitted(t, s, "shop", contract.RateSearch, c); times != 5 {
				t.Errorf("%d searches were answered a second later; want 5", times)
			}
			if err := s.Writable(t.Context()); err == nil {
				t.Error("the file is said to be writable")
			}
			mend()
			if err := s.Writable(t.Context()); err != nil {
				t.Errorf("once it is over: %v", err)
			}
			// What was answered meanwhile counts, here and then everywhere.
			if times, wait := admitted(t, s, "shop", contract.RateSearch, c); times != 0 {
				t.Errorf("%d searches were answered once more, wait %s", times, wait)
			}
			c.move(200 * time.Millisecond)
			if times, _ := admitted(t, s, "shop", contract.RateSearch, c); times != 1 {
				t.Errorf("%d searches were answered; want the one that is due", times)
			}
			if times, _ := admitted(t, open(t, path), "shop", contract.RateSearch, c); times != 0 {
				t.Errorf("%d searches were answered by another process; want that what was not booked is", times)
			}
		})
	}
}

// The log of changes may have room when the disk has none: a commit would fail
// all the same, sooner or later.
func TestWritableAfterARefusedCommit(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "index.db"))
	if err := s.LimitPages(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantText(t, s.Write(t.Context(), fill), "free space")
	if err := s.LimitPages(t.Context(), 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := s.Writable(t.Context()); err != nil {
		t.Errorf("once there is space: %v", err)
	}
}
