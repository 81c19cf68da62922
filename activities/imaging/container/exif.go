package container

import (
	"bytes"
	"encoding/binary"
)

// exifHead is what some formats put before an EXIF block.
var exifHead = []byte("Exif\x00\x00")

// orientationTag and types of values, by
// https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf.
const (
	orientationTag = 274
	typeByte       = 1
	typeShort      = 3
	typeLong       = 4
	typeSShort     = 8
	typeSLong      = 9
	typeIFD        = 13
	typeLong8      = 16
)

// orientation reads an EXIF block, which is a small TIFF; 0 when it has none.
// Only the first directory says how the picture lies.
func orientation(block []byte) int {
	block = bytes.TrimPrefix(block, exifHead)
	order := byteOrder(block)
	if order == nil || len(block) < 8 {
		return 0
	}
	at := int64(order.Uint32(block[4:]))
	if at+2 > int64(len(block)) {
		return 0
	}
	count := int(order.Uint16(block[at:]))
	for entries := block[at+2:]; count > 0 && len(entries) >= 12; count, entries = count-1, entries[12:] {
		if order.Uint16(entries) == orientationTag {
			return upTo8(order, int(order.Uint16(entries[2:])), entries[8:12])
		}
	}
	return 0
}

// upTo8 is the orientation in the value of a directory entry.
func upTo8(order binary.ByteOrder, kind int, value []byte) int {
	n := 0
	switch kind {
	case typeByte:
		n = int(value[0])
	case typeShort, typeSShort:
		n = int(order.Uint16(value))
	case typeLong, typeSLong:
		n = int(int32(order.Uint32(value)))
	}
	if n < 1 || n > 8 {
		return 0
	}
	return n
}

// byteOrder is how numbers are written in a TIFF or EXIF block, nil if it is none.
func byteOrder(block []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(block, []byte("II")):
		return binary.LittleEndian
	case bytes.HasPrefix(block, []byte("MM")):
		return binary.BigEndian
	}
	return nil
}
