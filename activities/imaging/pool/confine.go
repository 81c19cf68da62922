package pool

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Confine makes the process a child of a pool, before it decodes anything: its
// writable memory is limited to that many bytes, and by Serve to less for most
// pictures; it dumps no core, the kernel prefers to kill it to its parent, and
// signals that ask it to stop are ignored, because a process manager sends them to
// children too while the worker still needs them. It returns the stream of
// requests and that of answers; what else writes to standard output ends up on
// standard error.
func Confine(memory int64) (in, out *os.File, err error) {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	for limit, value := range map[int]uint64{syscall.RLIMIT_DATA: uint64(memory), syscall.RLIMIT_CORE: 0} {
		if err := syscall.Setrlimit(limit, &syscall.Rlimit{Cur: value, Max: value}); err != nil {
			return nil, nil, fmt.Errorf("limit resources of an imaging process: %w", err)
		}
	}
	// Not every system lets a process do this, and nothing depends on it.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0)

	answers, err := syscall.Dup(int(os.Stdout.Fd()))
	if err != nil {
		return nil, nil, fmt.Errorf("set answers of an imaging process apart: %w", err)
	}
	if err := syscall.Dup3(int(os.Stderr.Fd()), int(os.Stdout.Fd()), 0); err != nil {
		return nil, nil, fmt.Errorf("set answers of an imaging process apart: %w", err)
	}
	return os.Stdin, os.NewFile(uintptr(answers), "answers"), nil
}
