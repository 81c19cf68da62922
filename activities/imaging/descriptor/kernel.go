package descriptor

// #cgo CFLAGS: -O3
// #cgo LDFLAGS: -lm
// #include "kernel.h"
import "C"

import (
	"sync"
	"unsafe"
)

type kernelTable = C.struct_ib_table

// prepare lays the table out for the kernel.
func (t *Table) prepare() {
	k := &t.kernel
	fill := func(to []C.float, from []float32) {
		for n, v := range from {
			to[n] = C.float(v)
		}
	}
	fill(k.linear[:], linear[:])
	fill(k.root[:], root[:])
	for n := range t.Shapes {
		fill(k.shapes[n][:], t.Shapes[n][:])
		for i, v := range t.Shapes[n] {
			k.shape_columns[i][n] = C.float(v)
		}
		k.shape_halves[n] = C.float(halfSquare(t.Shapes[n][:]))
	}
	fill(k.color_mean[:], t.ColorMean[:])
	for n := range t.ColorAxes {
		for i, v := range t.ColorAxes[n] {
			k.axis_columns[i][n] = C.float(v)
		}
	}
	for n := range t.Colors {
		fill(k.colors[n][:], t.Colors[n][:])
		for i, v := range t.Colors[n] {
			k.color_columns[i][n] = C.float(v)
		}
		k.color_halves[n] = C.float(halfSquare(t.Colors[n][:]))
	}
	fill(k.scale[:], t.Scale[:])
	fill(k.bias[:], t.Bias[:])
}

// Describer computes views by a table, in memory of its own. It is for one
// goroutine at a time.
type Describer struct {
	table   *Table
	plain   C.int // not zero: as on a processor without wide registers
	scratch C.struct_ib_scratch
}

// NewDescriber makes a describer of about 200 KB.
func NewDescriber(table *Table) *Describer {
	table.prepared.Do(table.prepare)
	return &Describer{table: table}
}

// View computes the view of a thumbnail as it is kept: of length 1, each component
// times 127/0.4, rounded, at most 127.
func (d *Describer) View(thumbnail *Thumbnail, out *[HalfSize]int8) {
	C.ib_view((*C.uint8_t)(unsafe.Pointer(thumbnail)), &d.table.kernel,
		(*C.int8_t)(unsafe.Pointer(unsafe.SliceData(d.table.W))), &d.scratch, (*C.int8_t)(unsafe.Pointer(out)), d.plain)
}

// Lab is the thumbnail of the last view in L*a*b*, until the next.
func (d *Describer) Lab() *LabMap { return (*LabMap)(unsafe.Pointer(&d.scratch.lab)) }

// View computes the view of a thumbnail as it is kept. It is safe for concurrent
// use; whoever computes many keeps a [Describer].
func (t *Table) View(thumbnail *Thumbnail, out *[HalfSize]int8) {
	d, _ := spare.Get().(*Describer)
	if d == nil || d.table != t {
		d = NewDescriber(t)
	}
	d.View(thumbnail, out)
	spare.Put(d)
}

var spare sync.Pool // of *Describer
