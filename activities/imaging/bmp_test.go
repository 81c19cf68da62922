package imaging_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

// bitmap writes a BMP by hand: what stands between header and pixels (masks,
// palette) and the pixels are given as they are in the file.
type bitmap struct {
	width, height int32
	depth         uint16
	packing       uint32
	size          uint32 // of the second header; 40 unless set
	between       []byte
	pixels        []byte
}

func (b bitmap) bytes() []byte {
	size := max(b.size, 40)
	info := make([]byte, size)
	little := binary.LittleEndian
	little.PutUint32(info, size)
	little.PutUint32(info[4:], uint32(b.width))
	little.PutUint32(info[8:], uint32(b.height))
	little.PutUint16(info[12:], 1)
	little.PutUint16(info[14:], b.depth)
	little.PutUint32(info[16:], b.packing)
	between := b.between
	if size > 40 {
		copy(info[40:], between)
		between = nil
	}
	offset := uint32(14 + len(info) + len(between))
	out := append([]byte("BM"), make([]byte, 8)...)
	out = little.AppendUint32(out, offset)
	return bytes.Join([][]byte{out, info, between, b.pixels}, nil)
}

func words(values ...uint32) []byte {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return out
}

const (
	red, green, blue, white, black = "\xff\x00\x00", "\x00\xff\x00", "\x00\x00\xff", "\xff\xff\xff", "\x00\x00\x00"
)

var primaries = []byte("\x00\x00\xff\x00" + "\x00\xff\x00\x00" + "\xff\x00\x00\x00") // a palette: blue, green, red

func TestBMP(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file []byte
		want string // samples, row by row
	}{
		"BottomUp": {
			file: bitmap{width: 1, height: 2, depth: 24, pixels: []byte("\x00\x00\xff\x00" + "\xff\x00\x00\x00")}.bytes(),
			want: blue + red,
		},
		"TopDown": {
			file: bitmap{width: 1, height: -2, depth: 24, pixels: []byte("\x00\x00\xff\x00" + "\xff\x00\x00\x00")}.bytes(),
			want: red + blue,
		},
		"LastRowWithoutPadding": {
			file: bitmap{width: 1, height: 1, depth: 24, pixels: []byte("\x00\xff\x00")}.bytes(),
			want: green,
		},
		"OneBit": {
			file: bitmap{width: 9, height: 1, depth: 1, between: primaries[:8], pixels: []byte("\x01\x80\x00\x00")}.bytes(),
			want: red + red + red + red + red + red + red + green + green,
		},
		"FourBits": {
			file: bitmap{width: 3, height: 1, depth: 4, between: primaries, pixels: []byte("\x01\x2f\x00\x00")}.bytes(),
			want: red + green + blue, // the unused half byte is outside
		},
		"ColorOutsideThePalette": {
			file: bitmap{width: 2, height: 1, depth: 8, between: primaries, pixels: []byte("\x02\x09\x00\x00")}.bytes(),
			want: blue + black,
		},
		"FiveBitsAColor": {
			file: bitmap{width: 2, height: 1, depth: 16, pixels: []byte("\x00\x7c\x1f\x00")}.bytes(),
			want: red + blue,
		},
		"SixBitsOfGreen": {
			file: bitmap{width: 2, height: 1, depth: 16, packing: 3, between: words(0xf800, 0x7e0, 0x1f), pixels: []byte("\xe0\x07\x00\xf8")}.bytes(),
			want: green + red,
		},
		"PaddedPixelsAreOpaque": {
			file: bitmap{width: 1, height: 1, depth: 32, pixels: []byte("\x00\x00\xff\x00")}.bytes(),
			want: red,
		},
		"AlphaOnWhite": {
			file: bitmap{
				width: 2, height: 1, depth: 32, packing: 3, size: 108,
				between: words(0xff0000, 0xff00, 0xff, 0xff000000), pixels: []byte("\x00\x00\xff\xff" + "\x00\x00\xff\x00"),
			}.bytes(),
			want: red + white,
		},
		"AlphaThatWasNeverMeant": {
			file: bitmap{
				width: 2, height: 1, depth: 32, packing: 3, size: 108,
				between: words(0xff0000, 0xff00, 0xff, 0xff000000), pixels: []byte("\x00\x00\xff\x00" + "\xff\x00\x00\x00"),
			}.bytes(),
			want: red + blue,
		},
		"Runs": {
			file: bitmap{
				width: 3, height: 2, depth: 8, packing: 1, between: primaries,
				pixels: []byte("\x03\x01\x00\x00" + "\x00\x03\x02\x00\x01\x00" + "\x00\x01"),
			}.bytes(),
			want: blue + red + green + green + green + green,
		},
		"RunsThatSkip": {
			file: bitmap{
				width: 3, height: 2, depth: 8, packing: 1, between: primaries,
				pixels: []byte("\x00\x02\x01\x01" + "\x09\x02" + "\x00\x01"),
			}.bytes(),
			want: red + blue + blue + red + red + red,
		},
		"RunsOfTwoColors": {
			file: bitmap{
				width: 5, height: 1, depth: 4, packing: 2, between: primaries,
				pixels: []byte("\x03\x12" + "\x00\x02\x01\x00" + "\x00\x01"),
			}.bytes(),
			want: green + blue + green + red + red, // a count of 2 is a skip: one right, none up
		},
		"CoreHeader": {
			file: append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00"+
				"\x0c\x00\x00\x00\x02\x00\x01\x00\x01\x00\x01\x00"), []byte("\x00\x00\xff\x00\xff\x00"+"\x40\x00\x00\x00")...),
			want: red + green,
		},
		"ShortHeader": {
			file: append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x1e\x00\x00\x00"+
				"\x10\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x18\x00"), []byte("\x00\x00\xff\x00\xff\x00"+"\x00\x00")...),
			want: red + green,
		},
		"ShortHeaderWithPalette": {
			file: append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x26\x00\x00\x00"+
				"\x10\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x01\x00"), []byte("\x00\x00\xff\x00\x00\xff\x00\x00"+"\x40\x00\x00\x00")...),
			want: red + green,
		},
		"HeaderThatEndsBeforeItsPalette": {
			file: append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x2e\x00\x00\x00"+
				"\x18\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
				[]byte("\x00\x00\xff\x00\x00\xff\x00\x00"+"\x40\x00\x00\x00")...),
			want: red + green,
		},
		"NoOffset": {
			file: withoutOffset(bitmap{width: 1, height: 2, depth: 24, pixels: []byte("\x00\x00\xff\x00" + "\xff\x00\x00\x00")}),
			want: blue + red,
		},
		"NoOffsetBehindAPalette": {
			file: withoutOffset(bitmap{width: 9, height: 1, depth: 1, between: primaries[:8], pixels: []byte("\x01\x80\x00\x00")}),
			want: red + red + red + red + red + red + red + green + green,
		},
		"NoOffsetBehindMasks": {
			file: withoutOffset(bitmap{width: 2, height: 1, depth: 16, packing: 3, between: words(0xf800, 0x7e0, 0x1f), pixels: []byte("\xe0\x07\x00\xf8")}),
			want: green + red,
		},
		"NoOffsetBehindMasksInTheHeader": {
			file: withoutOffset(bitmap{
				width: 1, height: 1, depth: 32, packing: 3, size: 108,
				between: words(0xff0000, 0xff00, 0xff, 0xff000000), pixels: []byte("\x00\x00\xff\xff"),
			}),
			want: red,
		},
		"NoOffsetBehindACoreHeader": {
			file: append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"+
				"\x0c\x00\x00\x00\x02\x00\x01\x00\x01\x00\x01\x00"), []byte("\x00\x00\xff\x00\xff\x00"+"\x40\x00\x00\x00")...),
			want: red + green,
		},
	} {
		rgb, _, _, err := imaging.Decode(test.file, 1)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff([]byte(test.want), rgb); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestBadBMP(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{
		"NoPixels":        bitmap{width: 1, height: 1, depth: 24}.bytes(),
		"NoWidth":         bitmap{width: 0, height: 1, depth: 24, pixels: []byte("1234")}.bytes(),
		"NegativeWidth":   bitmap{width: -4, height: 1, depth: 24, pixels: []byte("1234")}.bytes(),
		"RunsCut":         bitmap{width: 9, height: 9, depth: 8, packing: 1, pixels: []byte("\x01\x00\x00")}.bytes(),
		"LiteralRunCut":   bitmap{width: 9, height: 9, depth: 8, packing: 1, pixels: []byte("\x00\x09\x00")}.bytes(),
		"NoRoomForMasks":  bitmap{width: 1, height: 1, depth: 32, packing: 3, pixels: []byte("1234")}.bytes(),
		"MaskWithGaps":    bitmap{width: 1, height: 1, depth: 32, packing: 3, between: words(0xf0f000, 1, 2), pixels: []byte("1234")}.bytes(),
		"PixelsInHeader":  append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x28\x00\x00\x00"), make([]byte, 60)...),
		"PixelsBeyondEnd": append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\x28\x00\x00\x00"), make([]byte, 60)...),
		"HeaderBeyondEnd": []byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x1a\x00\x00\x00\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
	} {
		if _, _, _, err := imaging.Decode(file, 1); !errors.Is(err, activities.ErrUndecodable) {
			t.Errorf("%s: got %v, want an undecodable picture", name, err)
		}
	}
}

// withoutOffset is a bitmap that does not say where its pixels are.
func withoutOffset(b bitmap) []byte {
	file := b.bytes()
	clear(file[10:14])
	return file
}

func TestBMPThatIsNotSupported(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{
		"UnknownDepth": bitmap{width: 1, height: 1, depth: 48, pixels: []byte("123456")}.bytes(),
		"JPEGInside":   bitmap{width: 1, height: 1, depth: 24, packing: 4, pixels: []byte("\xff\xd8\xff\xe0")}.bytes(),
		"RunsTopDown":  bitmap{width: 1, height: -1, depth: 8, packing: 1, pixels: []byte("\x01\x00\x00\x01")}.bytes(),
	} {
		if _, _, _, err := imaging.Decode(file, 1); !errors.Is(err, activities.ErrUnsupportedFormat) {
			t.Errorf("%s: got %v, want an unsupported format", name, err)
		}
	}
}
