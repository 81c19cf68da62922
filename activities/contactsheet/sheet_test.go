package contactsheet_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"strings"
	"testing"

	"imagebatch/activities/contactsheet"
)

var red = color.RGBA{0xff, 0, 0, 0xff}

func plain(width, height int) image.Image {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(red), image.Point{}, draw.Src)
	return picture
}

// count is how many pixels of a part have that colour.
func count(sheet *image.RGBA, part image.Rectangle, want color.RGBA) (n int) {
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if sheet.RGBAAt(x, y) == want {
				n++
			}
		}
	}
	return n
}

func TestDrawLaysCellsInRows(t *testing.T) {
	t.Parallel()
	for cells, want := range map[int]image.Point{0: {184, 232}, 1: {184, 232}, 6: {1044, 232}, 7: {1044, 452}, 101: {1044, 12 + 17*220}} {
		sheet, err := contactsheet.Draw(make([]contactsheet.Cell, cells))
		if err != nil || sheet.Bounds().Size() != want {
			t.Errorf("a sheet of %d cells is %v, %v; want %v", cells, sheet.Bounds().Size(), err, want)
		}
	}
}

func TestPicturesKeepTheirProportions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		picture image.Image
		pixels  int
	}{
		"Square":   {plain(160, 160), 160 * 160},
		"Wide":     {plain(320, 80), 160 * 40},
		"Thin":     {plain(1, 1000), 160},
		"Small":    {plain(10, 20), 10 * 20},
		"Absent":   {nil, 0},
		"NoPixels": {plain(0, 5), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sheet, err := contactsheet.Draw([]contactsheet.Cell{{Picture: test.picture}})
			if err != nil {
				t.Fatal(err)
			}
			if got := count(sheet, sheet.Bounds(), red); got != test.pixels {
				t.Errorf("%d pixels are of the picture, want %d", got, test.pixels)
			}
		})
	}
}

// Whatever the words are, they stay in their cell.
func TestWordsStayInTheirCell(t *testing.T) {
	t.Parallel()
	paper := color.RGBA{0xff, 0xff, 0xff, 0xff}
	for name, text := range map[string]string{
		"Short": "1   0.9876", "Long": strings.Repeat("folder/", 100) + "last.jpg", "Huge": strings.Repeat("W", 1<<20), "Foreign": strings.Repeat("夏装", 40),
		"Control": "a\nb\x00c\u202ed", "Words": strings.Repeat("the picture is no longer there ", 20), "Bytes": "\xff\xfe",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sheet, err := contactsheet.Draw([]contactsheet.Cell{{Lines: []string{text, text, text, text}, Missing: text}, {}})
			if err != nil {
				t.Fatal(err)
			}
			below := image.Rect(12, 172, 172, 226)
			if written := below.Dx()*below.Dy() - count(sheet, below, paper); written == 0 {
				t.Error("nothing is written")
			}
			for _, margin := range []image.Rectangle{image.Rect(0, 0, 11, 232), image.Rect(175, 172, 344, 232), image.Rect(0, 227, 344, 232)} {
				if got := count(sheet, margin, paper); got != margin.Dx()*margin.Dy() {
					t.Errorf("something is written into %v", margin)
				}
			}
		})
	}
}

func TestMarkedCellHasAFrame(t *testing.T) {
	t.Parallel()
	at := image.Pt(12+80, 12-3)
	for _, marked := range []bool{false, true} {
		sheet, err := contactsheet.Draw([]contactsheet.Cell{{Picture: plain(160, 160), Marked: marked}})
		if err != nil {
			t.Fatal(err)
		}
		if framed := sheet.RGBAAt(at.X, at.Y) != (color.RGBA{0xff, 0xff, 0xff, 0xff}); framed != marked {
			t.Errorf("marked: %t, framed: %t", marked, framed)
		}
	}
}

func TestJPEG(t *testing.T) {
	t.Parallel()
	file, err := contactsheet.JPEG([]contactsheet.Cell{{Picture: plain(50, 50), Lines: []string{"query"}}, {Missing: "gone"}})
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil || sheet.Bounds().Size() != (image.Point{356, 232}) {
		t.Errorf("sheet of %v, %v", sheet.Bounds(), err)
	}
}
