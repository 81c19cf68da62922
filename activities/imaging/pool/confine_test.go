package pool_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"imagebatch/activities/imaging/pool"
	"imagebatch/testsuite/fakes"
)

// TestDecoderThatWasTakenOverGetsNowhere has a real child try what an exploit would.
func TestDecoderThatWasTakenOverGetsNowhere(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *pool.Config) { c.Processes = 1 })
	const refused, unknown = "operation not permitted", "function not implemented"
	want := map[string]string{"Thread": worked, "Clone3": unknown}
	for deed := range tries {
		if want[deed] == "" {
			want[deed] = refused
		}
		if got := outcome(t.Context(), p, deed); !strings.HasSuffix(got, want[deed]) {
			t.Errorf("%s: %s; want %s", deed, got, want[deed])
		}
	}
	// None of it has cost the child its life.
	if _, err := feature(t.Context(), p, fakes.Picture(200, 200, "good")); err != nil {
		t.Error(err)
	}
}

// TestChildrenAreConfinedByTheKernel reads what the kernel says about a child that
// is at work: every thread is under a filter, none can gain rights.
func TestChildrenAreConfinedByTheKernel(t *testing.T) {
	t.Parallel()
	p := newPool(t, func(c *pool.Config) { c.Processes = 1 })
	if _, err := feature(t.Context(), p, fakes.Picture(200, 200, "good")); err != nil {
		t.Fatal(err)
	}
	child := onlyIdle(t, p)
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", child))
	if err != nil || len(threads) < 2 {
		t.Fatalf("threads %v, error %v", threads, err)
	}
	for _, thread := range threads {
		wantLines(t, thread, `NoNewPrivs:\s+1`, `Seccomp:\s+2`, `CapPrm:\s+0+`, `CapEff:\s+0+`)
	}
	wantLines(t, fmt.Sprintf("/proc/%d/limits", child),
		`Max open files +64 +64 .*`, `Max processes +4096 +4096 .*`, `Max file size +0 +0 .*`, `Max core file size +0 +0 .*`,
		fmt.Sprintf(`Max data size +\d+ +%d .*`, memory))
	wantLines(t, fmt.Sprintf("/proc/%d/status", p.Template()), `NoNewPrivs:\s+1`, `CapPrm:\s+0+`, `CapEff:\s+0+`)
}

// TestKernelTakesAChildBeforeItsWorker reads the scores by which the kernel chooses
// when memory is used up, also for a worker that has a high one itself.
func TestKernelTakesAChildBeforeItsWorker(t *testing.T) {
	t.Parallel()
	const highest = 1000
	base := oomScore(t, "self")
	for _, own := range []int{base, max(base, 300), max(base, 700), highest} {
		worker := exec.Command("/proc/self/exe", asParent)
		worker.Env = append(os.Environ(), "SCORE="+strconv.Itoa(own))
		child, err := started(t, worker).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if got, want := oomScore(t, strings.TrimSpace(child)), min(own+500, highest); got != want {
			t.Errorf("a child of a worker with score %d has %d; want %d", own, got, want)
		}
	}
}

func oomScore(t *testing.T, process string) (score int) {
	t.Helper()
	text, err := os.ReadFile("/proc/" + process + "/oom_score_adj")
	if err == nil {
		score, err = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return score
}

func wantLines(t *testing.T, file string, lines ...string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if !regexp.MustCompile("(?m)^" + line + "$").Match(text) {
			t.Errorf("no line %q in %s:\n%s", line, file, text)
		}
	}
}

// TestNoEnvironmentIsLeftInAChild looks for a variable of the worker, and one that
// its children were given, in all of the memory of a child.
func TestNoEnvironmentIsLeftInAChild(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root may read the memory of a child")
	}
	secret, given := rand.Text(), rand.Text()
	worker := exec.Command("/proc/self/exe", asParent)
	worker.Env = append(os.Environ(), "SECRET="+secret, "MARK="+given)
	out, err := worker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		worker.Process.Kill()
		_ = worker.Wait() // it was killed
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child := strings.TrimSpace(line)
	environ, err := os.ReadFile("/proc/" + child + "/environ")
	if err != nil {
		t.Fatal(err)
	}
	if left := strings.Trim(string(environ), "\x00"); left != "GOTRACEBACK=none" {
		t.Errorf("the environment of a child is %q", left)
	}
	if inMemory(t, strconv.Itoa(worker.Process.Pid), secret) == 0 {
		t.Error("the search does not find what is in the worker's memory")
	}
	for _, text := range []string{secret, given} {
		if found := inMemory(t, child, text); found > 0 {
			t.Errorf("the memory of a child has a variable of its environment %d times", found)
		}
	}
}

// inMemory counts how often a process has a text in its memory.
func inMemory(t *testing.T, pid, text string) (count int) {
	t.Helper()
	maps, err := os.ReadFile("/proc/" + pid + "/maps")
	if err != nil {
		t.Fatal(err)
	}
	memory, err := os.Open("/proc/" + pid + "/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(rights, "rw") || strings.Contains(line, "[v") {
			continue
		}
		// Parts that nobody has touched cannot always be read.
		content, _ := io.ReadAll(io.NewSectionReader(memory, int64(from), int64(to-from)))
		count += bytes.Count(content, []byte(text))
	}
	return count
}

// TestKernelWithoutFiltersIsToldOnce runs a pool where there is no seccomp(2), as
// root, where that is possible, and as nobody: it works, says once what is
// missing, and what does not need filters still holds.
func TestKernelWithoutFiltersIsToldOnce(t *testing.T) {
	t.Parallel()
	deeds := map[string]string{
		"ReadEnviron": "permission denied", "OpenMemory": "permission denied", "ReadMemory": "operation not permitted", "Trace": "operation not permitted",
		"TakeFile": "operation not permitted", "ReadEnvironOfTemplate": "permission denied", "ReadMemoryOfTemplate": "operation not permitted",
		"ReadEnvironOfSibling": "permission denied", "OpenMemoryOfSibling": "permission denied", "ReadMemoryOfSibling": "operation not permitted",
		"TraceOfSibling": "operation not permitted", "ManyFiles": "too many open files",
		"FillDisk": "file too large", "Status": "CapPrm 0000000000000000, CapEff 0000000000000000, NoNewPrivs 1",
	}
	users := map[string]*syscall.SysProcAttr{"Itself": nil}
	if os.Geteuid() == 0 {
		users["Nobody"] = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	for name, user := range users {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worker := exec.Command("/proc/self/exe", asOldish)
			worker.SysProcAttr = user
			worker.Dir = "/"
			for deed := range deeds {
				worker.Args = append(worker.Args, deed)
			}
			var problems bytes.Buffer
			worker.Stderr = &problems
			said, err := worker.Output()
			if err != nil {
				t.Fatalf("%v\n%s%s", err, said, problems.String())
			}
			if lines := strings.Count(string(said), "imaging processes keep every system call of their user"); lines != 1 {
				t.Errorf("it is told %d times that there are no filters:\n%s", lines, said)
			}
			for deed, want := range deeds {
				if !regexp.MustCompile(`(?m)^` + deed + `: .*` + want + `$`).Match(said) {
					t.Errorf("%s is not refused as %q:\n%s", deed, want, said)
				}
			}
		})
	}
}
