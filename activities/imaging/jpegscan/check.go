package jpegscan

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"imagebatch/activities"
)

// Check reads a JPEG up to the end of its last scan. A missing end marker is
// no damage when every block is there, nor is what follows it.
//
// Errors are activities.ErrUndecodable when data is missing or damaged, and
// activities.ErrUnsupportedFormat for the kinds of JPEG that are not read.
func Check(data []byte) error {
	f := &file{data: data, at: 2}
	if err := f.read(); err != nil {
		return err
	}
	return f.complete()
}

// read goes through all segments, as far as they matter.
func (f *file) read() error {
	for {
		marker, segment, err := f.next()
		if err != nil {
			return err
		}
		switch {
		case marker == markerEnd:
			return nil
		case marker == markerScan:
			if err := f.scan(segment); err != nil || f.done() {
				return err
			}
		case marker == markerCodes:
			err = f.codes(segment)
		case marker == markerSteps:
			err = f.quantize(segment)
		case marker == markerRestarts && len(segment) >= 2:
			f.interval = int(binary.BigEndian.Uint16(segment))
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc8 && marker != 0xcc:
			err = f.frame(marker, segment)
		}
		if err != nil {
			return err
		}
	}
}

// Markers that are acted upon, without their ff.
const (
	markerCodes    = 0xc4
	markerRestart  = 0xd0 // to 0xd7
	markerEnd      = 0xd9
	markerScan     = 0xda
	markerSteps    = 0xdb
	markerRestarts = 0xdd
)

// maxScans bounds the work: a scan of a few bytes goes through all blocks. Encoders
// write about a dozen.
const maxScans = 100

type file struct {
	data []byte
	at   int

	width, height int
	progressive   bool
	components    []component
	widest        int // sampling of the component that has most, in each direction
	highest       int

	dc, ac   [4]*huffman
	steps    [4]quantization
	interval int // of restart markers, in units of the scan; 0 for none
	scans    int
}

type component struct {
	id, steps    byte
	wide, high   int // sampling
	across, down int // blocks
	scanned      bool
	known        [64]int8 // bits of the coefficient that are still to come, -1 for all
	set          []uint64 // coefficients of each block that are not zero, in progressive files
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: its JPEG data is damaged: %s", activities.ErrUndecodable, fmt.Sprintf(format, args...))
}

func unsupported(what string) error {
	return fmt.Errorf("%w: %s; save it as a baseline or progressive JPEG", activities.ErrUnsupportedFormat, what)
}

// next finds the next segment. The end of the file counts as the end marker.
func (f *file) next() (marker byte, segment []byte, err error) {
	for {
		for f.at < len(f.data) && f.data[f.at] != 0xff {
			f.at++ // what does not belong here is left out, as decoders do
		}
		for f.at < len(f.data) && f.data[f.at] == 0xff {
			f.at++
		}
		if f.at >= len(f.data) {
			return markerEnd, nil, nil
		}
		marker = f.data[f.at]
		f.at++
		if marker == markerEnd {
			return marker, nil, nil
		}
		if marker <= 1 || marker >= markerRestart && marker < markerEnd {
			continue // without a segment
		}
		if f.at+2 > len(f.data) {
			return markerEnd, nil, nil
		}
		length := int(binary.BigEndian.Uint16(f.data[f.at:]))
		if length < 2 {
			return 0, nil, damaged("a segment has %d bytes", length)
		}
		if f.at+length > len(f.data) {
			return markerEnd, nil, nil
		}
		segment = f.data[f.at+2 : f.at+length]
		f.at += length
		return marker, segment, nil
	}
}

func (f *file) frame(marker byte, segment []byte) error {
	switch marker {
	case 0xc0, 0xc1:
	case 0xc2:
		f.progressive = true
	case 0xc3:
		return unsupported("a lossless JPEG")
	case 0xc9, 0xca:
		return unsupported("a JPEG with arithmetic coding")
	default:
		return unsupported("a hierarchical or lossless JPEG")
	}
	if f.components != nil {
		return damaged("it has two frames")
	}
	if len(segment) < 6 || len(segment) < 6+3*int(segment[5]) {
		return damaged("its frame header is too short")
	}
	if segment[0] != 8 {
		return unsupported(fmt.Sprintf("a JPEG of %d bits a sample", segment[0]))
	}
	f.height, f.width = int(binary.BigEndian.Uint16(segment[1:])), int(binary.BigEndian.Uint16(segment[3:]))
	if f.height == 0 || f.width == 0 {
		return damaged("it has no size")
	}
	count := int(segment[5])
	if count != 1 && count != 3 && count != 4 {
		return unsupported(fmt.Sprintf("a JPEG of %d components", count))
	}
	for n := range count {
		from := segment[6+3*n:]
		c := component{id: from[0], wide: int(from[1] >> 4), high: int(from[1] & 15), steps: from[2]}
		if c.wide < 1 || c.wide > 4 || c.high < 1 || c.high > 4 || c.steps > 3 {
			return damaged("its frame header has impossible values")
		}
		for k := range c.known {
			c.known[k] = -1
		}
		f.components = append(f.components, c)
		f.widest, f.highest = max(f.widest, c.wide), max(f.highest, c.high)
	}
	for n := range f.components {
		c := &f.components[n]
		c.across = ceil(ceil(f.width*c.wide, f.widest), 8)
		c.down = ceil(ceil(f.height*c.high, f.highest), 8)
	}
	return nil
}

func ceil(a, b int) int { return (a + b - 1) / b }

// codes reads Huffman tables.
func (f *file) codes(segment []byte) error {
	for len(segment) >= 17 {
		kind, total := segment[0], 0
		for _, n := range segment[1:17] {
			total += int(n)
		}
		if total > 256 || 17+total > len(segment) || kind&15 > 3 || kind>>4 > 1 {
			return damaged("a table of codes is too short")
		}
		table, ok := newHuffman(segment[1:17], segment[17:17+total])
		if !ok {
			return damaged("a table has more codes than bits allow")
		}
		if kind>>4 == 0 {
			f.dc[kind&15] = table
		} else {
			f.ac[kind&15] = table
		}
		segment = segment[17+total:]
	}
	return nil
}

// quantization is what a table says of the values that can be.
type quantization struct {
	step   int       // of brightness
	limits [64]uint8 // size of a coefficient, in the order of the file
}

// slack is how far beyond black and white a block may go, in the unit of
// coefficients: encoders that hide ringing exceed white by up to 31 levels.
const slack = 300

// quantize reads quantization tables.
func (f *file) quantize(segment []byte) error {
	for len(segment) > 0 {
		kind, width := segment[0], 1
		if kind>>4 != 0 {
			width = 2
		}
		if len(segment) < 1+64*width || kind&15 > 3 {
			return damaged("a quantization table is too short")
		}
		q := &f.steps[kind&15]
		for n := range 64 {
			step := int(segment[1+n*width])
			if width == 2 {
				step = step<<8 | int(segment[2+n*width])
			}
			if n == 0 {
				q.step = step
			}
			// The least value of a size is the power of two below it.
			q.limits[n] = uint8(max(plain, bits.Len(uint((1024+slack)/max(1, step)+1))))
		}
		segment = segment[1+64*width:]
	}
	return nil
}

// done reports whether nothing that could follow matters: every component of a
// sequential picture has been read.
func (f *file) done() bool {
	for _, c := range f.components {
		if f.progressive || !c.scanned {
			return false
		}
	}
	return true
}

// complete checks that every component was read to its last bit. Bands that were
// never begun are zero, as an encoder may want them to be.
func (f *file) complete() error {
	if f.components == nil {
		return fmt.Errorf("%w: the file is cut off before its pixels", activities.ErrUndecodable)
	}
	for _, c := range f.components {
		if !c.scanned {
			return fmt.Errorf("%w: the file is cut off: a color is missing", activities.ErrUndecodable)
		}
		for at, missing := range c.known {
			if f.progressive && (missing > 0 || at == 0 && missing != 0) {
				return fmt.Errorf("%w: the file is cut off: details are missing", activities.ErrUndecodable)
			}
		}
	}
	return nil
}
