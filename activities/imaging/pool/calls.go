package pool

import (
	"slices"

	"golang.org/x/sys/unix"
)

// call is a system call that a child may make while it decodes pictures.
type call struct {
	number uint32
	when   []condition // all of them; none: always
}

// condition holds when the low half of an argument, under a mask, has a value.
// Arguments that are looked at are ints, or have their flags there.
type condition struct {
	argument    int
	mask, value uint32
}

const whole = 1<<32 - 1 // mask of an int

// calls are what the runtime of Go, the C library and libvips need once
// everything is loaded: to answer by pipes that are open, to get memory, to have
// threads, to wait and to end. Nothing in them names a file, another process, a
// network or a program.
func calls(self int) []call {
	var list []call
	for _, number := range slices.Concat([]uint32{
		unix.SYS_READ, unix.SYS_WRITE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_PREAD64, unix.SYS_CLOSE, unix.SYS_FSTAT,
		unix.SYS_BRK, unix.SYS_MUNMAP, unix.SYS_MREMAP, unix.SYS_MADVISE,
		unix.SYS_FUTEX, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY,
		unix.SYS_GETCPU, unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
		unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_GETTIMEOFDAY, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
		unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2, unix.SYS_PPOLL, unix.SYS_PSELECT6,
		unix.SYS_GETRANDOM, unix.SYS_GETRUSAGE, unix.SYS_SYSINFO, unix.SYS_UNAME,
	}, olderCalls) {
		list = append(list, call{number: number})
	}
	const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER |
		unix.CLONE_NEWPID | unix.CLONE_NEWNET
	threadOnly := condition{0, unix.CLONE_THREAD | namespaces, unix.CLONE_THREAD}
	noCode := condition{2, unix.PROT_EXEC, 0} // all code is loaded by now
	itself := condition{0, whole, uint32(self)}
	return append(list,
		call{unix.SYS_CLONE, []condition{threadOnly}},
		call{unix.SYS_MMAP, []condition{noCode}},
		call{unix.SYS_MPROTECT, []condition{noCode}},
		call{unix.SYS_KILL, []condition{itself}},
		call{unix.SYS_TGKILL, []condition{itself}},
		call{unix.SYS_PRLIMIT64, []condition{{0, whole, 0}}},
		call{unix.SYS_PRCTL, []condition{{0, whole, unix.PR_SET_NAME}}},
		call{unix.SYS_PRCTL, []condition{{0, whole, unix.PR_SET_VMA}}},
	)
}
