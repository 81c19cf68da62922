package jpegscan

import "encoding/binary"

// stream is the bits of a scan, from a position in the file to the next marker.
// Behind the last one come zeros, which are counted.
type stream struct {
	data  []byte
	at    int    // of the next byte that is not in held
	held  uint64 // the low count bits are next, the highest first
	count int
	made  int // bits in held, or taken from it, that the file does not have
}

// fill sees to it that at least 32 bits are held, enough for a code of 16 bits and
// the 15 that may follow it.
func (b *stream) fill() {
	if b.count >= 32 {
		return
	}
	if b.at+4 <= len(b.data) {
		word := binary.BigEndian.Uint32(b.data[b.at:])
		// A word without the byte ff, which is where markers and stuffing begin.
		if inverse := ^word; (inverse-0x01010101)&^inverse&0x80808080 == 0 {
			b.held = b.held<<32 | uint64(word)
			b.count += 32
			b.at += 4
			return
		}
	}
	for b.count < 32 {
		next, width := b.octet(b.at)
		if width == 0 {
			b.made += 8
		}
		b.held = b.held<<8 | uint64(next)
		b.count += 8
		b.at += width
	}
}

// octet is the byte of the scan at a position in the file and how many the file
// spends on it, none when the scan is over.
func (b *stream) octet(at int) (value byte, width int) {
	if at >= len(b.data) {
		return 0, 0
	}
	if b.data[at] != 0xff {
		return b.data[at], 1
	}
	if at+1 < len(b.data) && b.data[at+1] == 0 {
		return 0xff, 2 // stuffed
	}
	return 0, 0
}

// take removes the next n bits, at most 16, and returns their value.
func (b *stream) take(n int) int {
	b.fill()
	b.count -= n
	return int(b.held>>b.count) & (1<<n - 1)
}

// short reports whether bits were taken that the file does not have.
func (b *stream) short() bool { return b.made > b.count }

// restart begins anew at a position in the file.
func (b *stream) restart(at int) { b.at, b.held, b.count, b.made = at, 0, 0, 0 }
