package imaging

// #cgo pkg-config: vips libjpeg
// #cgo CFLAGS: -O2 -D_GNU_SOURCE
// #include "vips.h"
import "C"

import (
	"runtime"
	"sync"
	"unsafe"

	"github.com/h2non/bimg"

	"imagebatch/activities"
	"imagebatch/activities/imaging/container"
)

// libvips is given Go memory only for the time of one call: the shim opens,
// reads and closes within it, which leaves no handle that could outlive the bytes
// it points to.

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

var vipsSpaces = map[container.Space]C.ib_space{
	container.RGB:  C.IB_RGB,
	container.Gray: C.IB_GRAY,
	container.CMYK: C.IB_CMYK,
	container.Lab:  C.IB_LAB,
}

// vipsPixels decodes a file into pixels, which must be large enough.
func vipsPixels(format activities.Format, file container.File, shrink int, pixels []byte) (width, height int, err error) {
	data, profile := file.Plain(), converting(file)
	var pinned runtime.Pinner
	defer pinned.Unpin()
	colors := C.ib_colors{
		space: vipsSpaces[file.Space], colors: C.int(file.Layout.Colors), alpha: C.int(file.Layout.Alpha),
		profile_size: C.size_t(len(profile)),
	}
	if file.Layout.Unsure {
		colors.unsure = 1
	}
	if len(profile) > 0 {
		pinned.Pin(unsafe.SliceData(profile))
		colors.profile = unsafe.Pointer(unsafe.SliceData(profile))
	}
	var w, h C.int
	err = attempt(func(message **C.char) C.int {
		return C.ib_read_pixels(
			unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), vipsFormats[format], C.int(shrink), &colors,
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
