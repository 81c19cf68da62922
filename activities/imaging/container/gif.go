package container

import (
	"encoding/binary"

	"imagebatch/activities"
)

// readGIF walks the blocks up to the first picture, by
// https://www.w3.org/Graphics/GIF/spec-gif89a.txt. Of the extensions before it a
// decoder needs the last that says what is transparent.
func readGIF(data []byte) (File, error) {
	const screen = 13
	if len(data) < screen {
		return File{}, cutOff(activities.GIF)
	}
	little := binary.LittleEndian
	f := File{Width: int(little.Uint16(data[6:])), Height: int(little.Uint16(data[8:]))}
	at := screen + colorTable(data[10])
	f.keep(data, 0, at)
	control := [2]int{}
	for {
		if at >= len(data) || data[at] == 0x3b {
			return File{}, cutOff(activities.GIF)
		}
		switch data[at] {
		case 0x21:
			if at+2 > len(data) {
				return File{}, cutOff(activities.GIF)
			}
			end := subBlocks(data, at+2)
			if data[at+1] == 0xf9 {
				control = [2]int{at, end}
			}
			at = end
		case 0x2c:
			if at+11 > len(data) {
				return File{}, cutOff(activities.GIF)
			}
			left, top := int(little.Uint16(data[at+1:])), int(little.Uint16(data[at+3:]))
			width, height := int(little.Uint16(data[at+5:])), int(little.Uint16(data[at+7:]))
			// A screen that is smaller than its first picture grows, as in browsers.
			f.Width, f.Height = max(f.Width, left+width), max(f.Height, top+height)
			if width == 0 || height == 0 {
				return File{}, damaged(activities.GIF, "its first picture has no size")
			}
			codes := at + 10 + colorTable(data[at+9])
			end := subBlocks(data, codes+1)
			f.whole = func() error { return gifPixels(data[min(codes, len(data)):min(end, len(data))], width, height) }
			f.keep(data, control[0], control[1])
			f.keep(data, at, end)
			if end <= len(data) {
				f.parts = append(f.parts, []byte{0x3b})
			}
			return f, nil
		default:
			at++ // what does not belong here is left out, as decoders do
		}
	}
}

// colorTable is how long a table of colors is, by the flags that announce it.
func colorTable(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// subBlocks is where a chain of blocks that begins at a position ends: behind its
// terminator, or beyond the file when that is missing.
func subBlocks(data []byte, at int) int {
	for at < len(data) {
		length := int(data[at])
		at += 1 + length
		if length == 0 {
			return at
		}
	}
	return len(data) + 1
}
