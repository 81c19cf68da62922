//go:build !amd64 && !arm64

package pool

// auditArch is how the kernel calls this processor: nobody has tried which calls
// a child needs on it, so that none are taken away.
const auditArch = 0

var olderCalls []uint32
