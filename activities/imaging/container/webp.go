package container

import (
	"encoding/binary"

	"imagebatch/activities"
)

// readWEBP walks the chunks, by https://developers.google.com/speed/webp/docs/riff_container.
// A decoder is given those of the first frame.
func readWEBP(data []byte) (File, error) {
	const head = 12
	little := binary.LittleEndian
	var f File
	var kept [][]byte
	framed, extended := false, false
	for at := head; at+8 <= len(data); {
		name, length := string(data[at:at+4]), int(little.Uint32(data[at+4:]))
		end := at + 8 + length + length&1
		content := data[at+8 : min(len(data), at+8+length)]
		take := false
		switch name {
		case "VP8X":
			if len(content) < 10 {
				return File{}, cutOff(activities.WEBP)
			}
			if at == head {
				f.Width, f.Height = 1+uint24(content[4:]), 1+uint24(content[7:])
				extended, take = true, true
			}
		case "VP8 ", "VP8L":
			if at == head {
				width, height, ok := frameSize(name, content)
				if !ok {
					return File{}, damaged(activities.WEBP, "it has no size")
				}
				f.Width, f.Height = width, height
			}
			take, framed = !framed, true
		case "ANMF":
			take, framed = !framed, true
		case "ANIM", "ALPH":
			take = !framed && len(kept) < 4
		case "EXIF":
			if f.Orientation == 0 {
				f.Orientation = orientation(content)
			}
		case "ICCP":
			if f.profile == nil && len(content) <= maxProfile {
				f.profile = func() []byte { return content }
			}
		}
		if take {
			kept = append(kept, data[at:min(len(data), end)])
		}
		if framed && !extended {
			break // what follows a simple picture means nothing
		}
		at = end
	}
	if f.Width == 0 || !framed {
		return File{}, cutOff(activities.WEBP)
	}
	f.rebuild = func() []byte { return riff(data[:head], kept) }
	return f, nil
}

// riff writes a file of the chunks. Its size is what they announce, so that a cut
// one is still seen as cut.
func riff(head []byte, chunks [][]byte) []byte {
	out := append([]byte(nil), head...)
	size := 4
	for n, chunk := range chunks {
		length := int(binary.LittleEndian.Uint32(chunk[4:]))
		size += 8 + length + length&1
		out = append(out, chunk...)
		if n == 0 && string(chunk[:4]) == "VP8X" {
			const alpha, animation = 0x10, 0x02
			out[len(head)+8] &= alpha | animation
		}
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(size))
	return out
}

// frameSize is the size in the header of a lossy or lossless frame.
func frameSize(name string, frame []byte) (width, height int, ok bool) {
	little := binary.LittleEndian
	if name == "VP8L" {
		if len(frame) < 5 || frame[0] != 0x2f {
			return 0, 0, false
		}
		word := little.Uint32(frame[1:])
		return 1 + int(word&0x3fff), 1 + int(word>>14&0x3fff), true
	}
	if len(frame) < 10 || string(frame[3:6]) != "\x9d\x01\x2a" {
		return 0, 0, false
	}
	width, height = int(little.Uint16(frame[6:])&0x3fff), int(little.Uint16(frame[8:])&0x3fff)
	return width, height, width > 0 && height > 0
}

func uint24(from []byte) int { return int(from[0]) | int(from[1])<<8 | int(from[2])<<16 }
