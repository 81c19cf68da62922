package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// launcher starts children. Those that do not come up slow the next starts down,
// whoever asks for them.
type launcher struct {
	config Config
	starts chan func() // run on the thread that children hang on to
	closed chan struct{}
	close  func()

	mu       sync.Mutex
	failures int       // since the last success
	earliest time.Time // of the next start
}

func newLauncher(config Config) *launcher {
	l := &launcher{config: config, starts: make(chan func()), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	go func() {
		// The kernel ends children with the thread that started them, not with the
		// process: this one stays until the pool is closed.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for {
			select {
			case start := <-l.starts:
				start()
			case <-l.closed:
				return
			}
		}
	}()
	return l
}

const (
	launchAttempts = 3
	firstPause     = 100 * time.Millisecond
	longestPause   = 10 * time.Second
	comesUpWithin  = 30 * time.Second // on a machine that is busy with everything else too
)

// launch starts a child and waits for its greeting. Its errors may pass.
func (l *launcher) launch(ctx context.Context) (*process, error) {
	for attempt := 1; ; attempt++ {
		if err := l.wait(ctx); err != nil {
			return nil, err
		}
		child, err := l.start()
		l.note(err)
		if err == nil {
			return child, nil
		}
		l.config.Logger.Warn("imaging process does not start", "attempt", attempt, "error", err)
		if attempt == launchAttempts {
			return nil, fmt.Errorf("start imaging process: %w", err)
		}
	}
}

// wait waits until the next start is allowed.
func (l *launcher) wait(ctx context.Context) error {
	l.mu.Lock()
	pause := time.Until(l.earliest)
	l.mu.Unlock()
	timer := time.NewTimer(max(0, pause))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}

func (l *launcher) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.failures = 0
		return
	}
	pause := min(firstPause<<min(l.failures, 10), longestPause)
	l.failures++
	l.earliest = time.Now().Add(pause)
}

// start starts one child. It has the pipes to itself: nobody else may keep them
// open when it is gone.
func (l *launcher) start() (*process, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, childIn.Close(), in.Close())
	}
	widen(in)

	notes := &journal{logger: l.config.Logger}
	command := exec.Command(l.config.Command[0], l.config.Command[1:]...)
	command.Env = append([]string{}, l.config.Environment...) // nil would mean all of ours
	command.Stdin, command.Stdout, command.Stderr = childIn, childOut, notes
	// A group of its own keeps Ctrl-C from it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	err = l.onThread(command.Start)
	childIn.Close() // the child has its own by now, or there is none
	childOut.Close()
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	notes.pid.Store(int64(command.Process.Pid))

	child := newProcess(command, in, out, notes, l.config.Deadline)
	if err := l.greeted(child); err != nil {
		child.kill()
		child.retire()
		return nil, err
	}
	return child, nil
}

// onThread runs a function on the launcher's thread.
func (l *launcher) onThread(do func() error) error {
	result := make(chan error)
	select {
	case l.starts <- func() { result <- do() }:
		return <-result
	case <-l.closed:
		return errClosed
	}
}

// greeted waits until the child is ready, and checks that it is the right one.
func (l *launcher) greeted(child *process) error {
	if err := child.out.SetReadDeadline(time.Now().Add(comesUpWithin)); err != nil {
		return err
	}
	kind, version, err := child.receive()
	switch {
	case err != nil:
		return errors.New("it ended before it was ready: " + child.lost(err).how) // no death that a picture could have caused
	case kind != frameGreeting:
		return fmt.Errorf("wait for its greeting: frame %q is none", kind)
	case string(version) != l.config.FeatureVersion:
		return fmt.Errorf("its features have version %q, not %q: restart the worker", version, l.config.FeatureVersion)
	}
	return nil
}

// pipeSize lets most pictures go through a pipe by one call.
const pipeSize = 1 << 20

// widen enlarges a pipe, as far as the system lets its users.
func widen(pipe *os.File) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return // it works as it is, only in smaller bites
	}
	_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) })
}
