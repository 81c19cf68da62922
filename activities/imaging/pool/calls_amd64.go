package pool

import "golang.org/x/sys/unix"

// auditArch is how the kernel calls this processor.
const auditArch = unix.AUDIT_ARCH_X86_64

// olderCalls are those that this processor has beside the ones of every other.
var olderCalls = []uint32{unix.SYS_EPOLL_WAIT, unix.SYS_POLL, unix.SYS_SELECT}
