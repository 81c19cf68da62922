package imaging

import (
	"encoding/binary"
	"math/bits"
)

// bmp is a device-independent bitmap with a file header, as
// https://learn.microsoft.com/windows/win32/gdi/bitmap-storage has it, in all
// versions of the second header from OS/2 1.x to V5.
type bmp struct {
	width, height int
	topDown       bool
	depth         int // bits per pixel
	packing       uint32
	masks         [4]uint32 // red, green, blue, alpha; of 16 and 32 bits
	palette       []byte    // of 8 bits and fewer: blue, green, red and perhaps one more
	entry         int       // bytes of a palette entry
	body          []byte    // the pixels, to the end of the file
}

// Values of the header's compression field.
const (
	bmpPlain      = 0
	bmpRLE8       = 1
	bmpRLE4       = 2
	bmpMasks      = 3
	bmpAlphaMasks = 6
)

const (
	bmpFileHeader = 14
	bmpCoreHeader = 12 // OS/2 1.x: 16-bit sizes, palette entries of three bytes
	// OS/2 2.x may end its header from here on: https://www.fileformat.info/format/os2bmp/egff.htm
	bmpShortHeader = 16
	bmpInfoHeader  = 40
)

// parseBMP reads the headers and finds palette and pixels.
func parseBMP(data []byte) (bmp, error) {
	if len(data) < bmpFileHeader+bmpCoreHeader {
		return bmp{}, undecodable("the file is cut off in its BMP header")
	}
	little := binary.LittleEndian
	offset, size := int(little.Uint32(data[10:])), int(little.Uint32(data[14:]))
	b := bmp{entry: 4}
	rest := bmpFileHeader + size // where masks or the palette follow
	if rest > len(data) || offset != 0 && offset < rest || offset > len(data) {
		return bmp{}, undecodable("its BMP header is damaged or cut off")
	}
	info := data[bmpFileHeader:]
	colors := 0
	switch {
	case size == bmpCoreHeader:
		b.width, b.height = int(little.Uint16(info[4:])), int(little.Uint16(info[6:]))
		b.depth, b.entry = int(little.Uint16(info[10:])), 3
	case size >= bmpShortHeader:
		full := info
		if size < bmpInfoHeader {
			full = make([]byte, bmpInfoHeader) // what is left out is zero
			copy(full, info[:size])
		}
		b.width, b.height = int(int32(little.Uint32(full[4:]))), int(int32(little.Uint32(full[8:])))
		b.depth, b.packing = int(little.Uint16(full[14:])), little.Uint32(full[16:])
		colors = int(little.Uint32(full[32:]))
	default:
		return bmp{}, undecodable("its BMP header has an impossible size, %d", size)
	}
	if b.height < 0 {
		b.height, b.topDown = -b.height, true
	}
	if b.width < 1 || b.height < 1 {
		return bmp{}, undecodable("its BMP header has impossible dimensions")
	}
	if !b.packingFits() {
		return bmp{}, unsupported("a BMP of %d bits with compression %d; save it as a BMP of 24 bits", b.depth, b.packing)
	}
	if b.depth <= 8 {
		most := 1 << b.depth
		if colors <= 0 || colors > most {
			colors = most
		}
	} else {
		colors = 0 // those for displays of that time
	}
	if offset == 0 { // some programs leave it out: pixels then follow at once
		offset = min(len(data), rest+b.maskBytes(size)+colors*b.entry)
	}
	if b.depth <= 8 {
		b.palette = data[rest:min(offset, rest+colors*b.entry)]
	} else if err := b.readMasks(info, size, offset-bmpFileHeader); err != nil {
		return bmp{}, err
	}
	b.body = data[offset:]
	return b, nil
}

func (b *bmp) packingFits() bool {
	switch b.depth {
	case 1, 2, 24:
		return b.packing == bmpPlain
	case 4:
		return b.packing == bmpPlain || b.packing == bmpRLE4 && !b.topDown
	case 8:
		return b.packing == bmpPlain || b.packing == bmpRLE8 && !b.topDown
	case 16, 32:
		return b.packing == bmpPlain || b.packing == bmpMasks || b.packing == bmpAlphaMasks
	default:
		return false
	}
}

// maskBytes is how much the masks take behind a header of that size.
func (b *bmp) maskBytes(size int) int {
	switch {
	case size != bmpInfoHeader:
		return 0
	case b.packing == bmpMasks:
		return 3 * 4
	case b.packing == bmpAlphaMasks:
		return 4 * 4
	}
	return 0
}

// readMasks finds which bits of a pixel are which color. The masks lie in the
// header from its second version on, and behind it in the first: at the same
// place. Only an explicit mask makes an alpha channel: the fourth byte of a
// plain pixel is padding.
func (b *bmp) readMasks(info []byte, size, end int) error {
	switch {
	case b.packing == bmpPlain && b.depth == 16:
		b.masks = [4]uint32{0x7c00, 0x3e0, 0x1f}
	case b.packing == bmpPlain:
		b.masks = [4]uint32{0xff0000, 0xff00, 0xff}
	default:
		count := 3
		if b.packing == bmpAlphaMasks || size >= bmpInfoHeader+16 {
			count = 4
		}
		if end < bmpInfoHeader+4*count {
			return undecodable("its BMP header is damaged: no room for color masks")
		}
		for n := range count {
			b.masks[n] = binary.LittleEndian.Uint32(info[bmpInfoHeader+4*n:])
			if m := b.masks[n]; m != 0 && bits.OnesCount32(m) != bits.Len32(m)-bits.TrailingZeros32(m) {
				return undecodable("its BMP header is damaged: color mask %08x has gaps", m)
			}
		}
	}
	return nil
}

// decode fills out, which holds three bytes for each pixel.
func (b bmp) decode(out []byte) error {
	if b.packing == bmpRLE8 || b.packing == bmpRLE4 {
		return b.decodeRuns(out)
	}
	stride := (b.width*b.depth + 31) / 32 * 4
	used := (b.width*b.depth + 7) / 8
	if need := stride*(b.height-1) + used; len(b.body) < need {
		return undecodable("the file is cut off: it has %d of %d bytes of pixels", len(b.body), need)
	}
	var row func(out, in []byte)
	switch b.depth {
	case 24:
		row = decodeBGR
	case 16, 32:
		row = b.maskedRow(stride)
	default:
		row = b.paletteRow
	}
	for y := range b.height {
		in := b.body[y*stride : y*stride+used]
		row(b.line(out, y), in)
	}
	return nil
}

// line is where the n-th line of the file belongs.
func (b bmp) line(out []byte, n int) []byte {
	if !b.topDown {
		n = b.height - 1 - n
	}
	return out[3*b.width*n : 3*b.width*(n+1)]
}

func decodeBGR(out, in []byte) {
	for n := 0; n+2 < len(in); n += 3 {
		out[n], out[n+1], out[n+2] = in[n+2], in[n+1], in[n]
	}
}

func (b bmp) paletteRow(out, in []byte) {
	perByte := 8 / b.depth
	for x := range b.width {
		shift := 8 - b.depth*(x%perByte+1)
		b.color(out[3*x:], int(in[x/perByte]>>shift)&(1<<b.depth-1))
	}
}

// color writes a color of the palette; one that the palette lacks is black.
func (b bmp) color(out []byte, index int) {
	at := index * b.entry
	if at+3 > len(b.palette) {
		out[0], out[1], out[2] = 0, 0, 0
		return
	}
	out[0], out[1], out[2] = b.palette[at+2], b.palette[at+1], b.palette[at]
}

// maskedRow decodes pixels of 16 or 32 bits. An alpha channel that is zero
// everywhere was never meant: such pictures are opaque.
func (b bmp) maskedRow(stride int) func(out, in []byte) {
	pixel := func(in []byte, x int) uint32 { return binary.LittleEndian.Uint32(in[4*x:]) }
	if b.depth == 16 {
		pixel = func(in []byte, x int) uint32 { return uint32(binary.LittleEndian.Uint16(in[2*x:])) }
	}
	opaque := true
	for y := 0; b.masks[3] != 0 && opaque && y < b.height; y++ {
		for x := range b.width {
			if pixel(b.body[y*stride:], x)&b.masks[3] != 0 {
				opaque = false
				break
			}
		}
	}
	return func(out, in []byte) {
		for x := range b.width {
			p := pixel(in, x)
			for channel := range 3 {
				value := masked(p, b.masks[channel])
				if !opaque {
					alpha := masked(p, b.masks[3])
					value = (value*alpha + 255*(255-alpha) + 127) / 255
				}
				out[3*x+channel] = byte(value)
			}
		}
	}
}

// masked is the value of the bits of a mask, brought to 0–255.
func masked(pixel, mask uint32) uint32 {
	if mask == 0 {
		return 0
	}
	low := bits.TrailingZeros32(mask)
	most := uint64(mask >> low)
	return uint32((uint64(pixel&mask>>low)*255 + most/2) / most)
}
