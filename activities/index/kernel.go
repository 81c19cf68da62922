package index

// #cgo CFLAGS: -O3
// #cgo LDFLAGS: -lm
// #include "kernel.h"
import "C"

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"imagebatch/activities"
)

// SQLite learns functions when it opens a connection, so that nearest has to be
// offered before any store is opened.
func init() {
	if code := C.kernel_register(); code != 0 {
		panic(fmt.Sprintf("offer the comparison of vectors to SQLite: result code %d", code))
	}
}

// scanPlan is what nearest is told to look for. The vectors must have been
// checked by comparable.
func scanPlan(query activities.SearchQuery, dimensions int, keep int64) []byte {
	plan := C.kernel_plan{dimensions: C.int32_t(dimensions), queries: C.int32_t(len(query.Vectors)), keep: C.int64_t(keep), threshold: C.double(query.Threshold)}
	blob := append([]byte(nil), bytesOf(&plan)...)
	for _, q := range query.Vectors {
		of := C.kernel_query{length: C.int32_t(len(q.Vector)), square: C.double(square(q.Vector)), penalty: C.double(q.Penalty)}
		if q.Part == activities.SubjectHalf {
			of.from = C.int32_t(dimensions / 2)
		}
		blob = append(blob, bytesOf(&of)...)
	}
	for _, q := range query.Vectors {
		for _, component := range components(q.Vector) {
			blob = binary.NativeEndian.AppendUint16(blob, uint16(int16(component)))
		}
	}
	return blob
}

// scanned reads what nearest has answered, which is nothing when there was no
// row. The candidates are in no order.
func scanned(blob []byte) (tally tally, found []candidate) {
	if len(blob) < C.sizeof_kernel_tally {
		return tally, nil
	}
	var counts C.kernel_tally
	copy(bytesOf(&counts), blob)
	tally.searched, tally.matched = int64(counts.searched), int64(counts.matched)
	found = make([]candidate, 0, counts.candidates)
	for rest := blob[C.sizeof_kernel_tally:]; len(rest) >= C.sizeof_kernel_candidate; rest = rest[C.sizeof_kernel_candidate:] {
		var c C.kernel_candidate
		copy(bytesOf(&c), rest)
		found = append(found, candidate{id: int64(c.picture), score: float64(c.score), query: int(c.query)})
	}
	return tally, found
}

// bytesOf is the memory of a value.
func bytesOf[T any](value *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(value)), unsafe.Sizeof(*value))
}

// products are the scalar products of a vector with those that lie behind each
// other in a row, each as long as itself.
func products(query, vectors []byte) []int32 {
	count := len(vectors) / len(query)
	into := make([]int32, count)
	if count > 0 {
		C.kernel_products((*C.int8_t)(unsafe.Pointer(&query[0])), (*C.int8_t)(unsafe.Pointer(&vectors[0])),
			C.int64_t(count), C.int64_t(len(query)), (*C.int32_t)(unsafe.Pointer(&into[0])))
	}
	return into
}
