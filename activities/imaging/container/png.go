package container

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"

	"imagebatch/activities"
)

// maxText is how much of a compressed text is unpacked for its orientation. EXIF
// has that in its first directory, mostly in the first hundred bytes.
const maxText = 256 << 10

// readPNG walks the chunks, by https://www.w3.org/TR/png-3/. Of the ancillary ones
// a decoder needs transparency alone.
func readPNG(data []byte) (File, error) {
	const signature = 8
	if len(data) < signature+25 {
		return File{}, cutOff(activities.PNG)
	}
	if string(data[12:16]) == "CgBI" {
		return File{}, unsupported("a PNG in Apple's own form", "save it as a standard PNG")
	}
	if string(data[8:16]) != "\x00\x00\x00\x0dIHDR" {
		return File{}, damaged(activities.PNG, "it does not begin with a size")
	}
	width, height := binary.BigEndian.Uint32(data[16:]), binary.BigEndian.Uint32(data[20:])
	if width == 0 || height == 0 || width > 1<<31-1 || height > 1<<31-1 {
		return File{}, damaged(activities.PNG, "it has no size")
	}
	f := File{Width: int(width), Height: int(height)}
	if kind := data[25]; kind == 0 || kind == 4 {
		f.Space = Gray
	}
	f.keep(data, 0, signature)
	texts := 0 // that were unpacked
	for at := signature; at < len(data); {
		if at+12 > len(data) {
			f.keep(data, at, len(data))
			break
		}
		length := int(binary.BigEndian.Uint32(data[at:]))
		end := at + 12 + length
		name := string(data[at+4 : at+8])
		if name[0]&0x20 == 0 || name == "tRNS" {
			f.keep(data, at, end)
		}
		if end > len(data) || name == "IEND" {
			break
		}
		content, sum := data[at+8:end-4], data[end-4:end]
		sound := func() bool { return crc32.ChecksumIEEE(data[at+4:end-4]) == binary.BigEndian.Uint32(sum) }
		switch name {
		case "eXIf":
			if f.Orientation == 0 && sound() {
				f.Orientation = orientation(content)
			}
		case "iCCP":
			if f.profile == nil && sound() {
				f.profile = func() []byte { return packedProfile(content) }
			}
		case "tEXt", "zTXt", "iTXt":
			if f.Orientation == 0 && texts < 2 && bytes.HasPrefix(content, []byte("Raw profile type ")) {
				texts++
				f.Orientation = rawProfile(name, content)
			}
		}
		at = end
	}
	return f, nil
}

// packedProfile unpacks the profile of an iCCP chunk: a name, a method, the data.
func packedProfile(content []byte) []byte {
	_, packed, found := bytes.Cut(content, []byte{0})
	if !found || len(packed) < 2 {
		return nil
	}
	profile := unpack(packed[1:], maxProfile+1)
	if len(profile) > maxProfile {
		return nil
	}
	return profile
}

// unpack is at most so many bytes of a zlib stream, and what there is of a damaged
// one.
func unpack(packed []byte, most int64) []byte {
	reader, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	out, _ := io.ReadAll(io.LimitReader(reader, most))
	return out
}

// rawProfile reads the orientation of an EXIF block in a text, as ImageMagick wrote
// it before PNG had a chunk for it: its name, its length, hexadecimal digits.
func rawProfile(chunk string, content []byte) int {
	keyword, text, _ := bytes.Cut(content, []byte{0})
	switch string(keyword) {
	case "Raw profile type exif", "Raw profile type EXIF", "Raw profile type APP1", "Raw profile type app1":
	default:
		return 0
	}
	switch {
	case chunk == "zTXt" && len(text) > 1:
		text = unpack(text[1:], maxText)
	case chunk == "iTXt" && len(text) > 2:
		packed := text[0] == 1
		fields := bytes.SplitN(text[2:], []byte{0}, 3) // language, keyword in it, text
		if len(fields) < 3 {
			return 0
		}
		if text = fields[2]; packed {
			text = unpack(text, maxText)
		}
	}
	lines := bytes.SplitN(bytes.TrimLeft(text[:min(len(text), maxText)], "\n "), []byte{'\n'}, 3)
	if len(lines) < 3 {
		return 0
	}
	digits := bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == ' ' {
			return -1
		}
		return r
	}, lines[2])
	block := make([]byte, len(digits)/2)
	n, _ := hex.Decode(block, digits[:len(block)*2])
	return orientation(block[:n])
}
