package store

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Bytes on which SQLite takes the locks that keep everybody from writing, as
// POSIX locks. In the file beside the database with -shm: whoever writes, whoever
// repairs the log, whoever makes the file. In the database itself: a program that
// wants it for itself.
// Source: https://www.sqlite.org/walformat.html#wal_locks and
// https://www.sqlite.org/fileformat.html#the_lock_byte_page
const (
	writeLock   = 120
	recoverLock = 122
	makeLock    = 128
	pendingByte = 0x40000000
	lockBytes   = 512 // from the pending byte on
)

// holder is the process that keeps others from writing the database.
type holder struct {
	pid   int // 0 for one that this process cannot see, negative where nobody holds it now
	own   time.Duration
	inode uint64 // of the file that the lock is on

	name, state string // as the system has them; empty where it does not tell
}

const nobody = -1

// holder asks the system who holds the database.
//
// The question is put to the descriptors that SQLite has open itself. To open
// the file for it would be a trap: POSIX drops all locks of a process on a file
// as soon as the process closes any descriptor of that file, SQLite's included,
// and the database would be damaged. A descriptor that SQLite closes meanwhile
// does no harm, because a question changes nothing.
// Source: https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
func (s *Store) holder() holder {
	if lasting := s.written.lasting(); lasting > 0 {
		return holder{pid: os.Getpid(), own: lasting} // the system does not tell a process of its own locks
	}
	file := resolved(s.path)
	for _, lock := range []struct {
		file          string
		start, length int64
	}{
		{file + "-shm", writeLock, 1}, {file + "-shm", recoverLock, 1}, {file + "-shm", makeLock, 1}, {file, pendingByte, lockBytes},
	} {
		descriptor, inode, open := descriptorOf(lock.file)
		if !open {
			continue
		}
		// A reader's lock is in the way of none but a writer's, and those are asked for.
		asked := syscall.Flock_t{Type: syscall.F_RDLCK, Start: lock.start, Len: lock.length}
		if err := syscall.FcntlFlock(uintptr(descriptor), syscall.F_GETLK, &asked); err == nil && asked.Type != syscall.F_UNLCK {
			found := holder{pid: max(0, int(asked.Pid)), inode: inode}
			found.name, found.state = processOf(found.pid)
			return found
		}
	}
	return holder{pid: nobody}
}

// descriptorOf is a descriptor by which this process has a file open already.
func descriptorOf(path string) (descriptor int, inode uint64, open bool) {
	var wanted syscall.Stat_t
	if err := syscall.Stat(path, &wanted); err != nil {
		return 0, 0, false
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0, 0, false
	}
	for _, entry := range entries {
		var found syscall.Stat_t
		if descriptor, err = strconv.Atoi(entry.Name()); err != nil || syscall.Fstat(descriptor, &found) != nil {
			continue
		}
		if found.Dev == wanted.Dev && found.Ino == wanted.Ino {
			return descriptor, wanted.Ino, true
		}
	}
	return 0, 0, false
}

// frozen is the state of a process whose container or unit is paused.
const frozen = "frozen"

// processOf is the name of a process and what it is doing, as far as the system
// tells. A paused one looks as if it slept: that it is, its cgroup says.
// Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#core-interface-files
// and https://docs.kernel.org/admin-guide/cgroup-v1/freezer-subsystem.html
func processOf(pid int) (name, state string) {
	folder := fmt.Sprintf("/proc/%d/", pid)
	status, _ := os.ReadFile(folder + "status") // empty for one that cannot be seen
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch key {
		case "Name":
			name = strings.TrimSpace(value)
		case "State":
			_, state, _ = strings.Cut(value, "(")
			state = strings.TrimSuffix(state, ")")
		}
	}
	if paused(folder) {
		state = frozen
	}
	return name, state
}

// paused tells whether the cgroup of a process is frozen, in either version.
func paused(folder string) bool {
	groups, _ := os.ReadFile(folder + "cgroup") // empty for one that cannot be seen
	for line := range strings.Lines(string(groups)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		switch group := fields[2]; {
		case fields[1] == "":
			events, _ := os.ReadFile("/sys/fs/cgroup" + group + "/cgroup.events")
			if strings.Contains(string(events), "frozen 1") {
				return true
			}
		case fields[1] == "freezer":
			state, _ := os.ReadFile("/sys/fs/cgroup/freezer" + group + "/freezer.state")
			if strings.TrimSpace(string(state)) == "FROZEN" {
				return true
			}
		}
	}
	return false
}

// String says who holds the database and what to do about it.
func (h holder) String() string {
	switch {
	case h.own > 0:
		return fmt.Sprintf("this process, %d, has been writing it for %s; wait, and when that goes on start the worker anew", h.pid, h.own.Truncate(time.Second))
	case h.pid == nobody:
		return "another process has held it for long and has let it go now; look for a hanging worker or a backup"
	case h.pid == 0:
		return fmt.Sprintf("a process outside of this container holds its lock; find it on the host with: grep :%d /proc/locks, then let it go on (docker unpause, resume the machine) or kill it, what it had not committed is done again", h.inode)
	}
	who := fmt.Sprintf("process %d", h.pid)
	if h.name != "" {
		who += fmt.Sprintf(" (%q, %s)", h.name, h.state)
	}
	who += " holds its lock; "
	const again = "what it had not committed is done again"
	switch h.state {
	case "stopped", "tracing stop":
		return who + fmt.Sprintf("let it go on with: kill -CONT %d, or end it with: kill -KILL %d, %s", h.pid, h.pid, again)
	case frozen:
		return who + fmt.Sprintf("its container or unit is paused: let it go on (docker unpause, systemctl thaw), or end it with: kill -KILL %d, %s", h.pid, again)
	}
	return who + fmt.Sprintf("look whether it hangs or is a backup, and end it with: kill %d, %s", h.pid, again)
}
