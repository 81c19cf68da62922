package pool_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"imagebatch/activities/imaging/pool"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// TestKernelTakesChildrenWhenMemoryIsUsedUp runs a worker in a control group of its
// own, of either version, so that the kernel itself kills: the worker lives on, and
// a picture is refused only where it is the one that takes too much.
func TestKernelTakesChildrenWhenMemoryIsUsedUp(t *testing.T) {
	t.Parallel()
	const eaten = 150 // less than the kernel adds to the account of a child, which is half of the limit
	for name, test := range map[string]struct {
		limit   int64 // MiB of the group
		others  int   // processes that have eaten MiB each
		picture string
		want    string
	}{
		"ByThePicture": {limit: 160, picture: fakes.Picture(2000, 2000, "pixels:touch300"), want: "refused: decoding the picture needs more memory than the worker has"},
		"ByOthers":     {limit: 640, others: 4, picture: fakes.Picture(200, 200, "pixels:touch48"), want: "may pass: decode a picture while no other is"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			group := newControlGroup(t, test.limit<<20)
			arguments := []string{asStarved, group, test.picture}
			for range test.others {
				eater := exec.Command("/proc/self/exe", asEater, group, strconv.Itoa(eaten))
				if line, err := started(t, eater).ReadString('\n'); err != nil || line != "full\n" {
					t.Fatalf("a process that uses memory up says %q, %v", line, err)
				}
				arguments = append(arguments, strconv.Itoa(eater.Process.Pid))
			}
			told := started(t, exec.Command("/proc/self/exe", arguments...))
			var lines []string
			for line, err := told.ReadString('\n'); err == nil; line, err = told.ReadString('\n') {
				lines = append(lines, line)
			}
			text := strings.Join(lines, "")
			if !strings.HasPrefix(text, test.want) {
				t.Errorf("the picture is not %q:\n%s", test.want, text)
			}
			if want := "kills 2\nafterwards: <nil>\n"; !strings.HasSuffix(text, want) {
				t.Errorf("the worker does not end with %q:\n%s", want, text)
			}
		})
	}
}

// started is a process that is gone when the test ends, and what it prints.
func started(t *testing.T, command *exec.Cmd) *bufio.Reader {
	t.Helper()
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill() // if it still runs
		_ = command.Wait()
	})
	return bufio.NewReader(out)
}

// newControlGroup is the folder of a control group with so many bytes of memory.
// It needs the right to make one, which root has outside of most containers.
func newControlGroup(t *testing.T, limit int64) string {
	t.Helper()
	var problems []error
	for _, version := range []struct{ parent, limit string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}, {"/sys/fs/cgroup", "memory.max"},
	} {
		group, err := os.MkdirTemp(version.parent, "imagebatch-test-*")
		if err != nil {
			problems = append(problems, err)
			continue
		}
		// Its processes are gone by then: they were started later.
		t.Cleanup(func() {
			if err := os.Remove(group); err != nil {
				t.Error(err)
			}
		})
		// The kernel has made the file, or this is no group that limits memory.
		file, err := os.OpenFile(filepath.Join(group, version.limit), os.O_WRONLY, 0)
		if err == nil {
			_, err = file.WriteString(strconv.FormatInt(limit, 10))
			err = errors.Join(err, file.Close())
		}
		if err == nil {
			return group
		}
		problems = append(problems, err)
	}
	t.Skipf("no control group with a limit of memory can be made here: %v", errors.Join(problems...))
	return ""
}

// enterGroup puts this process, and those it starts, into the control group that
// its second argument names.
func enterGroup() error {
	return os.WriteFile(filepath.Join(os.Args[2], "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0o600)
}

// eat uses so many MiB of a control group up and waits.
func eat() error {
	if err := enterGroup(); err != nil {
		return err
	}
	size, err := strconv.Atoi(os.Args[3])
	if err != nil {
		return err
	}
	if _, err := unix.Mmap(-1, 0, size<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_POPULATE); err != nil {
		return err
	}
	fmt.Println("full")
	select {}
}

// starve is a worker in a control group. It prints what becomes of the picture in
// its arguments, how many of its children were killed, and whether a good one, or
// the same when those that use the memory up are gone, goes through afterwards.
func starve() error {
	if err := enterGroup(); err != nil {
		return err
	}
	p, err := pool.New(config(asChild))
	if err != nil {
		return err
	}
	defer p.Close()
	counter, _ := pool.Shortage()
	before, err := killsIn(counter)
	if err != nil {
		return err
	}
	_, err = feature(context.Background(), p, os.Args[3])
	var refusal *contract.Error
	switch {
	case errors.As(err, &refusal):
		fmt.Println("refused:", refusal.Message)
	case err != nil:
		fmt.Println("may pass:", err)
	default:
		fmt.Println("decoded")
	}
	after, err := killsIn(counter)
	if err != nil {
		return err
	}
	fmt.Println("kills", after-before)
	again := fakes.Picture(200, 200, "good")
	for _, other := range os.Args[4:] {
		eater, err := strconv.Atoi(other)
		if err != nil {
			return err
		}
		if err := unix.Kill(eater, unix.SIGKILL); err != nil {
			return err
		}
		for running(eater) { // what it has is free when it is not
			time.Sleep(time.Millisecond)
		}
		again = os.Args[3]
	}
	_, err = feature(context.Background(), p, again)
	fmt.Println("afterwards:", err)
	return nil
}

func killsIn(file string) (count int, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, "oom_kill %d", &count); err == nil {
			return count, nil
		}
	}
	return 0, fmt.Errorf("no count of kills in %s", file)
}
