package pool

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Limits of a child. That of memory is given to Confine.
const (
	// mostFiles is more than a child ever has open: four streams, and what the
	// runtime of Go waits by.
	mostFiles = 64
	// mostTasks are processes and threads of the user, those of the worker included,
	// because the kernel counts no less. It does not bind root.
	mostTasks = 4096
)

// Confine makes the process a child of a pool, before it decodes anything: its
// writable memory is limited to that many bytes, and by Serve to less for most
// pictures; it dumps no core, may open few files and make none grow, and has no
// environment; and signals that ask it to stop are ignored, because a process
// manager sends them to children too while the worker still needs them. It
// returns the stream of requests and that of answers; what else writes to
// standard output ends up on standard error.
//
// What the kernel takes away for good, such as capabilities, the template has
// given up before; system calls are taken away by Serve.
func Confine(memory int64) (in, out *os.File, err error) {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	for limit, value := range map[int]uint64{
		unix.RLIMIT_DATA: uint64(memory), unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0,
		unix.RLIMIT_NOFILE: mostFiles, unix.RLIMIT_NPROC: mostTasks,
	} {
		if err := lower(limit, value); err != nil {
			return nil, nil, fmt.Errorf("limit resources of an imaging process: %w", err)
		}
	}
	os.Clearenv()

	answers, err := syscall.Dup(int(os.Stdout.Fd()))
	if err != nil {
		return nil, nil, fmt.Errorf("set answers of an imaging process apart: %w", err)
	}
	if err := syscall.Dup3(int(os.Stderr.Fd()), int(os.Stdout.Fd()), 0); err != nil {
		return nil, nil, fmt.Errorf("set answers of an imaging process apart: %w", err)
	}
	return os.Stdin, os.NewFile(uintptr(answers), "answers"), nil
}

// lower sets a limit for good, unless a lower one is in force already.
func lower(limit int, value uint64) error {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(limit, &now); err != nil {
		return err
	}
	value = min(value, now.Max)
	return syscall.Setrlimit(limit, &syscall.Rlimit{Cur: value, Max: value})
}

// Hide keeps other processes of the same user, which children are, from reading
// the environment and the memory of this one, and from tracing it. It also dumps
// no core any more. A worker calls it before it has children.
func Hide() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("hide the memory of this process from others: %w", err)
	}
	return nil
}
