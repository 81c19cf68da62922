package imaging

// #cgo pkg-config: vips
// #cgo CFLAGS: -O2 -D_GNU_SOURCE
// #include "vips.h"
import "C"

import (
	"sync"
	"unsafe"

	"github.com/h2non/bimg"

	"imagebatch/activities"
)

// libvips is given Go memory only for the time of one call: the shim opens,
// reads and closes within it. Reading a header and then pixels opens the file
// twice for that, which costs 0.07 ms and leaves no handle that could outlive
// the bytes it points to.

var vipsFormats = map[activities.Format]C.ib_format{
	activities.JPEG: C.IB_JPEG,
	activities.PNG:  C.IB_PNG,
	activities.GIF:  C.IB_GIF,
	activities.WEBP: C.IB_WEBP,
	activities.TIFF: C.IB_TIFF,
}

// configure applies the settings of the process. The environment could have
// given libvips threads of its own and bimg gave it a cache; both would spend
// memory that the gate does not count.
var configure = sync.OnceFunc(func() {
	bimg.VipsCacheSetMax(0)
	bimg.VipsCacheSetMaxMem(0)
	C.ib_configure()
})

// texts is held for writing to read the reason of a failure: libvips gathers
// texts in one buffer for the whole process.
var texts sync.RWMutex

// attempt calls libvips. A call that fails is repeated with nobody else inside,
// so that the reason is its own and not another picture's. Failures are few, and
// most are found in the header.
func attempt(call func(message **C.char) C.int) error {
	var message *C.char
	texts.RLock()
	failed := call(&message) != 0
	texts.RUnlock()
	if !failed {
		return nil
	}
	take(message)

	texts.Lock()
	defer texts.Unlock()
	C.vips_error_clear()
	if call(&message) == 0 {
		return nil
	}
	return vipsError(take(message))
}

func vipsHeader(format activities.Format, data []byte) (activities.Header, error) {
	var header C.ib_header
	err := attempt(func(message **C.char) C.int {
		return C.ib_read_header(unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), vipsFormats[format], &header, message)
	})
	return activities.Header{
		Format:      format,
		Width:       int(header.width),
		Height:      int(header.height),
		Orientation: int(header.orientation),
	}, err
}

// vipsPixels decodes into pixels, which must be large enough.
func vipsPixels(format activities.Format, data []byte, shrink int, pixels []byte) (width, height int, err error) {
	var w, h C.int
	err = attempt(func(message **C.char) C.int {
		return C.ib_read_pixels(
			unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), vipsFormats[format], C.int(shrink),
			(*C.uchar)(unsafe.SliceData(pixels)), C.size_t(len(pixels)), &w, &h, message)
	})
	return int(w), int(h), err
}

func vipsLoad(format activities.Format, data []byte, shrink int) error {
	return attempt(func(message **C.char) C.int {
		return C.ib_load_only(unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), vipsFormats[format], C.int(shrink), message)
	})
}

// take copies a message of libvips and frees it.
func take(message *C.char) string {
	defer C.g_free(C.gpointer(message))
	return C.GoString(message)
}

// Allocations is what libvips holds at the moment: blocks and bytes of tracked
// memory. Between pictures both stay level.
func Allocations() (blocks int, octets int64) {
	return int(C.vips_tracked_get_allocs()), int64(C.vips_tracked_get_mem())
}
