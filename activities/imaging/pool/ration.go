package pool

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ration limits the memory of this process to what the picture in hand can need,
// below the limit that it was confined to. A picture that makes a decoder eat is
// then found out before it has touched all there is, which costs a tenth of a
// second and takes it from others.
type ration struct {
	most uint64   // bytes, by Confine; 0: not confined, nothing is limited
	size *os.File // of this process, as the kernel knows it
}

const (
	// rationHeader is for reading a header, which no decoder is asked for: the heap
	// of Go may grow by its bytes.
	rationHeader = 128 << 20
	// rationBase is for what does not depend on the size: stacks of threads and the
	// heaps of Go and of the C library, which grow by some MiB at a time.
	rationBase = 64 << 20
	// rationPixel is several times what any decoder holds of a pixel at once: two
	// whole pictures of 16-bit channels, and its own tables.
	rationPixel = 64
)

// newRation measures by /proc; where there is none, the limit of the process is
// the only one.
func newRation() *ration {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_DATA, &limit) != nil || int64(limit.Max) < 0 {
		return &ration{}
	}
	size, err := os.Open("/proc/self/statm")
	if err != nil {
		return &ration{}
	}
	return &ration{most: limit.Max, size: size}
}

// forHeader limits what is used from here on to what reading a header can need.
func (r *ration) forHeader() { r.deal(rationHeader) }

// forPixels limits it to the share of a picture of so many pixels.
func (r *ration) forPixels(count int64) { r.deal(rationBase + rationPixel*uint64(max(0, count))) }

// deal limits what is used from here on. What was used before it does not count:
// that is other pictures' doing.
func (r *ration) deal(share uint64) {
	if r.most == 0 {
		return
	}
	used, ok := r.used()
	if !ok {
		return // the limit before stays
	}
	limit := min(r.most, used+share)
	// Below the hard limit every process may move its own.
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: limit, Max: r.most})
}

// used is the memory that the limit counts, in bytes.
func (r *ration) used() (uint64, bool) {
	var text [128]byte
	n, err := r.size.ReadAt(text[:], 0)
	fields := strings.Fields(string(text[:n]))
	if n == 0 && err != nil || len(fields) < 6 {
		return 0, false
	}
	pages, err := strconv.ParseUint(fields[5], 10, 64)
	return pages * uint64(os.Getpagesize()), err == nil
}
