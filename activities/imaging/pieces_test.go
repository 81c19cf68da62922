package imaging_test

import (
	"bytes"
	"compress/lzw"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

// gifOf writes a picture of one grey frame by hand, with data for any number of
// pixels.
func gifOf(t *testing.T, frame image.Rectangle, flags byte, pixels []byte) []byte {
	t.Helper()
	little := binary.LittleEndian
	out := []byte("GIF89a\x3c\x00\x32\x00\xf7\x00\x00") // 60 × 50 pixels, 256 colors
	for grey := range 256 {
		out = append(out, byte(grey), byte(grey), byte(grey))
	}
	out = append(out, 0x2c)
	for _, n := range []int{frame.Min.X, frame.Min.Y, frame.Dx(), frame.Dy()} {
		out = little.AppendUint16(out, uint16(n))
	}
	out = append(out, flags, 8)
	codes := encode(t, func(w *bytes.Buffer) error {
		writer := lzw.NewWriter(w, lzw.LSB, 8)
		if _, err := writer.Write(pixels); err != nil {
			return err
		}
		return writer.Close()
	})
	for len(codes) > 0 {
		length := min(255, len(codes))
		out = append(append(out, byte(length)), codes[:length]...)
		codes = codes[length:]
	}
	return append(out, 0, 0x3b)
}

// TestDamagedGIFsAreRefused has frames whose data does not last for their pixels,
// which decoders leave as they were.
func TestDamagedGIFsAreRefused(t *testing.T) {
	t.Parallel()
	const interlaced = 0x40
	screen := image.Rect(0, 0, 60, 50)
	pixels := make([]byte, 60*50)
	for n := range pixels {
		pixels[n] = byte(n * n >> 5)
	}
	whole := gifOf(t, screen, 0, pixels)
	zeroed, size := bytes.Clone(whole), bytes.Clone(whole)
	clear(zeroed[len(zeroed)/2 : len(zeroed)*4/5])
	codes := bytes.IndexByte(whole[13+3*256:], 8) + 13 + 3*256
	size[codes] = 9
	for name, test := range map[string]struct {
		data []byte
		want bool
	}{
		"Whole":         {whole, true},
		"Interlaced":    {gifOf(t, screen, interlaced, pixels), true},
		"RowTooMany":    {gifOf(t, screen, 0, append(bytes.Clone(pixels), pixels[:60]...)), true},
		"Part":          {gifOf(t, image.Rect(5, 5, 15, 15), 0, pixels[:100]), true},
		"BeyondScreen":  {gifOf(t, image.Rect(30, 30, 90, 80), 0, pixels), true},
		"NoTrailer":     {whole[:len(whole)-1], true},
		"Half":          {gifOf(t, screen, 0, pixels[:len(pixels)/2]), false},
		"RowTooFew":     {gifOf(t, screen, 0, pixels[:len(pixels)-60]), false},
		"PixelTooFew":   {gifOf(t, screen, 0, pixels[:len(pixels)-1]), false},
		"None":          {gifOf(t, screen, 0, nil), false},
		"InterlaceHalf": {gifOf(t, screen, interlaced, pixels[:len(pixels)/2]), false},
		"TwiceAsMany":   {gifOf(t, screen, 0, append(bytes.Clone(pixels), pixels...)), false},
		"Zeroed":        {zeroed, false},
		"CodeSize":      {size, false},
	} {
		_, width, height, err := imaging.Decode(test.data, 1)
		if test.want && err != nil || !test.want && !errors.Is(err, activities.ErrUndecodable) {
			t.Errorf("%s: error %v; that it is whole is %t", name, err, test.want)
		}
		if name == "BeyondScreen" && (width != 90 || height != 80) {
			t.Errorf("%s: %d × %d pixels, want those of screen and frame", name, width, height)
		}
	}
}

// jpegTIFF writes a TIFF whose strips, or square tiles, are JPEGs.
type jpegTIFF struct {
	width, height, rows, tile int
	grey                      bool
	tables                    []byte
	pieces                    [][]byte
}

func (j jpegTIFF) bytes() []byte {
	little := binary.LittleEndian
	out := []byte("II*\x00\x00\x00\x00\x00")
	put := func(content []byte) (at int) {
		at = len(out)
		out = append(out, content...)
		if len(out)%2 == 1 {
			out = append(out, 0)
		}
		return at
	}
	var starts, sizes []int
	for _, piece := range j.pieces {
		starts, sizes = append(starts, put(piece)), append(sizes, len(piece))
	}
	var entries []byte
	entry := func(tag int, values ...int) {
		entries = little.AppendUint16(little.AppendUint16(entries, uint16(tag)), 4)
		entries = little.AppendUint32(entries, uint32(len(values)))
		if len(values) > 1 {
			var list []byte
			for _, value := range values {
				list = little.AppendUint32(list, uint32(value))
			}
			values = []int{put(list)}
		}
		entries = little.AppendUint32(entries, uint32(values[0]))
	}
	samples, photometric := 3, 6
	if j.grey {
		samples, photometric = 1, 1
	}
	entry(256, j.width)
	entry(257, j.height)
	bits := []int{8, 8, 8}
	entry(258, bits[:samples]...)
	entry(259, 7)
	entry(262, photometric)
	if j.tile == 0 {
		entry(273, starts...)
	}
	entry(277, samples)
	if j.tile == 0 {
		entry(278, j.rows)
		entry(279, sizes...)
	} else {
		entry(322, j.tile)
		entry(323, j.tile)
		entry(324, starts...)
		entry(325, sizes...)
	}
	if j.tables != nil {
		at := put(j.tables)
		entries = little.AppendUint16(little.AppendUint16(entries, 347), 7)
		entries = little.AppendUint32(little.AppendUint32(entries, uint32(len(j.tables))), uint32(at))
	}
	little.PutUint32(out[4:], uint32(len(out)))
	out = little.AppendUint16(out, uint16(len(entries)/12))
	return little.AppendUint32(append(out, entries...), 0)
}

// apart takes the tables out of a JPEG, which all of one quality have in common.
func apart(file []byte) (tables, rest []byte) {
	tables, rest = []byte{0xff, 0xd8}, []byte{0xff, 0xd8}
	for at := 2; ; {
		end := at + 2 + int(binary.BigEndian.Uint16(file[at+2:]))
		switch file[at+1] {
		case 0xda:
			return append(tables, 0xff, 0xd9), append(rest, file[at:]...)
		case 0xdb, 0xc4:
			tables = append(tables, file[at:end]...)
		default:
			rest = append(rest, file[at:end]...)
		}
		at = end
	}
}

// TestDamagedJPEGsInTIFFsAreRefused damages one strip or tile of a picture.
func TestDamagedJPEGsInTIFFsAreRefused(t *testing.T) {
	t.Parallel()
	scene := drawScene(160, 128, 12)
	piece := func(r image.Rectangle) []byte { return encodeJPEG(t, scene.SubImage(r), 90) }
	var strips, bare, tiles [][]byte
	var tables []byte
	for top := 0; top < 128; top += 48 { // the last has 32 rows
		strips = append(strips, piece(image.Rect(0, top, 160, min(top+48, 128))))
		shared, rest := apart(strips[len(strips)-1])
		tables, bare = shared, append(bare, rest)
	}
	for top := 0; top < 128; top += 32 {
		for left := 0; left < 160; left += 32 {
			tiles = append(tiles, piece(image.Rect(left, top, left+32, top+32)))
		}
	}
	for name, file := range map[string]jpegTIFF{
		"OneStrip": {width: 160, height: 128, rows: 128, pieces: [][]byte{piece(scene.Bounds())}},
		"Strips":   {width: 160, height: 128, rows: 48, pieces: strips},
		"Tables":   {width: 160, height: 128, rows: 48, pieces: bare, tables: tables},
		"Tiles":    {width: 160, height: 128, tile: 32, pieces: tiles},
	} {
		compare(t, name, file.bytes(), 160, 128, flat(scene), 6)
		last := len(file.pieces) - 1
		victim := file.pieces[last]
		scan := bytes.Index(victim, []byte{0xff, 0xda}) + 14
		half := scan + (len(victim)-scan)/2
		zeroed, flipped := bytes.Clone(victim), bytes.Clone(victim)
		clear(zeroed[scan+(len(victim)-scan)/3 : scan+2*(len(victim)-scan)/3])
		for at := scan + 3; at < len(flipped)-2; at += 9 {
			flipped[at] ^= 0x5a
		}
		for kind, damaged := range map[string][]byte{
			"Half": victim[:half], "HalfAndEnd": append(bytes.Clone(victim[:half]), 0xff, 0xd9),
			"CutOut": append(bytes.Clone(victim[:scan+20]), victim[half:]...), "Zeroed": zeroed, "Flipped": flipped,
			"Empty": {}, "NoJPEG": []byte("nothing of the kind"), "TablesOnly": tables,
		} {
			broken := file
			broken.pieces = append(append([][]byte(nil), file.pieces[:last]...), damaged)
			refused(t, fmt.Sprint(name, " ", kind), broken.bytes())
		}
		larger := file
		larger.height, larger.rows = 2*file.height, 2*file.rows
		refused(t, name+" of twice the height", larger.bytes())
		missing := file
		missing.pieces = file.pieces[:last]
		if last > 0 {
			refused(t, name+" without the last", missing.bytes())
		}
	}
	without := jpegTIFF{width: 160, height: 128, rows: 48, pieces: bare}
	refused(t, "without its tables", without.bytes())
	overlapping := jpegTIFF{width: 160, height: 128, rows: 1, pieces: [][]byte{piece(scene.Bounds())}}
	refused(t, "with too few strips", overlapping.bytes())
}

func refused(t *testing.T, what string, data []byte) {
	t.Helper()
	if _, _, _, err := imaging.Decode(data, 1); !errors.Is(err, activities.ErrUndecodable) {
		t.Errorf("%s: error %v, want an undecodable picture", what, err)
	}
}
