package pool_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"imagebatch/activities/imaging/pool"
	"imagebatch/testsuite/fakes"
)

// worked is the outcome of a deed that nothing has kept a child from.
const worked = "it worked"

// tries are what a decoder that was taken over might do. A word after the name
// says whom it is done to, by process id; otherwise it is the worker.
var tries = map[string]func(victim int) error{
	"OpenForReading": func(int) error { return opens("/etc/hostname", unix.O_RDONLY) },
	"OpenForWriting": func(int) error { return opens(os.DevNull, unix.O_WRONLY) },
	"CreateFile": func(int) error {
		return opens(filepath.Join("/tmp", "taken-over-"+strconv.Itoa(os.Getpid())), unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY)
	},
	"CreateInMemory": func(int) error { _, err := unix.MemfdCreate("file", 0); return err },
	"Unlink":         func(int) error { return unix.Unlink("/tmp/there-is-no-such-file") },
	"SocketIPv4":     func(int) error { return socket(unix.AF_INET) },
	"SocketIPv6":     func(int) error { return socket(unix.AF_INET6) },
	"SocketUnix":     func(int) error { return socket(unix.AF_UNIX) },
	"SocketPair":     func(int) error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err },
	"Execve":         func(int) error { return unix.Exec("/bin/true", []string{"true"}, nil) },
	"Fork":           func(int) error { return fork(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0) },
	"ForkWithMemory": func(int) error { return fork(unix.SYS_CLONE, unix.CLONE_VFORK|uintptr(unix.SIGCHLD), 0) },
	"Clone3": func(int) error {
		arguments := [11]uint64{4: uint64(unix.SIGCHLD)}
		return fork(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&arguments)), unsafe.Sizeof(arguments))
	},
	"Unshare":      func(int) error { return unix.Unshare(unix.CLONE_NEWUSER) },
	"ReadEnviron":  func(victim int) error { return opens(fmt.Sprintf("/proc/%d/environ", victim), unix.O_RDONLY) },
	"OpenMemory":   func(victim int) error { return opens(fmt.Sprintf("/proc/%d/mem", victim), unix.O_RDONLY) },
	"ReadMemory":   func(victim int) error { return readMemory(victim) },
	"Trace":        func(victim int) error { return unix.PtraceSeize(victim) },
	"TakeFile":     takeFile,
	"Signal":       func(victim int) error { return unix.Kill(victim, 0) },
	"LimitOthers":  func(victim int) error { return unix.Prlimit(victim, unix.RLIMIT_CORE, &unix.Rlimit{}, nil) },
	"BecomeOpen":   func(int) error { return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) },
	"OutliveOwner": func(int) error { return unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0) },
	"NewCode": func(int) error {
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
		return err
	},
	"DataAsCode": func(int) error {
		page, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			return nil // which the test takes for a success, and so fails
		}
		return unix.Mprotect(page, unix.PROT_READ|unix.PROT_EXEC)
	},
	"RingOfCalls": func(int) error { return raw(unix.SYS_IO_URING_SETUP, 1, 0) },
	"Program":     func(int) error { return raw(unix.SYS_BPF, 0, 0) },
	"FillDisk": func(int) error {
		file, err := os.CreateTemp("/tmp", "taken-over-*")
		if err != nil {
			return err
		}
		defer os.Remove(file.Name())
		defer file.Close()
		_, err = file.Write([]byte("anything"))
		return err
	},
	"ManyFiles": func(int) error {
		for {
			file, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(file) // at the end, all of them: other deeds need some
		}
	},
	// What a decoder does need.
	"Thread": func(int) error {
		done := make(chan struct{})
		go func() {
			runtime.LockOSThread() // and never unlocks it: the thread ends, and takes a new one to be replaced
			close(done)
		}()
		<-done
		return nil
	},
	"Status": func(int) error {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			return err
		}
		var told []string
		for line := range strings.Lines(string(status)) {
			if name, value, _ := strings.Cut(line, ":"); name == "NoNewPrivs" || name == "CapEff" || name == "CapPrm" {
				told = append(told, name+" "+strings.TrimSpace(value))
			}
		}
		return fmt.Errorf("%s", strings.Join(told, ", "))
	},
}

// try does what its name says and tells the outcome.
func try(order string) string {
	deed, whom, _ := strings.Cut(order, " ")
	victim, err := strconv.Atoi(whom)
	if err != nil {
		victim = os.Getppid()
	}
	if err := tries[deed](victim); err != nil {
		return err.Error()
	}
	return worked
}

func opens(path string, how int) error {
	file, err := unix.Open(path, how|unix.O_CLOEXEC, 0o600)
	if err == nil {
		unix.Close(file)
	}
	return err
}

func socket(family int) error {
	made, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		unix.Close(made)
	}
	return err
}

func fork(call, first, second uintptr) error {
	pid, _, err := unix.RawSyscall6(call, first, second, 0, 0, 0, 0)
	if err != 0 {
		return err
	}
	if pid == 0 {
		unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
	}
	return nil
}

func raw(call, first, second uintptr) error {
	if _, _, err := unix.RawSyscall(call, first, second, 0); err != 0 {
		return err
	}
	return nil
}

// readMemory reads what has the same address in every process of the program.
func readMemory(victim int) error {
	var own [8]byte
	local := []unix.Iovec{{Base: &own[0], Len: 8}}
	remote := []unix.RemoteIovec{{Base: uintptr(unsafe.Pointer(&tokens)), Len: 8}}
	_, err := unix.ProcessVMReadv(victim, local, remote, 0)
	return err
}

func takeFile(victim int) error {
	process, err := unix.PidfdOpen(victim, 0)
	if err != nil {
		return err
	}
	defer unix.Close(process)
	file, err := unix.PidfdGetfd(process, 0, 0)
	if err == nil {
		unix.Close(file)
	}
	return err
}

// outcome has a child of a pool try something.
func outcome(ctx context.Context, p *pool.Pool, deed string) string {
	picture, err := p.Open(ctx, []byte(fakes.Picture(200, 200, "tries:"+deed)))
	if err == nil {
		picture.Close()
		return "it was not tried"
	}
	_, told, _ := strings.Cut(err.Error(), ": ")
	return told
}

// withoutSeccomp is a worker on a kernel that knows no filters. It prints its log
// and, a line each, what its child comes to with the deeds that its arguments name.
func withoutSeccomp() error {
	if err := forgetSeccomp(); err != nil {
		return err
	}
	if err := pool.Hide(); err != nil {
		return err
	}
	c := config(asChild)
	c.Logger = slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn}))
	p, err := pool.New(c)
	if err != nil {
		return err
	}
	held, err := p.Open(context.Background(), []byte(fakes.Picture(200, 200, "a good one")))
	if err != nil {
		return err
	}
	defer held.Close()
	siblings, _ := p.PIDs()
	for _, deed := range os.Args[2:] {
		if name, found := strings.CutSuffix(deed, "OfTemplate"); found {
			fmt.Printf("%s: %s\n", deed, outcome(context.Background(), p, fmt.Sprint(name, " ", p.Template())))
			continue
		}
		if name, found := strings.CutSuffix(deed, "OfSibling"); found {
			fmt.Printf("%s: %s\n", deed, outcome(context.Background(), p, fmt.Sprint(name, " ", siblings[0])))
			continue
		}
		fmt.Printf("%s: %s\n", deed, outcome(context.Background(), p, deed))
	}
	return p.Close()
}

// forgetSeccomp makes this process, and those it starts, live on a kernel that has
// no seccomp(2).
func forgetSeccomp() error {
	program, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 0, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.SYS_SECCOMP, SkipFalse: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW},
	})
	if err != nil {
		return err
	}
	var code []unix.SockFilter
	for _, step := range program {
		code = append(code, unix.SockFilter{Code: step.Op, Jt: step.Jt, Jf: step.Jf, K: step.K})
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, failure := syscall.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]})))
	if failure != 0 {
		return failure
	}
	return nil
}
