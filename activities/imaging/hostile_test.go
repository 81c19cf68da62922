package imaging_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/imaging/container"
)

func deflated(tb testing.TB, content []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(content); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// insertChunk puts a chunk into a PNG at a position.
func insertChunk(file []byte, at int, name string, content []byte) []byte {
	return bytes.Join([][]byte{file[:at], pngChunk(name, content), file[at:]}, nil)
}

// rawProfileText is EXIF as ImageMagick wrote it before PNG had a chunk for it.
func rawProfileText(kind string, block []byte) string {
	return fmt.Sprintf("\n%s\n%8d\n%s\n", kind, len(block), hex.EncodeToString(block))
}

// TestOrientationWhereverItLies has the places besides those that
// TestHeaderOrientation has.
func TestOrientationWhereverItLies(t *testing.T) {
	t.Parallel()
	files := everyFormat(t, drawScene(120, 110, 4))
	png, jpeg := files["PNG"], files["JPEG"]
	start, end := 33, len(png)-12
	block := exif(6)
	headed := append([]byte("Exif\x00\x00"), block...)
	broken := insertChunk(png, end, "eXIf", block)
	broken[end+8+len(block)] ^= 1
	long := append(append([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x04\x00\x00\x00\x01"), 0, 0, 0, 6), 0, 0, 0, 0)
	for name, test := range map[string]struct {
		data []byte
		want int
	}{
		"PNGAfterPixels":        {insertChunk(png, end, "eXIf", block), 6},
		"PNGBeforePixels":       {insertChunk(png, start, "eXIf", block), 6},
		"PNGWithHead":           {insertChunk(png, end, "eXIf", headed), 6},
		"PNGRawText":            {insertChunk(png, start, "tEXt", []byte("Raw profile type exif\x00"+rawProfileText("exif", headed))), 6},
		"PNGRawTextAfterPixels": {insertChunk(png, end, "tEXt", []byte("Raw profile type exif\x00"+rawProfileText("exif", headed))), 6},
		"PNGRawTextAPP1":        {insertChunk(png, start, "tEXt", []byte("Raw profile type APP1\x00"+rawProfileText("APP1", headed))), 6},
		"PNGRawTextPacked":      {insertChunk(png, end, "zTXt", append([]byte("Raw profile type exif\x00\x00"), deflated(t, []byte(rawProfileText("exif", headed)))...)), 6},
		"PNGRawTextUnicode":     {insertChunk(png, end, "iTXt", []byte("Raw profile type exif\x00\x00\x00\x00\x00"+rawProfileText("exif", headed))), 6},
		"PNGRawTextOfOtherKind": {insertChunk(png, start, "tEXt", []byte("Raw profile type iptc\x00"+rawProfileText("iptc", headed))), 0},
		"PNGBrokenChunk":        {broken, 0},
		"JPEGBehindXMP":         {withSegment(withSegment(jpeg, 0xe1, headed), 0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00<x/>")), 6},
		"JPEGOfLongs":           {withSegment(jpeg, 0xe1, append([]byte("Exif\x00\x00"), long...)), 6},
		"JPEGImpossible":        {orientedJPEG(jpeg, 9), 0},
	} {
		if got := header(t, test.data).Orientation; got != test.want {
			t.Errorf("%s: orientation %d, want %d", name, got, test.want)
		}
		if _, err := featurize(t, newImager(t), test.data, activities.View{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSizesAreReadWithoutADecoder has pictures that decoders do not take, or for
// whose header they would make room for every pixel.
func TestSizesAreReadWithoutADecoder(t *testing.T) {
	t.Parallel()
	webp := func(kind string, frame []byte) []byte {
		chunk := append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(frame))), frame...)
		return append(append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(4+len(chunk)))...), append([]byte("WEBP"), chunk...)...)
	}
	lossless := func(width, height int) []byte {
		return webp("VP8L", append(binary.LittleEndian.AppendUint32([]byte{0x2f}, uint32(width-1|(height-1)<<14)), 0, 0, 0))
	}
	lossy := func(width, height int) []byte {
		frame := []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a}
		return webp("VP8 ", binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(frame, uint16(width)), uint16(height)))
	}
	jpeg := encodeJPEG(t, drawScene(64, 64, 1), 80)
	at := bytes.Index(jpeg, []byte{0xff, 0xc0})
	copy(jpeg[at+5:], "\xff\xff\xff\xff")
	const most = 1<<31 - 1 // that a header tells
	endless := encodeBMP(t, drawScene(64, 64, 1))
	binary.LittleEndian.PutUint32(endless[22:], 1<<31) // the most negative height
	for name, test := range map[string]struct {
		data          []byte
		width, height int
	}{
		"WEBPLossless6000": {lossless(6000, 6000), 6000, 6000},
		"WEBPLossless":     {lossless(16383, 16383), 16383, 16383},
		"WEBPLossy":        {lossy(16383, 16383), 16383, 16383},
		"JPEG":             {jpeg, 65535, 65535},
		"BMPUpsideDown":    {endless, 64, most},
		"TIFF":             {rawTIFF{width: 1<<16 - 1, height: 1<<16 - 1, photometric: 2, samples: 3, bits: 8}.bytes(), 1<<16 - 1, 1<<16 - 1},
		"PPM":              {[]byte("P6 99999999999999999999 70000 255 "), most, 70000},
	} {
		got := header(t, test.data)
		if got.Width != test.width || got.Height != test.height {
			t.Errorf("%s: %d × %d, want %d × %d", name, got.Width, got.Height, test.width, test.height)
		}
		if _, err := featurize(t, newImager(t), test.data, activities.View{}); !tooLarge(err) {
			t.Errorf("%s: got %v, want a picture of too many pixels", name, err)
		}
	}
}

// TestHeadersCostLittle has files whose headers are made to cost: what is unpacked
// of them shows in the memory that reading takes, and what decoders would do with
// the rest, in the bytes that reach them.
func TestHeadersCostLittle(t *testing.T) {
	scene := drawScene(120, 110, 4)
	files := everyFormat(t, scene)
	bomb := deflated(t, make([]byte, 100<<20))
	png := files["PNG"]
	repeat := func(n int, what []byte) []byte { return bytes.Repeat(what, n) }
	at := func(file []byte, at int, what []byte) []byte {
		return bytes.Join([][]byte{file[:at], what, file[at:]}, nil)
	}
	gif := files["GIF"]
	gifStart := 13 + 3<<(gif[10]&7+1)
	if gif[10]&0x80 == 0 {
		gifStart = 13
	}
	chain := bytes.Clone(files["TIFF"])
	for range 60000 { // directories that each name the next
		at := len(chain)
		chain = append(chain, 1, 0, 0, 1, 3, 0, 1, 0, 0, 0, 100, 0, 0, 0)
		chain = binary.LittleEndian.AppendUint32(chain, uint32(at+18))
	}
	loop := bytes.Clone(files["TIFF"])
	first := binary.LittleEndian.Uint32(loop[4:])
	next := first + 2 + 12*uint32(binary.LittleEndian.Uint16(loop[first:]))
	binary.LittleEndian.PutUint32(loop[next:], first)
	binary.LittleEndian.PutUint32(chain[next:], uint32(len(files["TIFF"])))
	webp := orientedWEBP(files["WEBP"], 120, 110, 1)
	for name, data := range map[string][]byte{
		"PNGPackedTexts":     at(png, 33, repeat(41, pngChunk("zTXt", append([]byte("Comment\x00\x00"), bomb...)))),
		"PNGUnicodeTexts":    at(png, 33, repeat(41, pngChunk("iTXt", append([]byte("Comment\x00\x01\x00\x00\x00"), bomb...)))),
		"PNGRawProfiles":     at(png, 33, repeat(41, pngChunk("zTXt", append([]byte("Raw profile type exif\x00\x00"), bomb...)))),
		"PNGPackedProfile":   at(png, 33, pngChunk("iCCP", append([]byte("x\x00\x00"), bomb...))),
		"PNGEmptyChunks":     at(png, 33, repeat(300000, pngChunk("teSt", nil))),
		"JPEGSegments":       at(files["JPEG"], 2, repeat(400000, []byte("\xff\xe5\x00\x06abcd"))),
		"JPEGExifSegments":   at(files["JPEG"], 2, repeat(100000, append([]byte("\xff\xe1\x00\x22Exif\x00\x00"), exif(0)[:26]...))),
		"JPEGFill":           at(files["JPEG"], 2, repeat(4<<20, []byte{0xff})),
		"GIFExtensions":      at(gif, gifStart, repeat(400000, []byte("\x21\xfe\x01a\x00"))),
		"GIFFrames":          at(gif, len(gif)-1, repeat(300000, []byte("\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x00"))),
		"WEBPChunks":         append(bytes.Clone(webp), repeat(400000, []byte("junk\x00\x00\x00\x00"))...),
		"TIFFDirectories":    chain,
		"TIFFDirectoryLoop":  loop,
		"PPMComments":        []byte("P6\n" + strings.Repeat("#\n", 2<<20) + "120 110 255\n" + strings.Repeat("\x00", 120*110*3)),
		"JPEGProfilePieces":  at(files["JPEG"], 2, repeat(250, append([]byte("\xff\xe2\x20\x02ICC_PROFILE\x00\x01\xff"), make([]byte, 0x2002-16)...))),
		"TIFFHugeDirectory":  hugeDirectory(),
		"WEBPExifBlocks":     append(bytes.Clone(webp), repeat(100000, []byte("EXIF\x08\x00\x00\x00MM\x00*\x00\x00\x00\x08"))...),
		"GIFControls":        at(gif, gifStart, repeat(300000, []byte("\x21\xf9\x04\x00\x00\x00\x00\x00"))),
		"PNGTextsNotPacked":  at(png, 33, repeat(200000, pngChunk("tEXt", []byte("Raw profile type exif\x00")))),
		"JPEGNothingButFill": append([]byte("\xff\xd8\xff"), repeat(4<<20, []byte{0xff})...),
	} {
		_, err := featurize(t, newImager(t), data, activities.View{})
		if wanted := name != "TIFFHugeDirectory" && name != "JPEGNothingButFill"; wanted != (err == nil) {
			t.Errorf("%s: got %v", name, err)
		}
		format, err := imaging.Sniff(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if format == activities.PPM {
			continue // has no header but its numbers
		}
		before := allocated()
		file, err := container.Read(format, data)
		if err != nil {
			continue // it was to be refused
		}
		file.Profile()
		if octets := allocated() - before; octets > 32<<20 {
			t.Errorf("%s: reading it takes %d bytes of memory", name, octets)
		}
		plain := file.Plain()
		switch format {
		case activities.JPEG: // libjpeg passes by what is no pixel and keeps none of it
		case activities.TIFF:
			if tail := plain[len(plain)-4:]; !bytes.Equal(tail, make([]byte, 4)) {
				t.Errorf("%s: a directory follows the first", name)
			}
		default:
			if got, most := len(plain), len(files[string(format)])+64; got > most {
				t.Errorf("%s: %d bytes reach the decoder, want at most %d", name, got, most)
			}
		}
	}
}

// allocated is the memory that this process has asked for, given back or not.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

func hugeDirectory() []byte {
	out := append([]byte("II*\x00\x08\x00\x00\x00"), 0xff, 0xff)
	return append(out, bytes.Repeat([]byte("\x00\x01\x03\x00\x01\x00\x00\x00\x78\x00\x00\x00"), 65535)...)
}
