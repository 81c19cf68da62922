package pool

import (
	"cmp"
	"encoding/binary"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// TestFilterDecides runs the filter as the kernel would, by calls that few ever make.
func TestFilterDecides(t *testing.T) {
	t.Parallel()
	const self = 4711
	machine, err := bpf.NewVM(filter(calls(self)))
	if err != nil {
		t.Fatal(err)
	}
	const allowed, killed = unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_KILL_PROCESS
	refused, unknown := unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM), unix.SECCOMP_RET_ERRNO|uint32(unix.ENOSYS)
	const thread = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM
	for name, test := range map[string]struct {
		arch, number uint32
		arguments    [6]uint32
		want         uint32
	}{
		"First":              {number: unix.SYS_READ, want: allowed},
		"Write":              {number: unix.SYS_WRITE, want: allowed},
		"Last":               {number: unix.SYS_PRCTL, arguments: [6]uint32{unix.PR_SET_VMA}, want: allowed},
		"SecondOfOneCall":    {number: unix.SYS_PRCTL, arguments: [6]uint32{unix.PR_SET_NAME}, want: allowed},
		"OtherOption":        {number: unix.SYS_PRCTL, arguments: [6]uint32{unix.PR_SET_SECCOMP}, want: refused},
		"Thread":             {number: unix.SYS_CLONE, arguments: [6]uint32{thread}, want: allowed},
		"Process":            {number: unix.SYS_CLONE, arguments: [6]uint32{uint32(unix.SIGCHLD)}, want: refused},
		"ThreadOfNamespace":  {number: unix.SYS_CLONE, arguments: [6]uint32{thread | unix.CLONE_NEWNET}, want: refused},
		"Memory":             {number: unix.SYS_MMAP, arguments: [6]uint32{0, 4096, unix.PROT_READ | unix.PROT_WRITE}, want: allowed},
		"MemoryForCode":      {number: unix.SYS_MMAP, arguments: [6]uint32{0, 4096, unix.PROT_READ | unix.PROT_EXEC}, want: refused},
		"MemoryMadeCode":     {number: unix.SYS_MPROTECT, arguments: [6]uint32{0, 4096, unix.PROT_EXEC}, want: refused},
		"SignalItself":       {number: unix.SYS_TGKILL, arguments: [6]uint32{self, 1, 6}, want: allowed},
		"SignalAnother":      {number: unix.SYS_TGKILL, arguments: [6]uint32{self + 1, 1, 6}, want: refused},
		"SignalGroup":        {number: unix.SYS_KILL, arguments: [6]uint32{0, 9}, want: refused},
		"OwnLimit":           {number: unix.SYS_PRLIMIT64, want: allowed},
		"LimitOfAnother":     {number: unix.SYS_PRLIMIT64, arguments: [6]uint32{1}, want: refused},
		"Open":               {number: unix.SYS_OPENAT, want: refused},
		"Link":               {number: unix.SYS_LINKAT, want: refused},
		"Ioctl":              {number: unix.SYS_IOCTL, want: refused},
		"SharedMemory":       {number: unix.SYS_SHMGET, want: refused},
		"Keys":               {number: unix.SYS_KEYCTL, want: refused},
		"Newer":              {number: unix.SYS_CLONE3, want: unknown},
		"OpenAnew":           {number: unix.SYS_OPENAT2, want: unknown},
		"NotYet":             {number: 999, want: unknown},
		"X32":                {number: 0x40000000 | unix.SYS_READ, want: unknown},
		"OfAnotherProcessor": {arch: unix.AUDIT_ARCH_I386, number: unix.SYS_READ, want: killed},
	} {
		// The machine reads words in network order, the kernel in its own.
		data := binary.BigEndian.AppendUint32(nil, test.number)
		data = binary.BigEndian.AppendUint32(data, cmp.Or(test.arch, auditArch))
		data = append(data, make([]byte, 8)...) // where the call was made
		for _, argument := range test.arguments {
			data = binary.BigEndian.AppendUint32(data, argument)
			data = append(data, 0, 0, 0, 0)
		}
		got, err := machine.Run(data)
		if err != nil {
			t.Fatal(err)
		}
		if uint32(got) != test.want {
			t.Errorf("%s: %#x; want %#x", name, uint32(got), test.want)
		}
	}
}
