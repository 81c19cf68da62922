package imaging_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// exif is the shortest EXIF block with an orientation.
func exif(orientation int) []byte {
	out := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	out[19] = byte(orientation)
	return out
}

// orientedJPEG adds EXIF behind the start of a JPEG.
func orientedJPEG(data []byte, orientation int) []byte {
	return withSegment(data, 0xe1, append([]byte("Exif\x00\x00"), exif(orientation)...))
}

// withSegment adds a marker segment behind the start of a JPEG.
func withSegment(data []byte, marker byte, block []byte) []byte {
	segment := append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(block)+2)), block...)
	return append(append(bytes.Clone(data[:2]), segment...), data[2:]...)
}

// profiledJPEG adds a color profile to a JPEG: that of sRGB, with red and blue
// exchanged.
func profiledJPEG(data []byte) []byte {
	fixed := func(values ...float64) []byte {
		out := []byte("XYZ \x00\x00\x00\x00")
		for _, v := range values {
			out = binary.BigEndian.AppendUint32(out, uint32(int32(v*65536)))
		}
		return out
	}
	curve := []byte("curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33\x00\x00") // gamma 2.2
	tags := []struct {
		name    string
		content []byte
	}{
		{"wtpt", fixed(0.9642, 1, 0.8249)},
		{"rXYZ", fixed(0.1431, 0.0606, 0.7141)},
		{"gXYZ", fixed(0.3851, 0.7169, 0.0971)},
		{"bXYZ", fixed(0.4361, 0.2225, 0.0139)},
		{"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	}
	big := binary.BigEndian
	table, body := big.AppendUint32(nil, uint32(len(tags))), []byte(nil)
	for _, tag := range tags {
		table = append(table, tag.name...)
		table = big.AppendUint32(table, uint32(128+4+12*len(tags)+len(body)))
		table = big.AppendUint32(table, uint32(len(tag.content)))
		body = append(body, tag.content...)
	}
	head := make([]byte, 128)
	big.PutUint32(head, uint32(len(head)+len(table)+len(body)))
	copy(head[8:], "\x02\x10\x00\x00mntrRGB XYZ ")
	copy(head[36:], "acsp")
	copy(head[68:], fixed(0.9642, 1, 0.8249)[8:])
	return withSegment(data, 0xe2, bytes.Join([][]byte{[]byte("ICC_PROFILE\x00\x01\x01"), head, table, body}, nil))
}

// orientedPNG adds EXIF behind the header of a PNG.
func orientedPNG(data []byte, orientation int) []byte {
	const header = 8 + 25 // signature and IHDR
	return append(append(bytes.Clone(data[:header]), pngChunk("eXIf", exif(orientation))...), data[header:]...)
}

func pngChunk(name string, content []byte) []byte {
	body := append([]byte(name), content...)
	out := append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
}

// orientedTIFF moves the directory of a little-endian TIFF to its end, with an
// orientation in its place.
func orientedTIFF(data []byte, orientation int) []byte {
	little := binary.LittleEndian
	at := little.Uint32(data[4:])
	count := int(little.Uint16(data[at:]))
	entries := data[at+2 : int(at)+2+12*count]

	out := bytes.Clone(data)
	if len(out)%2 == 1 {
		out = append(out, 0)
	}
	little.PutUint32(out[4:], uint32(len(out)))
	out = little.AppendUint16(out, uint16(count+1))
	added := false
	for n := range count {
		entry := entries[12*n : 12*n+12]
		if !added && little.Uint16(entry) > 274 {
			out = little.AppendUint16(little.AppendUint16(out, 274), 3)
			out = little.AppendUint32(little.AppendUint32(out, 1), uint32(orientation))
			added = true
		}
		out = append(out, entry...)
	}
	return little.AppendUint32(out, 0)
}

// orientedWEBP puts the frame of a simple WEBP into an extended one with EXIF.
func orientedWEBP(data []byte, width, height, orientation int) []byte {
	little := binary.LittleEndian
	frame := data[12:]
	if string(frame[:4]) == "VP8X" {
		frame = frame[18:]
		for string(frame[:3]) != "VP8" { // metadata of the encoder
			size := int(little.Uint32(frame[4:]))
			frame = frame[8+size+size%2:]
		}
		size := int(little.Uint32(frame[4:]))
		frame = frame[:8+size+size%2]
	}
	body := []byte("WEBPVP8X\x0a\x00\x00\x00\x08\x00\x00\x00")
	for _, n := range []int{width - 1, height - 1} {
		body = append(body, byte(n), byte(n>>8), byte(n>>16))
	}
	body = append(body, frame...)
	block := exif(orientation)
	body = append(little.AppendUint32(append(body, "EXIF"...), uint32(len(block))), block...)
	return append(little.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}
