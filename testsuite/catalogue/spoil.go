package catalogue

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/bmp"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// spoiledFolder holds the pictures that are bad on purpose.
const spoiledFolder = "spoiled"

// spoiling is a picture that is bad on purpose, made from a good one.
type spoiling struct {
	name string
	code contract.Code
	file func(good drawing) ([]byte, error) // nil: there is none
}

var spoilings = []spoiling{
	{"missing.jpg", contract.CodeInvalidPicURL, nil},
	{"text.jpg", contract.CodeUnsupportedPicFormat, func(drawing) ([]byte, error) {
		return []byte(strings.Repeat("this is a text and no picture\n", 40)), nil
	}},
	{"document.jpg", contract.CodeUnsupportedPicFormat, func(drawing) ([]byte, error) {
		return []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"), nil
	}},
	{"small.png", contract.CodeUnsupportedPicPixels, func(good drawing) ([]byte, error) {
		good.view.width, good.view.height = 64, 64
		return encode(paint(good.motif, good.view), "png")
	}},
	{"rotated.jpg", contract.CodeIncorrectOrientation, func(good drawing) ([]byte, error) {
		file, err := encode(paint(good.motif, good.view), "jpg")
		if err != nil {
			return nil, err
		}
		return rotated(file, 6), nil
	}},
	{"truncated.jpg", contract.CodeUnsupportedPicFormat, func(good drawing) ([]byte, error) {
		file, err := encode(paint(good.motif, good.view), "jpg")
		return file[:len(file)/2], err
	}},
	{"heavy.bmp", contract.CodeInvalidPicContent, func(drawing) ([]byte, error) {
		flat := image.NewGray(image.Rect(0, 0, 2400, 1800)) // a byte a pixel: over 4 MiB
		var out bytes.Buffer
		err := bmp.Encode(&out, flat)
		return out.Bytes(), err
	}},
}

// drawSpoiled writes the bad pictures.
func drawSpoiled(dir string, good drawing) error {
	if err := os.MkdirAll(filepath.Join(dir, spoiledFolder), 0o755); err != nil {
		return err
	}
	for _, s := range spoilings {
		if s.file == nil {
			continue
		}
		file, err := s.file(good)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, spoiledFolder, s.name), file, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// badLine is a line that must fail, and how.
type badLine struct {
	text string
	code contract.Code
}

// badLines are those that name a bad picture, then those that are bad themselves.
func badLines(good drawing) []badLine {
	var lines []badLine
	for n, s := range spoilings {
		lines = append(lines, badLine{badAdd(n, spoiledFolder+"/"+s.name, ""), s.code})
	}
	name := good.entry.PicName
	wide := fmt.Sprintf(`,"Region":"0,%d,0,%d"`, good.view.width+1, good.view.height)
	return append(lines,
		badLine{badAdd(90, name, "") + badAdd(91, name, ""), contract.CodeInvalidMetaItem},
		badLine{"ADD, B92, " + name, contract.CodeInvalidMetaItem},
		badLine{badAdd(93, name, `,"CategoryId":999`), contract.CodeInvalidCategory},
		badLine{badAdd(94, name, `,"IntAttr":5.5`), contract.CodeInvalidIntAttr},
		badLine{badAdd(95, name, wide), contract.CodeInvalidRegion},
		badLine{badAdd(96, "/"+name, ""), contract.CodeInvalidPicName},
	)
}

func badAdd(n int, name, more string) string {
	return fmt.Sprintf(`{"OperationType":"ADD","ProductId":"B%02d","PicName":%q,"CustomContent":"bad on purpose"%s}`, n, name, more)
}

// line is an entry as text.
func line(e manifest.Entry) string { return string(manifest.Append(nil, e)) }
