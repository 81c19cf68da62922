package activities

import (
	"math/bits"
	"sync"

	"imagebatch/workflows/contract"
)

// buffers lends memory for pictures. Sizes are rounded up to powers of two, so
// that a large picture's buffer is not kept for the small ones.
type buffers struct{ pools [24]sync.Pool }

var pictureBuffers buffers

// take lends a buffer of that length, at most one byte over the largest picture.
func (b *buffers) take(size int) []byte {
	class := bits.Len(uint(max(size-1, 1)))
	if size > contract.MaxPictureBytes || class >= len(b.pools) {
		return make([]byte, size)
	}
	if held, ok := b.pools[class].Get().(*[]byte); ok {
		return (*held)[:size]
	}
	return make([]byte, size, 1<<class)
}

// put takes a buffer back. Nobody may use it any more.
func (b *buffers) put(buffer []byte) {
	class := bits.Len(uint(max(cap(buffer)-1, 1)))
	if class >= len(b.pools) || cap(buffer) != 1<<class {
		return
	}
	b.pools[class].Put(&buffer)
}
