package catalogue

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// spoiledFolder holds the pictures that are bad on purpose.
const spoiledFolder = "spoiled"

// badLine is a line that must fail, and how.
type badLine struct {
	text string
	code contract.Code
}

// spoiled writes the bad pictures, made from a good one, and returns every bad
// line: those that name them and those that are bad themselves.
func spoiled(dir string, good drawing) ([]badLine, error) {
	jpg, small, large, err := ingredients(good)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, spoiledFolder), 0o755); err != nil {
		return nil, err
	}
	var lines []badLine
	for _, picture := range []struct {
		name string
		file []byte // nil: there is none
		code contract.Code
	}{
		{"missing.jpg", nil, contract.CodeInvalidPicURL},
		{"text.jpg", []byte(strings.Repeat("this is a text and no picture\n", 40)), contract.CodeUnsupportedPicFormat},
		{"document.jpg", []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"), contract.CodeUnsupportedPicFormat},
		{"small.png", small, contract.CodeUnsupportedPicPixels},
		{"rotated.jpg", rotated(jpg, 6), contract.CodeIncorrectOrientation},
		{"truncated.jpg", jpg[:len(jpg)/2], contract.CodeUnsupportedPicFormat},
		{"heavy.bmp", large, contract.CodeInvalidPicContent},
	} {
		if picture.file != nil {
			if err := os.WriteFile(filepath.Join(dir, spoiledFolder, picture.name), picture.file, 0o644); err != nil {
				return nil, err
			}
		}
		lines = append(lines, badLine{badAdd(len(lines), spoiledFolder+"/"+picture.name, ""), picture.code})
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
	), nil
}

func badAdd(n int, name, more string) string {
	return fmt.Sprintf(`{"OperationType":"ADD","ProductId":"B%02d","PicName":%q,"CustomContent":"bad on purpose"%s}`, n, name, more)
}

// ingredients are a JPEG, a picture with too few pixels, and one with too many bytes.
func ingredients(good drawing) (jpg, small, large []byte, err error) {
	if jpg, err = encode(paint(good.motif, good.view), "jpg"); err != nil {
		return nil, nil, nil, err
	}
	tiny := view{width: 64, height: 64, zoom: 0.9, gain: 1, backdrop: good.view.backdrop, ground: good.view.ground}
	if small, err = encode(paint(good.motif, tiny), "png"); err != nil {
		return nil, nil, nil, err
	}
	flat := image.NewRGBA(image.Rect(0, 0, 1200, 1200)) // 3 bytes a pixel once black and opaque
	for i := 3; i < len(flat.Pix); i += 4 {
		flat.Pix[i] = 255
	}
	if large, err = encode(flat, "bmp"); err != nil {
		return nil, nil, nil, err
	}
	if len(large) <= contract.MaxPictureBytes {
		large = append(large, bytes.Repeat([]byte{0}, contract.MaxPictureBytes+1-len(large))...)
	}
	return jpg, small, large, nil
}

// line is an entry as text.
func line(e manifest.Entry) string { return string(manifest.Append(nil, e)) }
