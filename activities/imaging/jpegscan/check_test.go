package jpegscan_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"strings"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/imaging/jpegscan"
)

// variants are forms of sequential JPEGs; progressive ones are tested where an
// encoder for them is, in package imaging.
func variants(tb testing.TB) map[string]drawing {
	tb.Helper()
	return map[string]drawing{
		"Grey":            {across: 12, down: 10, components: 1, seed: 1},
		"Color":           {across: 12, down: 10, components: 3, seed: 2},
		"Subsampled":      {across: 7, down: 6, components: 3, sampling: 2, seed: 3},
		"FourColors":      {across: 9, down: 9, components: 4, seed: 4},
		"Restarts":        {across: 12, down: 10, components: 3, interval: 7, seed: 5},
		"RestartsOfARow":  {across: 7, down: 9, components: 3, sampling: 2, interval: 7, seed: 6},
		"RestartsOfOne":   {across: 6, down: 6, components: 1, interval: 1, seed: 7},
		"ScansApart":      {across: 8, down: 8, components: 3, sampling: 2, apart: true, seed: 8},
		"RestartsApart":   {across: 8, down: 8, components: 3, apart: true, interval: 5, seed: 9},
		"FourColorsApart": {across: 8, down: 8, components: 4, apart: true, seed: 10},
	}
}

func TestWholePicturesAreWhole(t *testing.T) {
	t.Parallel()
	for name, d := range variants(t) {
		file, _ := d.bytes()
		end := len(file) - 2
		for kind, data := range map[string][]byte{
			"AsWritten":      file,
			"NoEndMarker":    file[:end],
			"HalfAnEnd":      file[:end+1],
			"FillBeforeEnd":  slicesOf(file[:end], "\xff\xff\xff", file[end:]),
			"ZerosBeforeEnd": slicesOf(file[:end], strings.Repeat("\x00", 500), file[end:]),
			"BytesBeforeEnd": slicesOf(file[:end], "\x12\x34\x56", file[end:]),
			"BytesAfterEnd":  slicesOf(file, strings.Repeat("trailer", 100), nil),
			"FillAtStart":    slicesOf(file[:2], "\xff\xff", file[2:]),
			"UnknownSegment": slicesOf(file[:2], "\xff\xee\x00\x06Adob", file[2:]),
		} {
			if err := jpegscan.Check(data); err != nil {
				t.Errorf("%s, %s: %v", name, kind, err)
			}
		}
		if d.interval == 0 {
			continue
		}
		at := bytes.Index(file, []byte{0xff, 0xd0})
		if err := jpegscan.Check(slicesOf(file[:at], "\xff\xff", file[at:])); err != nil {
			t.Errorf("%s, fill before a restart marker: %v", name, err)
		}
	}
}

func slicesOf(a []byte, b string, c []byte) []byte { return bytes.Join([][]byte{a, []byte(b), c}, nil) }

func TestDamageIsSeen(t *testing.T) {
	t.Parallel()
	for name, d := range variants(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, scan := d.bytes()
			length := len(file) - 2 - scan
			for kind, data := range map[string][]byte{
				"HalfAndEnd":     slicesOf(file[:scan+length/2], "\xff\xd9", nil),
				"Half":           file[:scan+length/2],
				"LastByte":       file[:len(file)-3],
				"LastByteAndEnd": slicesOf(file[:len(file)-3], "\xff\xd9", nil),
				"NothingAndEnd":  slicesOf(file[:scan], "\xff\xd9", nil),
				"LargerHeader":   larger(file),
				"SmallerHeader":  smaller(file),
			} {
				refused(t, kind, data)
			}
			for part := range 3 {
				from, to := scan+part*length/3, scan+(part+1)*length/3
				zeroed := bytes.Clone(file)
				clear(zeroed[from:to])
				refused(t, fmt.Sprint("zeroed third ", part), zeroed)
				refused(t, fmt.Sprint("zeroed third and no end ", part), zeroed[:len(zeroed)-2])
				refused(t, fmt.Sprint("cut out third ", part), slicesOf(file[:from], "", file[to:]))
			}
			random := rand.New(rand.NewPCG(d.seed, 2))
			for round := range 50 {
				flipped := bytes.Clone(file)
				for range 30 {
					flipped[scan+random.IntN(length)] ^= byte(1 + random.IntN(255))
				}
				refused(t, fmt.Sprint("flipped bytes ", round), flipped)
			}
		})
	}
}

func refused(t *testing.T, kind string, data []byte) {
	t.Helper()
	if err := jpegscan.Check(data); !errors.Is(err, activities.ErrUndecodable) {
		t.Errorf("%s: got %v, want a picture that cannot be decoded", kind, err)
	}
}

// larger announces twice the rows.
func larger(file []byte) []byte {
	out := bytes.Clone(file)
	at := bytes.Index(out, []byte{0xff, 0xc0}) + 5
	rows := int(out[at])<<8 | int(out[at+1])
	out[at], out[at+1] = byte(2*rows>>8), byte(2*rows)
	return out
}

// smaller announces a single row of blocks.
func smaller(file []byte) []byte {
	out := bytes.Clone(file)
	at := bytes.Index(out, []byte{0xff, 0xc0}) + 5
	out[at], out[at+1] = 0, 8
	return out
}

func TestMissingRestartInterval(t *testing.T) {
	t.Parallel()
	file, _ := drawing{across: 12, down: 10, components: 3, interval: 5, seed: 3}.bytes()
	first, second := bytes.Index(file, []byte{0xff, 0xd0}), bytes.Index(file, []byte{0xff, 0xd1})
	refused(t, "an interval is cut out", slicesOf(file[:first], "", file[second:]))
	refused(t, "an interval is repeated", slicesOf(file[:second], "", file[first:]))
	refused(t, "a marker is cut out", slicesOf(file[:first], "", file[first+2:]))
}

// TestBrightnessOutOfRange has blocks whose bits are all valid.
func TestBrightnessOutOfRange(t *testing.T) {
	t.Parallel()
	file, _ := drawing{across: 12, down: 10, components: 1, seed: 1}.bytes()
	at := bytes.Index(file, []byte{0xff, 0xdb}) + 5
	file[at] = 200
	refused(t, "brightness of 200 × 100", file)
}

func TestUnsupportedKinds(t *testing.T) {
	t.Parallel()
	file, scan := drawing{across: 4, down: 4, components: 3, seed: 1}.bytes()
	frame := bytes.Index(file, []byte{0xff, 0xc0})
	with := func(at int, value byte) []byte {
		out := bytes.Clone(file)
		out[at] = value
		return out
	}
	progressive := bytes.Clone(file[:scan-14]) // without its scan header
	progressive[frame+1] = 0xc2
	for range 200 {
		progressive = append(progressive, segment(0xda, []byte{3, 1, 0, 2, 0, 3, 0, 0, 0, 0x10})...)
		progressive = append(progressive, make([]byte, 6)...)
	}
	for name, data := range map[string][]byte{
		"Lossless": with(frame+1, 0xc3), "Hierarchical": with(frame+1, 0xc5), "Arithmetic": with(frame+1, 0xc9),
		"TwelveBits": with(frame+4, 12), "TwoComponents": with(frame+9, 2), "ManyScans": progressive,
	} {
		err := jpegscan.Check(data)
		if !errors.Is(err, activities.ErrUnsupportedFormat) || strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: got %v, want an unsupported format", name, err)
		}
	}
}

// TestEncodersAreRead checks what Go's encoder writes, at sizes that end inside a
// block.
func TestEncodersAreRead(t *testing.T) {
	t.Parallel()
	for size := 1; size < 40; size += 3 {
		for _, quality := range []int{1, 50, 100} {
			picture := image.NewNRGBA(image.Rect(0, 0, size, 41-size))
			random := rand.New(rand.NewPCG(uint64(size), 1))
			for n := range picture.Pix {
				picture.Pix[n] = byte(random.IntN(2) * 255)
			}
			grey := image.NewGray(picture.Bounds())
			for n := range grey.Pix {
				grey.SetGray(n%size, n/size, color.Gray{Y: byte(n * 7)})
			}
			for _, p := range []image.Image{picture, grey} {
				var out bytes.Buffer
				if err := jpeg.Encode(&out, p, &jpeg.Options{Quality: quality}); err != nil {
					t.Fatal(err)
				}
				if err := jpegscan.Check(out.Bytes()); err != nil {
					t.Errorf("%d pixels, quality %d: %v", size, quality, err)
				}
			}
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, d := range variants(f) {
		d.across, d.down = 2, 2
		file, _ := d.bytes()
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := jpegscan.Check(data)
		if err != nil && !errors.Is(err, activities.ErrUndecodable) && !errors.Is(err, activities.ErrUnsupportedFormat) {
			t.Errorf("got %v", err)
		}
	})
}
