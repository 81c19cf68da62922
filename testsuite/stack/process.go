package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a child process whose output goes to a log file. It never outlives
// its parent.
type Process struct {
	Name string
	Log  string // path of the file with its output

	command *exec.Cmd
	ended   chan struct{}
	err     error
}

// start runs a program. Lines of its output are also offered to watch, which may
// be nil.
func start(name, log string, command *exec.Cmd, watch func(line string)) (*Process, error) {
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	var output io.Writer = file
	var lines *io.PipeWriter
	var watching sync.WaitGroup
	if watch != nil {
		var reader *io.PipeReader
		reader, lines = io.Pipe()
		output = io.MultiWriter(file, lines)
		watching.Go(func() {
			scanner := bufio.NewScanner(reader)
			for scanner.Scan() {
				watch(scanner.Text())
			}
			io.Copy(io.Discard, reader) // a line too long for the scanner must not block the process
		})
	}
	command.Stdout, command.Stderr = output, output
	// A group of its own keeps Ctrl-C from it: the stack stops its processes in order.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		file.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &Process{Name: name, Log: log, command: command, ended: make(chan struct{})}
	go func() {
		p.err = command.Wait()
		if lines != nil {
			lines.Close()
		}
		watching.Wait()
		file.Close()
		close(p.ended)
	}()
	return p, nil
}

// PID is the id of the process.
func (p *Process) PID() int { return p.command.Process.Pid }

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Signal sends a signal to the process.
func (p *Process) Signal(signal syscall.Signal) error { return p.command.Process.Signal(signal) }

// Kill ends the process without giving it a chance to notice.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL) // an error means that it has ended, which is what is wanted
	<-p.ended
}

// Stop asks the process to end and waits, at most for grace; then it is killed.
func (p *Process) Stop(grace time.Duration) error {
	p.Signal(syscall.SIGTERM) // an error means that it has ended, which is what is wanted
	select {
	case <-p.ended:
	case <-time.After(grace):
		p.Kill()
		return fmt.Errorf("stop %s: still running after %s, killed; its log is %s", p.Name, grace, p.Log)
	}
	var exit *exec.ExitError
	if errors.As(p.err, &exit) && exit.ExitCode() > 0 {
		return fmt.Errorf("stop %s: exit status %d; its log is %s", p.Name, exit.ExitCode(), p.Log)
	}
	return nil
}

// await polls until ready says yes or the process has ended.
func (p *Process) await(ctx context.Context, ready func(context.Context) error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("start %s: it ended at once: %s; its log is %s", p.Name, p.lastLine(), p.Log)
		case <-ctx.Done():
			return fmt.Errorf("start %s: not ready: %w; its log is %s", p.Name, err, p.Log)
		case <-tick.C:
		}
	}
}

func (p *Process) lastLine() string {
	log, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return lines[len(lines)-1]
}
