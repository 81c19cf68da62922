package pool_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"imagebatch/activities/imaging/pool"
	"imagebatch/testsuite/fakes"
	"imagebatch/workflows/contract"
)

// listener is told what children say.
type listener func(text string, pid int)

func (listener) Enabled(context.Context, slog.Level) bool { return true }
func (l listener) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l listener) WithGroup(string) slog.Handler          { return l }

func (l listener) Handle(_ context.Context, record slog.Record) error {
	var text string
	var pid int
	record.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "text":
			text = a.Value.String()
		case "pid":
			pid = int(a.Value.Int64())
		}
		return true
	})
	l(text, pid)
	return nil
}

// tokenPipe is a pipe for children to take tokens from, and what puts them there.
func tokenPipe(t *testing.T) (path string, put func(count int)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tokens")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(pipe) })
	return path, func(count int) {
		if _, err := unix.Write(pipe, make([]byte, count)); count > 0 && err != nil {
			t.Error(err)
		}
	}
}

// killCounter is a file as the kernel has them, and what raises its count.
func killCounter(t *testing.T) (file *os.File, raise func()) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "memory.events"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	count := 6
	raise = func() {
		mu.Lock()
		defer mu.Unlock()
		count++
		if _, err := file.WriteAt(fmt.Appendf(nil, "low 0\nhigh 0\nmax 31\noom 9\noom_kill %d\noom_group_kill 0\n", count), 0); err != nil {
			t.Error(err)
		}
	}
	raise()
	return file, raise
}

// TestKilledChildIsJudgedByWhoKilledIt kills the children of a picture so many
// times, from outside or, by the counter, as the kernel does when memory is used up.
func TestKilledChildIsJudgedByWhoKilledIt(t *testing.T) {
	t.Parallel()
	const plenty, tight = 1 << 50, 1 << 20 // bytes in all: children have a small part of it, or more than theirs
	for name, test := range map[string]struct {
		kills     int
		starved   bool
		total     int64
		killed    int  // that really happen
		refused   bool // for good
		says      string
		uncounted bool
	}{
		"StarvedOnce":               {kills: 1, starved: true, total: plenty, killed: 1},
		"StarvedOnceWhereItIsTight": {kills: 1, starved: true, total: tight, killed: 1},
		"StarvedByOthers":           {kills: 9, starved: true, total: plenty, killed: 2, says: "others use the memory up"},
		"StarvedByItself":           {kills: 9, starved: true, total: tight, killed: 2, refused: true, says: "needs more memory than the worker has (killed for want of memory with "},
		"KilledByOperator":          {kills: 3, total: tight, killed: 3},
		"KilledAgainAndAgain":       {kills: 9, total: tight, killed: 4, refused: true, says: "crashes the decoder (signal: killed)"},
		"NobodyCounts":              {kills: 3, starved: true, total: plenty, killed: 3, uncounted: true},
	} {
		for _, stage := range []string{"header", "pixels"} {
			t.Run(name+"/"+stage, func(t *testing.T) {
				t.Parallel()
				pipe, put := tokenPipe(t)
				put(test.kills)
				counter, raise := killCounter(t)
				if test.uncounted {
					counter.Close()
				}
				var killed atomic.Int32
				p := newPool(t, func(c *pool.Config) {
					c.Command = append(c.Command, pipe)
					c.Logger = slog.New(listener(func(text string, pid int) {
						if text != waits {
							return
						}
						if test.starved && !test.uncounted {
							raise()
						}
						killed.Add(1)
						if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
							t.Error(err)
						}
					}))
				})
				p.CountKillsIn(counter, test.total)
				picture := fakes.Picture(200, 200, stage+":wait@once")
				got, err := feature(t.Context(), p, picture)
				var refusal *contract.Error
				switch {
				case test.says == "":
					want, _ := feature(t.Context(), &fakes.Imager{}, picture)
					if diff := cmp.Diff(want, got); err != nil || diff != "" {
						t.Errorf("error = %v (-want +got):\n%s", err, diff)
					}
				case err == nil || !strings.Contains(err.Error(), test.says):
					t.Errorf("error = %v; want one that says %q", err, test.says)
				case errors.As(err, &refusal) != test.refused:
					t.Errorf("error = %v; that it is final is %t", err, !test.refused)
				}
				if got := int(killed.Load()); got != test.killed {
					t.Errorf("%d children were killed, want %d", got, test.killed)
				}
			})
		}
	}
}

// TestStarvedPictureIsTriedAlone has a picture lose its child while another is
// decoded: it waits for that one, a third one waits for it, and idle children are gone.
func TestStarvedPictureIsTriedAlone(t *testing.T) {
	t.Parallel()
	stayPipe, put := tokenPipe(t)
	counter, raise := killCounter(t)
	var mu sync.Mutex
	var said []string // in order
	staying := make(chan struct{})
	p := newPool(t, func(c *pool.Config) {
		c.Processes, c.Command = 4, append(c.Command, stayPipe)
		c.Logger = slog.New(listener(func(text string, pid int) {
			if text != stays && text != waits {
				return
			}
			mu.Lock()
			first := !slices.Contains(said, text)
			said = append(said, text)
			mu.Unlock()
			switch {
			case text == stays && first:
				close(staying)
			case text == waits && first:
				raise()
				fallthrough
			case text == waits:
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Error(err)
				}
			}
		}))
	})
	p.CountKillsIn(counter, 1<<50)
	sofar := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(said)
	}
	var pictures sync.WaitGroup
	run := func(order string) {
		pictures.Go(func() {
			if _, err := feature(t.Context(), p, fakes.Picture(200, 200, order)); err != nil && !strings.Contains(order, "wait") {
				t.Errorf("%s: %v", order, err)
			}
		})
	}
	idle, err := p.Open(t.Context(), []byte(fakes.Picture(200, 200, "idle")))
	if err != nil {
		t.Fatal(err)
	}
	run("pixels:stay")
	<-staying
	idle.Close()
	_, before := p.PIDs()
	if len(before) != 1 {
		t.Fatalf("%d idle children, want one", len(before))
	}
	run("header:wait")
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !p.AloneWanted() {
		<-tick.C
	}
	run("pixels:stay") // has to wait for its turn
	if diff := cmp.Diff([]string{stays, waits}, sofar()); diff != "" {
		t.Errorf("while another picture is decoded (-want +got):\n%s", diff)
	}
	put(2)
	pictures.Wait()
	if diff := cmp.Diff([]string{stays, waits, waits}, sofar()[:3]); diff != "" {
		t.Errorf("by turns (-want +got):\n%s", diff)
	}
	if _, now := p.PIDs(); exists(before[0]) {
		t.Errorf("child %d, which was idle, is left; now there are %v", before[0], now)
	}
}

func TestGroupsOfMemory(t *testing.T) {
	t.Parallel()
	const (
		unified = "30 22 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"
		first   = "30 22 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n" +
			"31 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n" +
			"34 30 0:31 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n" +
			"40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	)
	for name, test := range map[string]struct {
		mine, mounts string
		want         []string
	}{
		"Second":          {"0::/system.slice/worker.service\n", unified, []string{"/sys/fs/cgroup/system.slice/worker.service", "/sys/fs/cgroup/system.slice", "/sys/fs/cgroup"}},
		"OwnRoot":         {"0::/\n", unified, []string{"/sys/fs/cgroup"}},
		"AboveOwnRoot":    {"0::/../other\n", unified, []string{"/sys/fs/cgroup"}},
		"First":           {"5:devices:/\n4:memory:/pods/a\n1:cpu:/x\n0::/\n", first, []string{"/sys/fs/cgroup/memory/pods/a", "/sys/fs/cgroup/memory/pods", "/sys/fs/cgroup/memory"}},
		"FirstInDocker":   {"4:memory:/docker/f00\n0::/\n", strings.ReplaceAll(first, "0:31 / ", "0:31 /docker/f00 "), []string{"/sys/fs/cgroup/memory"}},
		"PartOfName":      {"0::/docker/f00d\n", strings.ReplaceAll(unified, "0:27 / ", "0:27 /docker/f00 "), []string{"/sys/fs/cgroup"}},
		"TwoControllers":  {"4:cpu,memory:/a\n", "34 30 0:31 / /m rw - cgroup cgroup rw,cpu,memory\n", []string{"/m/a", "/m"}},
		"NotMounted":      {"0::/a\n", "34 30 0:31 / /m rw - tmpfs tmpfs rw\n", nil},
		"NoGroups":        {"", unified, nil},
		"Broken":          {"4\n0:\n", "34 30\n - \n", nil},
		"OnlyOtherGroups": {"5:devices:/\n", first, nil},
	} {
		if diff := cmp.Diff(test.want, pool.GroupsIn(test.mine, test.mounts)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
