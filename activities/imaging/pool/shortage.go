package pool

import (
	"bytes"
	"math"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// shortage knows about the memory that the worker and its children live on: how
// often the kernel has ended a process because it was used up, and how much of it
// there is.
type shortage struct {
	counter *os.File // nil: nobody counts
	total   int64    // bytes
}

// killsKey begins the line of the count, in every file that has one.
const killsKey = "oom_kill"

// newShortage looks at the control group of this process, which its children are
// in too. Where that cannot be read the kernel's count for the whole machine
// stands in for its own: it may count others, and never misses one.
func newShortage() *shortage {
	s := &shortage{total: math.MaxInt64}
	var machine unix.Sysinfo_t
	if unix.Sysinfo(&machine) == nil {
		s.total = int64(uint64(machine.Totalram) * uint64(machine.Unit))
	}
	for _, group := range memoryGroups() {
		s.total = min(s.total, group.limit())
		if s.counter == nil {
			s.counter = group.open()
		}
	}
	if s.counter == nil {
		if file, err := os.Open("/proc/vmstat"); err == nil {
			s.counter = file
		}
	}
	return s
}

// kills is how many processes have been ended so far; it only grows. Without a
// counter there is no telling.
func (s *shortage) kills() (count int64, known bool) {
	if s.counter == nil {
		return 0, false
	}
	var text [16 << 10]byte // several times what any of these files has
	n, err := s.counter.ReadAt(text[:], 0)
	if n == 0 && err != nil {
		return 0, false
	}
	return numberOf(text[:n], killsKey)
}

func (s *shortage) close() {
	if s.counter != nil {
		s.counter.Close()
	}
}

// memoryGroup is a folder of a control group that limits memory.
// Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html and, for the first
// version, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
type memoryGroup struct {
	folder string
	first  bool // version of the interface
}

// limit is what the group may use, in bytes; without one, the largest number.
func (g memoryGroup) limit() int64 {
	file, key := "memory.max", ""
	if g.first {
		file, key = "memory.stat", "hierarchical_memory_limit"
	}
	text, err := os.ReadFile(path.Join(g.folder, file))
	if err != nil {
		return math.MaxInt64 // the root of all groups has none
	}
	if bytes, known := numberOf(text, key); known {
		return bytes
	}
	return math.MaxInt64 // "max"
}

// open opens what counts processes of the group that were ended; nil for none.
func (g memoryGroup) open() *os.File {
	name := "memory.events"
	if g.first {
		name = "memory.oom_control"
	}
	text, err := os.ReadFile(path.Join(g.folder, name))
	if err != nil {
		return nil
	}
	if _, counts := numberOf(text, killsKey); !counts {
		return nil // Linux before 4.13
	}
	file, err := os.Open(path.Join(g.folder, name))
	if err != nil {
		return nil
	}
	return file
}

// memoryGroups are that of this process, then those above it, as far as they can
// be seen from here.
func memoryGroups() []memoryGroup {
	mine, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	return groupsIn(string(mine), string(mounts))
}

// groupsIn reads the two files of /proc that say which groups a process is in, and
// where they are mounted. Of two versions the one counts that limits memory.
// Sources: https://man7.org/linux/man-pages/man7/cgroups.7.html,
// https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
func groupsIn(mine, mounts string) (groups []memoryGroup) {
	var group string
	var first bool
	for line := range strings.Lines(mine) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, name, _ := strings.Cut(rest, ":")
		ofMemory := strings.Contains(","+controllers+",", ",memory,")
		if ofMemory || controllers == "" && !first {
			group, first = name, ofMemory
		}
	}
	if group == "" {
		return nil
	}
	for line := range strings.Lines(mounts) {
		place, kind, _ := strings.Cut(strings.TrimSpace(line), " - ")
		places, kinds := strings.Fields(place), strings.Fields(kind)
		if len(places) < 5 || len(kinds) < 3 {
			continue
		}
		if first && (kinds[0] != "cgroup" || !strings.Contains(","+kinds[2]+",", ",memory,")) || !first && kinds[0] != "cgroup2" {
			continue
		}
		root, point := places[3], places[4]
		below, inside := strings.CutPrefix(group+"/", strings.TrimSuffix(root, "/")+"/")
		if !inside || strings.HasPrefix(below, "..") {
			below = "" // a container sees its own group where the root would be
		}
		for folder := path.Join(point, below); ; folder = path.Dir(folder) {
			groups = append(groups, memoryGroup{folder, first})
			if folder == point || len(folder) <= len(point) {
				return groups
			}
		}
	}
	return nil
}

// numberOf is the number that follows a key at the start of a line, or the first
// line where there is no key.
func numberOf(text []byte, key string) (number int64, found bool) {
	for line := range bytes.Lines(text) {
		value, ok := strings.CutPrefix(string(line), key)
		if !ok || key != "" && !strings.HasPrefix(value, " ") {
			continue
		}
		if number, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
			return number, true
		}
	}
	return 0, false
}
