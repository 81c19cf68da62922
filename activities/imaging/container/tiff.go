package container

import (
	"encoding/binary"
	"fmt"

	"imagebatch/activities"
)

// Tags that decide how a picture is decoded, by TIFF 6.0 and its supplements. The
// others, and all further directories, are kept from the decoder.
var tiffTags = map[uint16]bool{
	256: true, 257: true, 258: true, 259: true, 262: true, 266: true, 273: true, 277: true, 278: true, 279: true,
	284: true, 292: true, 293: true, 301: false, 317: true, 320: true, 322: true, 323: true, 324: true, 325: true,
	332: true, 334: true, 338: true, 339: true, 347: true, 512: true, 513: true, 514: true, 515: true, 517: true,
	518: true, 519: true, 520: true, 521: true, 529: true, 530: true, 531: true, 532: true,
}

const (
	tagWidth, tagHeight, tagBits        = 256, 257, 258
	tagCompression, tagPhotometric      = 259, 262
	tagSamples, tagTileWidth, tagTileHi = 277, 322, 323
	tagInks, tagExtra, tagSampleFormat  = 332, 338, 339
	tagProfile                          = 34675
)

// maxEntries is how many tags a directory may have; a few dozen are usual.
const maxEntries = 4096

// tiff is a file whose first directory is being read.
type tiff struct {
	data    []byte
	order   binary.ByteOrder
	big     bool // 64-bit positions
	entries map[uint16]tiffEntry
	kept    [][]byte
}

type tiffEntry struct {
	kind  int
	count int64
	value []byte // nil when it lies beyond the end
}

// readTIFF reads the first directory, which describes the first page.
func readTIFF(data []byte) (File, error) {
	t := tiff{data: data, order: byteOrder(data), entries: map[uint16]tiffEntry{}}
	if err := t.readDirectory(); err != nil {
		return File{}, err
	}
	f := File{
		Width: t.number(tagWidth, 0), Height: t.number(tagHeight, 0),
		rebuild: t.alone,
	}
	if f.Width < 1 || f.Height < 1 {
		return File{}, damaged(activities.TIFF, "it has no size")
	}
	if e, found := t.entries[orientationTag]; found && len(e.value) >= 1 {
		f.Orientation = upTo8(t.order, e.kind, append(e.value[:len(e.value):len(e.value)], 0, 0, 0))
	}
	if e, found := t.entries[tagProfile]; found && e.value != nil && len(e.value) <= maxProfile {
		f.profile = func() []byte { return e.value }
	}
	f.jpegs = func() (*JPEGs, error) { return t.jpegs(f.Width, f.Height) }
	var err error
	f.Space, f.Layout, err = t.form()
	return f, err
}

func (t *tiff) readDirectory() error {
	at, countSize, entrySize := int64(0), int64(2), int64(12)
	t.big = len(t.data) > 4 && (t.data[2] == '+' || t.data[3] == '+')
	switch {
	case t.order == nil || len(t.data) < 8 || t.big && len(t.data) < 16:
		return cutOff(activities.TIFF)
	case t.big:
		at, countSize, entrySize = int64(t.order.Uint64(t.data[8:])), 8, 20
	default:
		at = int64(t.order.Uint32(t.data[4:]))
	}
	if at < 8 || at > int64(len(t.data))-countSize {
		return cutOff(activities.TIFF)
	}
	count := int64(t.order.Uint16(t.data[at:]))
	if t.big {
		count = int64(t.order.Uint64(t.data[at:]))
	}
	if count < 1 || count > maxEntries {
		return damaged(activities.TIFF, fmt.Sprintf("its directory has %d entries", uint64(count)))
	}
	at += countSize
	if at+count*entrySize > int64(len(t.data)) {
		return cutOff(activities.TIFF)
	}
	for range count {
		t.enter(t.data[at : at+entrySize])
		at += entrySize
	}
	return nil
}

// tiffSizes are those of values, by type.
var tiffSizes = [...]int64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}

// enter keeps an entry. The first of a tag counts.
func (t *tiff) enter(raw []byte) {
	tag, kind := t.order.Uint16(raw), int(t.order.Uint16(raw[2:]))
	if _, again := t.entries[tag]; again {
		return
	}
	count, field := int64(t.order.Uint32(raw[4:])), raw[8:]
	if t.big {
		count, field = int64(t.order.Uint64(raw[4:])), raw[12:]
	}
	e := tiffEntry{kind: kind, count: count}
	if kind < len(tiffSizes) && tiffSizes[kind] > 0 && count > 0 && count <= int64(len(t.data)) {
		size := count * tiffSizes[kind]
		if size <= int64(len(field)) {
			e.value = field[:size]
		} else if at := t.position(field); at >= 0 && at <= int64(len(t.data))-size {
			e.value = t.data[at : at+size]
		}
	}
	t.entries[tag] = e
	if tiffTags[tag] {
		t.kept = append(t.kept, raw)
	}
}

func (t *tiff) position(field []byte) int64 {
	if t.big {
		return int64(t.order.Uint64(field))
	}
	return int64(t.order.Uint32(field))
}

// number is the first value of a tag.
func (t *tiff) number(tag uint16, absent int) int {
	if all := t.numbers(tag); len(all) > 0 {
		return all[0]
	}
	return absent
}

// numbers are the first values of a tag, at most as many as a pixel has samples.
func (t *tiff) numbers(tag uint16) (all []int) {
	const most = 64
	e := t.entries[tag]
	for value := e.value; len(value) > 0 && len(all) < most; {
		switch e.kind {
		case typeByte:
			all, value = append(all, int(value[0])), value[1:]
		case typeShort:
			all, value = append(all, int(t.order.Uint16(value))), value[2:]
		case typeLong, typeIFD:
			all, value = append(all, int(t.order.Uint32(value))), value[4:]
		case typeLong8:
			all, value = append(all, int(min(t.order.Uint64(value), 1<<31))), value[8:]
		default:
			return nil
		}
	}
	return all
}

// alone is the file with a directory of the kept entries behind its end and none
// after it.
func (t *tiff) alone() []byte {
	out := make([]byte, 0, len(t.data)+1+8+20*len(t.kept)+8)
	out = append(out, t.data...)
	if len(out)%2 == 1 {
		out = append(out, 0)
	}
	at := len(out)
	appender := t.order.(binary.AppendByteOrder)
	if t.big {
		t.order.PutUint64(out[8:], uint64(at))
		out = appender.AppendUint64(out, uint64(len(t.kept)))
	} else {
		t.order.PutUint32(out[4:], uint32(at))
		out = appender.AppendUint16(out, uint16(len(t.kept)))
	}
	for _, raw := range t.kept {
		out = append(out, raw...)
	}
	if t.big {
		return appender.AppendUint64(out, 0)
	}
	return appender.AppendUint32(out, 0)
}
