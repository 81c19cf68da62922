package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// launcher starts children. Those that do not come up slow the next starts down,
// whoever asks for them.
type launcher struct {
	config   Config
	shortage *shortage
	starts   chan func() // run on the thread that children hang on to
	closed   chan struct{}
	close    func()

	making   sync.Mutex
	template *template // nil for none

	mu       sync.Mutex
	failures int       // since the last success
	earliest time.Time // of the next start
}

func newLauncher(config Config) *launcher {
	l := &launcher{config: config, shortage: newShortage(), starts: make(chan func()), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() {
		l.making.Lock()
		defer l.making.Unlock()
		close(l.closed) // no template is started from here on
		if l.template != nil {
			l.dropTemplate()
		}
		l.shortage.close()
	})
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

// start copies one child from the template. It has the pipes to itself: nobody
// else may keep them open when it is gone.
func (l *launcher) start() (*process, error) {
	var pipes [3]struct{ read, write *os.File }
	for n := range pipes {
		var err error
		if pipes[n].read, pipes[n].write, err = os.Pipe(); err != nil {
			for _, made := range pipes[:n] {
				err = errors.Join(err, made.read.Close(), made.write.Close())
			}
			return nil, err
		}
	}
	in, out, words := pipes[0], pipes[1], pipes[2]
	widen(in.write)
	pid, err := l.copy(in.read, out.write, words.write)
	for _, its := range []*os.File{in.read, out.write, words.write} {
		its.Close() // the child has its own by now, or there is none
	}
	var handle *os.Process
	if err == nil {
		handle, err = os.FindProcess(pid) // it is there until it is waited for
	}
	if err != nil {
		return nil, errors.Join(err, in.write.Close(), out.read.Close(), words.read.Close())
	}
	child := newProcess(handle, in.write, out.read, words.read, l.config, l.shortage)
	if err := l.greeted(child); err != nil {
		child.kill()
		child.retire()
		return nil, err
	}
	return child, nil
}

// copy makes a child from the template, which is started when there is none, or
// one that has been used enough.
func (l *launcher) copy(streams ...*os.File) (pid int, err error) {
	l.making.Lock()
	defer l.making.Unlock()
	if l.template != nil && l.template.copies >= mostCopies {
		l.dropTemplate()
	}
	if l.template == nil {
		if l.template, err = newTemplate(l.config, l.onThread); err != nil {
			return 0, err
		}
	}
	if pid, err = l.template.copy(streams...); err != nil {
		l.dropTemplate() // another one may do
	}
	return pid, err
}

// dropTemplate is called with the lock held.
func (l *launcher) dropTemplate() {
	l.template.close()
	l.template = nil
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
