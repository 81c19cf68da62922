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
	block := append([]byte("Exif\x00\x00"), exif(orientation)...)
	segment := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(block)+2)), block...)
	return append(append(bytes.Clone(data[:2]), segment...), data[2:]...)
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
