package pool

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// unsealable says why the kernel cannot take system calls from a process; nil if
// it can. The answer is the same for a worker and its children.
func unsealable() error {
	if auditArch == 0 {
		return errors.New("the system calls of this processor are not known")
	}
	action := uint32(unix.SECCOMP_RET_ERRNO)
	if err := seccomp(unix.SECCOMP_GET_ACTION_AVAIL, 0, unsafe.Pointer(&action)); err != nil {
		return fmt.Errorf("the kernel has no seccomp filters: %w", err)
	}
	return nil
}

// seal takes every system call from this process, all of its threads, that a
// decoder does not need. A kernel that cannot do it is no error: the pool has
// said so.
func seal() error {
	if unsealable() != nil {
		return nil
	}
	program, err := bpf.Assemble(filter(calls(os.Getpid())))
	if err != nil {
		return fmt.Errorf("assemble the filter of system calls: %w", err)
	}
	code := make([]unix.SockFilter, len(program))
	for n, step := range program {
		code[n] = unix.SockFilter{Code: step.Op, Jt: step.Jt, Jf: step.Jf, K: step.K}
	}
	// What speculation could read here is the picture alone: the guard against it,
	// which older kernels would turn on, costs more than it is worth.
	const flags = unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW
	if err := seccomp(unix.SECCOMP_SET_MODE_FILTER, flags, unsafe.Pointer(&unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]})); err != nil {
		return fmt.Errorf("take system calls from an imaging process: %w", err)
	}
	return nil
}

func seccomp(operation, flags uintptr, argument unsafe.Pointer) error {
	thread, _, err := unix.Syscall(unix.SYS_SECCOMP, operation, flags, uintptr(argument))
	switch {
	case err != 0:
		return err
	case thread != 0:
		return fmt.Errorf("thread %d does not take part", thread)
	}
	return nil
}

// Where a filter finds what it looks at.
// Source: struct seccomp_data, https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html
const (
	dataNumber    = 0
	dataArch      = 4
	dataArguments = 16 // eight bytes each, the low half first on every processor that is known
)

// filter lets through what is on the list. A call that Linux has had since before
// version 5.3 is refused as not permitted. One that came later does not exist:
// libraries then do what they did before there was one, which for clone3, whose
// arguments no filter sees, is clone. A call by the numbers of another
// processor ends the process.
func filter(list []call) []bpf.Instruction {
	number := bpf.LoadAbsolute{Off: dataNumber, Size: 4}
	program := []bpf.Instruction{
		bpf.LoadAbsolute{Off: dataArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: auditArch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		number,
	}
	for _, c := range list {
		allow := []bpf.Instruction{bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}}
		if len(c.when) > 0 {
			allow = append(allow, number) // for the next one, which the skips below lead to
		}
		for n := len(c.when) - 1; n >= 0; n-- {
			test := c.when[n]
			allow = append([]bpf.Instruction{
				bpf.LoadAbsolute{Off: uint32(dataArguments + 8*test.argument), Size: 4},
				bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: test.mask},
				bpf.JumpIf{Cond: bpf.JumpEqual, Val: test.value, SkipFalse: uint8(len(allow) - 1)},
			}, allow...)
		}
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: c.number, SkipFalse: uint8(len(allow))})
		program = append(program, allow...)
	}
	return append(program,
		bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: unix.SYS_CLONE3, SkipFalse: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
	)
}
