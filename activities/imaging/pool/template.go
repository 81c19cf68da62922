package pool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// template is a process that has done what every child does first, and makes
// copies of itself that go on from there. Package template is its program. Its
// copies are children of whoever started it.
type template struct {
	command *exec.Cmd
	control *net.UnixConn
	copies  int
}

// templateRole is the variable that makes a program a template.
const templateRole = "IMAGEBATCH_IMAGING_TEMPLATE"

// mostCopies is how many children are copied from a template. They have their
// memory at the same addresses, which whoever attacks a decoder would like to
// learn from those that crashed.
const mostCopies = 64

// newTemplate starts a template by run and waits until it is ready.
func newTemplate(config Config, run func(func() error) error) (*template, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	own, its := os.NewFile(uintptr(pair[0]), "control"), os.NewFile(uintptr(pair[1]), "control")
	defer own.Close() // the connection is a duplicate
	defer its.Close()
	conn, err := net.FileConn(own)
	if err != nil {
		return nil, err
	}
	t := &template{control: conn.(*net.UnixConn)}
	t.command = exec.Command(config.Command[0], config.Command[1:]...)
	t.command.Env = append([]string{templateRole + "=1"}, config.Environment...)
	t.command.ExtraFiles = []*os.File{its} // the first of them is descriptor 3
	t.command.Stderr = &journal{logger: config.Logger}
	// A group of its own keeps Ctrl-C from it.
	t.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := run(t.command.Start); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	its.Close() // the end of the process shall be seen
	if _, err := t.answer(); err != nil {
		t.close()
		return nil, fmt.Errorf("start a template: %w: %v", err, t.command.ProcessState)
	}
	return t, nil
}

// copy makes a child with those standard streams and returns its id.
func (t *template) copy(streams ...*os.File) (pid int, err error) {
	t.copies++
	var fds []int
	for _, stream := range streams {
		fds = append(fds, int(stream.Fd()))
	}
	if err := t.control.SetWriteDeadline(time.Now().Add(comesUpWithin)); err != nil {
		return 0, err
	}
	if _, _, err := t.control.WriteMsgUnix([]byte{0}, unix.UnixRights(fds...), nil); err != nil {
		return 0, err
	}
	value, err := t.answer()
	if err != nil {
		return 0, err
	}
	if value <= 0 {
		return 0, os.NewSyscallError("clone", syscall.Errno(-value))
	}
	return int(value), nil
}

// answer is the next number that the template says.
func (t *template) answer() (int32, error) {
	if err := t.control.SetReadDeadline(time.Now().Add(comesUpWithin)); err != nil {
		return 0, err
	}
	var value [4]byte
	n, err := t.control.Read(value[:])
	if err != nil {
		return 0, err
	}
	if n != len(value) {
		return 0, errors.New("it has ended")
	}
	return int32(binary.NativeEndian.Uint32(value[:])), nil
}

// close ends the template, not its copies, and waits until it is gone.
func (t *template) close() {
	t.control.Close() // what it could say is of no interest any more
	_ = t.command.Process.Kill()
	_ = t.command.Wait() // it was killed
}
