package manifest

import (
	"bytes"
	"encoding/binary"
	"regexp"
)

// signature is how files of a kind begin.
type signature struct {
	is     string
	remedy string
	at     int      // of the marks in the file, in bytes
	marks  []string // one of them
	also   func(head []byte) bool
	more   func(head []byte) string // says it more closely, or ""
}

func (s signature) begins(head []byte) bool {
	for _, mark := range s.marks {
		if len(head) > s.at && bytes.HasPrefix(head[s.at:], []byte(mark)) && (s.also == nil || s.also(head)) {
			return true
		}
	}
	return false
}

func (s signature) name(head []byte) string {
	if s.more != nil {
		if closer := s.more(head); closer != "" {
			return closer
		}
	}
	return s.is
}

const (
	unpack  = "unpack it, and upload the manifest itself"
	ownName = "upload the manifest under this name, and the picture under its own"
	export  = "write its rows as one JSON object a line"
	itself  = "upload the manifest itself, one JSON object a line"
)

// signatures are kinds of files that were taken for a manifest. Marks that could
// begin a line that somebody writes are not enough: more of the file is looked at.
// Sources: https://www.rfc-editor.org/rfc/rfc1952 (gzip), https://www.rfc-editor.org/rfc/rfc8878 (Zstandard),
// https://tukaani.org/xz/xz-file-format.txt, https://sourceware.org/bzip2/,
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (ZIP), https://mimesniff.spec.whatwg.org
var signatures = []signature{
	{is: "gzip data", marks: []string{"\x1f\x8b"}, remedy: "unpack it (gunzip), and upload the manifest itself"},
	{is: "an Office document", marks: []string{"PK\x03\x04"}, also: func(head []byte) bool { return officeFile(head) != "" }, remedy: export, more: officeFile},
	{is: "a ZIP archive", marks: []string{"PK\x03\x04", "PK\x05\x06", "PK\x07\x08"}, remedy: unpack},
	{is: "Zstandard data", marks: []string{"\x28\xb5\x2f\xfd"}, remedy: "unpack it (zstd -d), and upload the manifest itself"},
	{is: "Zstandard data", at: 1, marks: []string{"\x2a\x4d\x18"}, also: func(head []byte) bool { return head[0]&0xf0 == 0x50 }, remedy: "unpack it (zstd -d), and upload the manifest itself"},
	{is: "bzip2 data", marks: []string{"BZh"}, also: isBzip2, remedy: "unpack it (bunzip2), and upload the manifest itself"},
	{is: "xz data", marks: []string{"\xfd7zXZ\x00"}, remedy: "unpack it (unxz), and upload the manifest itself"},
	{is: "LZ4 data", marks: []string{"\x04\x22\x4d\x18"}, remedy: unpack},
	{is: "data of compress", marks: []string{"\x1f\x9d"}, remedy: unpack},
	{is: "a 7-Zip archive", marks: []string{"7z\xbc\xaf\x27\x1c"}, remedy: unpack},
	{is: "a RAR archive", marks: []string{"Rar!\x1a\x07"}, remedy: unpack},
	{is: "a tar archive", at: 257, marks: []string{"ustar\x00", "ustar  \x00"}, remedy: unpack},
	{is: "a PDF document", marks: []string{"%PDF-"}, remedy: itself},
	{is: "a document of an older Office", marks: []string{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}, remedy: export},
	{is: "an RTF document", marks: []string{`{\rtf`}, remedy: itself},
	{is: "an SQLite database", marks: []string{"SQLite format 3\x00"}, remedy: export},
	{is: "a Parquet file", marks: []string{"PAR1"}, also: isBinary, remedy: export},
	{is: "an Avro file", marks: []string{"Obj\x01"}, remedy: export},
	{is: "a PNG picture", marks: []string{"\x89PNG\r\n\x1a\n"}, remedy: ownName},
	{is: "a JPEG picture", marks: []string{"\xff\xd8\xff"}, remedy: ownName},
	{is: "a GIF picture", marks: []string{"GIF87a", "GIF89a"}, also: isBinary, remedy: ownName},
	{is: "a WebP picture", at: 8, marks: []string{"WEBP"}, also: func(head []byte) bool { return bytes.HasPrefix(head, []byte("RIFF")) }, remedy: ownName},
	{is: "a TIFF picture", marks: []string{"II*\x00", "MM\x00*", "II+\x00", "MM\x00+"}, remedy: ownName},
	{is: "a BMP picture", marks: []string{"BM"}, also: isBMP, remedy: ownName},
	{is: "a PPM picture", marks: []string{"P"}, also: netpbm.Match, remedy: ownName},
	{is: "a HEIF or AVIF picture", at: 4, marks: []string{"ftyp"}, also: isStillPicture, remedy: ownName},
	{is: "a film or sound", at: 4, marks: []string{"ftyp"}, also: isBinary, remedy: itself},
}

// isStillPicture reports whether a file of the ISO base media format is a picture:
// all brands of those begin so.
// Source: https://mp4ra.org/registered-types/brands
func isStillPicture(head []byte) bool {
	if len(head) < 12 {
		return false
	}
	switch string(head[8:11]) {
	case "hei", "hev", "mif", "msf", "avi", "mia":
		return true
	}
	return false
}

// officeFile names the ZIP archives that are documents.
func officeFile(head []byte) string {
	for _, part := range []struct{ folder, name string }{
		{"xl/", "an Excel workbook"}, {"word/", "a Word document"}, {"opendocument.spreadsheet", "a spreadsheet"}, {"[Content_Types].xml", "an Office document"},
	} {
		if bytes.Contains(head, []byte(part.folder)) {
			return part.name
		}
	}
	return ""
}

// isBzip2 looks for the magic number of a block, or of the end, after the level.
func isBzip2(head []byte) bool {
	return len(head) >= 10 && head[3] >= '1' && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

// isBMP looks at the size of the header, which tells its version.
func isBMP(head []byte) bool {
	if len(head) < 18 {
		return false
	}
	switch binary.LittleEndian.Uint32(head[14:]) {
	case 12, 16, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// netpbm is the header of a picture in PGM or PPM: kind, width, height and the
// largest value.
var netpbm = regexp.MustCompile(`^P[2356]\s+(#[^\n]*\s+)*[0-9]+\s+(#[^\n]*\s+)*[0-9]+\s+(#[^\n]*\s+)*[0-9]+\s`)
