package pool

import "golang.org/x/sys/unix"

// auditArch is how the kernel calls this processor.
const auditArch = unix.AUDIT_ARCH_AARCH64

// olderCalls are those that this processor has beside the ones of every other.
var olderCalls []uint32
