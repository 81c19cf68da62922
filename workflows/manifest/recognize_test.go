package manifest_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

const plainAdd = `{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg"}`

// wide is a text in UTF-16 or UTF-32.
func wide(order binary.AppendByteOrder, bits int, text string) (encoded []byte) {
	if bits == 32 {
		for _, r := range text {
			encoded = order.AppendUint32(encoded, uint32(r))
		}
		return encoded
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		encoded = order.AppendUint16(encoded, unit)
	}
	return encoded
}

func zipped(t *testing.T, names ...string) string {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, name := range names {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, plainAdd+"\n")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.String()
}

func made(t *testing.T, write func(to io.Writer) error) string {
	t.Helper()
	var file bytes.Buffer
	if err := write(&file); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

func TestForeignFilesAreNamedOnce(t *testing.T) {
	t.Parallel()
	lines := strings.Repeat(plainAdd+"\n", 3)
	array := "[" + strings.TrimSuffix(strings.Repeat(plainAdd+",", 3), ",") + "]"
	long := strings.Repeat(plainAdd+",\n", 1000) + plainAdd
	picture := image.NewGray(image.Rect(0, 0, 100, 100))
	for name, test := range map[string]struct{ content, says string }{
		"Gzip": {made(t, func(to io.Writer) error {
			w := gzip.NewWriter(to)
			io.WriteString(w, lines)
			return w.Close()
		}), "is gzip data and no text; unpack it (gunzip)"},
		"Zip":         {zipped(t, "increment.meta"), "is a ZIP archive"},
		"EmptyZip":    {zipped(t), "is a ZIP archive"},
		"Excel":       {zipped(t, "[Content_Types].xml", "xl/workbook.xml"), "is an Excel workbook and no text; write its rows"},
		"Word":        {zipped(t, "[Content_Types].xml", "word/document.xml"), "is a Word document"},
		"Zstandard":   {"\x28\xb5\x2f\xfd\x04\x00" + lines, "is Zstandard data"},
		"ZstdSkipped": {"\x50\x2a\x4d\x18\x04\x00\x00\x00" + lines, "is Zstandard data"},
		"Bzip2":       {"BZh91AY&SY\x12\x34" + lines, "is bzip2 data"},
		"EmptyBzip2":  {"BZh9\x17\x72\x45\x38\x50\x90\x00\x00\x00\x00", "is bzip2 data"},
		"XZ":          {"\xfd7zXZ\x00\x00\x04", "is xz data"},
		"LZ4":         {"\x04\x22\x4d\x18\x64", "is LZ4 data"},
		"Compress":    {"\x1f\x9d\x90", "is data of compress"},
		"SevenZip":    {"7z\xbc\xaf\x27\x1c\x00\x04", "is a 7-Zip archive"},
		"RAR":         {"Rar!\x1a\x07\x01\x00", "is a RAR archive"},
		"Tar": {made(t, func(to io.Writer) error {
			w := tar.NewWriter(to)
			err := w.WriteHeader(&tar.Header{Name: "increment.meta", Size: int64(len(lines)), Mode: 0o600})
			io.WriteString(w, lines)
			return errors.Join(err, w.Close())
		}), "is a tar archive"},
		"PDF":              {"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is a PDF document"},
		"OldExcel":         {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", "document of an older Office"},
		"RTF":              {`{\rtf1\ansi` + "\n" + `\{"OperationType"\}` + "\n}", "is an RTF document"},
		"SQLite":           {"SQLite format 3\x00\x10\x00", "is an SQLite database"},
		"Parquet":          {"PAR1\x15\x04\x15\x00\x15", "is a Parquet file"},
		"Avro":             {"Obj\x01\x04\x14avro.codec", "is an Avro file"},
		"PNG":              {made(t, func(to io.Writer) error { return png.Encode(to, picture) }), "is a PNG picture and no text; upload the manifest under this name, and the picture under its own"},
		"JPEG":             {made(t, func(to io.Writer) error { return jpeg.Encode(to, picture, nil) }), "is a JPEG picture"},
		"GIF":              {made(t, func(to io.Writer) error { return gif.Encode(to, picture, nil) }), "is a GIF picture"},
		"WebP":             {"RIFF\x1a\x00\x00\x00WEBPVP8L", "is a WebP picture"},
		"TIFF":             {"II*\x00\x08\x00\x00\x00", "is a TIFF picture"},
		"BMP":              {"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00", "is a BMP picture"},
		"PPM":              {"P6\n# made by hand\n100 100\n255\n\x00\x00", "is a PPM picture"},
		"HEIF":             {"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "is a HEIF or AVIF picture"},
		"UTF16LE":          {string(wide(binary.LittleEndian, 16, lines)), "is text in UTF-16 LE; save it as UTF-8"},
		"UTF16BE":          {string(wide(binary.BigEndian, 16, lines)), "UTF-16 BE"},
		"UTF16LEMark":      {string(wide(binary.LittleEndian, 16, "\ufeff"+lines)), "UTF-16 LE"},
		"UTF16BEMark":      {string(wide(binary.BigEndian, 16, "\ufeff"+lines)), "UTF-16 BE"},
		"UTF16AfterABreak": {string(wide(binary.LittleEndian, 16, "\r\n"+lines)), "UTF-16 LE"},
		"UTF32LE":          {string(wide(binary.LittleEndian, 32, lines)), "UTF-32 LE"},
		"UTF32BEMark":      {string(wide(binary.BigEndian, 32, "\ufeff"+lines)), "UTF-32 BE"},
		"HTML":             {"<!DOCTYPE html>\n<html><body>\nSign in\n</body></html>\n", "is a web page (HTML)"},
		"HTMLAfterBlank":   {"\ufeff\r\n  <HTML lang=en>\n<body>\n", "is a web page (HTML)"},
		"HTMLComment":      {"<!-- gateway -->\n<html>\n", "is a web page (HTML)"},
		"XML":              {"<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code></Error>", "is XML"},
		"Array":            {array, "is a JSON array; write its objects one a line"},
		"ArrayOfOne":       {"[" + plainAdd + "]\n", "is a JSON array"},
		"EmptyArray":       {"[]", "is a JSON array"},
		"ArrayLines":       {"[\n" + strings.ReplaceAll(lines, "}\n", "},\n") + plainAdd + "\n]\n", "is a JSON array"},
		"ArrayIndented":    {"\ufeff\n [\n  {\n    \"OperationType\": \"ADD\"\n  }\n]\n", "is a JSON array"},
		"ArrayLeadComma":   {"[\n" + plainAdd + "\n," + plainAdd + "\n]\n", "is a JSON array"},
		"ArrayOneLine":     {"[\n" + plainAdd + "\n]\n", "is a JSON array"},
		"ArrayLastComma":   {"[\n" + plainAdd + ",\n" + plainAdd + ",\n]\n", "is a JSON array"},
		"ArrayLong":        {"[" + long + "]", "is a JSON array"},
		"ArrayLongLines":   {"[\n" + long + "\n]", "is a JSON array"},
		"ArrayLongLead":    {"[\n" + strings.ReplaceAll(long, ",\n", "\n,") + "\n]", "is a JSON array"},
		"ArrayALine":       {"[" + plainAdd + "]\n[" + plainAdd + "]\n", "is a JSON array"},
		"ArrayHuge":        {"[" + strings.ReplaceAll(long, "\n", "") + "]", "is a JSON array"},
		"Indented":         {"{\n  \"OperationType\": \"ADD\",\n  \"ProductId\": \"1\"\n}\n", "spreads an object over several lines"},
		"IndentedMany":     {strings.Repeat("{\n\t\"OperationType\": \"ADD\"\n}\n", 2000), "spreads an object over several lines"},
		"Wrapped":          {"{\n\"items\": [\n" + plainAdd + "\n]\n}\n", "spreads an object over several lines"},
		"CSV":              {"OperationType,ProductId,PicName\r\nADD,1,a.jpg\r\n", "is a table of separated values (CSV)"},
		"CSVQuoted":        {"\ufeff\"ProductId\";\"OperationType\"\n1;ADD\n", "is a table of separated values (CSV)"},
		"TSV":              {"ProductId\tOperationType\n1\tADD\n", "is a table of separated values (CSV)"},
		"CSVSnakeCase":     {"operation_type,product_id,pic_name\nADD,1,a.jpg\n", "is a table of separated values (CSV)"},
		"CSVLowerCase":     {"productid | picname\n1 | a.jpg\n", "is a table of separated values (CSV)"},
		"CSVHeadless":      {"ADD,1,a.jpg\n\"delete\",2,b.jpg\n", "is a table of separated values (CSV)"},
		"TSVOfTwo":         {"ProductId\tPicName\n1\ta.jpg\n", "is a table of separated values (CSV)"},
		"Commas":           {plainAdd + ",\n" + plainAdd + ",\n" + plainAdd + "\n", "is a list of objects with commas between them"},
		"CommasToTheEnd":   {plainAdd + ",\r\n" + plainAdd + ",\r\n", "is a list of objects with commas between them"},
		"RecordSeparators": {strings.ReplaceAll(lines, "{", "\x1e{"), "is a JSON text sequence; leave the record separators out (tr -d '\\036' does it)"},
		"HTMLPart":         {"<body>\n<p>Sign in\n", "is a web page (HTML)"},
		"HTMLMeta":         {"<meta charset=utf-8>\nSign in\n", "is a web page (HTML)"},
		"Film":             {"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00", "is a film or sound"},
		"AVIF":             {"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", "is a HEIF or AVIF picture"},
		"Zeros":            {strings.Repeat("\x00", 5000), "is binary data of an unknown kind"},
		"Unknown":          {"\x80\x02}q\x00(X\x05\n\n\n\n", "is binary data of an unknown kind"},
		"Zlib":             {"x\x9c\xab\x56\x02\x0a\x0a\x0a", "is binary data of an unknown kind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how, r := range map[string]io.Reader{"whole": strings.NewReader(test.content), "byte by byte": iotest.OneByteReader(strings.NewReader(test.content))} {
				content, foreign := manifest.Recognize(r)
				if !strings.HasPrefix(foreign, "is ") || !strings.Contains(foreign, test.says) || !strings.Contains(foreign, "; ") {
					t.Errorf("%s: it %s; want that it %s, and a remedy", how, foreign, test.says)
				}
				checkMessage(t, foreign+".")
				if rest, err := io.ReadAll(content); err != nil || string(rest) != test.content {
					t.Errorf("%s: %d bytes are left of %d, %v", how, len(rest), len(test.content), err)
				}
			}
			findings := 0
			summary, err := manifest.Check(strings.NewReader(test.content), manifest.Rules{}, func(manifest.Finding) error { findings++; return nil })
			if !contract.IsCode(err, contract.CodeInvalidManifest) || !strings.Contains(err.Error(), test.says) || findings > 0 || summary != (manifest.Summary{}) {
				t.Errorf("check = %+v, %d findings, %v; want one refusal", summary, findings, err)
			}
		})
	}
}

// Whatever stands in its first lines, a file with an object on a line is a
// manifest: a bad line costs that line.
func TestManifestsAreNotForeign(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		content string
		bad     int64
	}{
		"Empty":           {"", 0},
		"Blank":           {" \r\n\t\n", 0},
		"Mark":            {"\ufeff", 0},
		"Plain":           {plainAdd, 0},
		"MarkAndBreak":    {"\ufeff\r\n\r\n" + plainAdd + "\r\n", 0},
		"LongLine":        {`{"OperationType":"ADD","ProductId":"1","PicName":"a.jpg","x":"` + strings.Repeat("x", 200<<10) + `"}` + "\n" + plainAdd, 0},
		"ManyBlanks":      {strings.Repeat("\n", 100<<10) + plainAdd, 0},
		"FirstCut":        {`{"OperationType"` + "\n" + plainAdd, 1},
		"FirstBrace":      {"{\n" + plainAdd, 1},
		"StrayObject":     {"{\n\"x\":1\n}\n" + plainAdd, 3},
		"Comment":         {"# OperationType, ProductId, PicName\n" + plainAdd, 1},
		"LineComment":     {"// pictures of spring\n" + plainAdd, 1},
		"Conflict":        {"<<<<<<< HEAD\n" + plainAdd + "\n=======\n" + plainAdd, 2},
		"Tag":             {"<b>spring</b>\n" + plainAdd, 1},
		"OneComma":        {plainAdd + ",\n" + plainAdd + "\n" + plainAdd + "\n", 1},
		"OneNote":         {"spring", 1},
		"SingleQuotes":    {"{'OperationType':'ADD'}\n{'OperationType':'ADD'}\n", 2},
		"NoteAndBad":      {"spring\n{\"OperationType\"\n", 2},
		"Bracket":         {"[\n" + plainAdd + "\n" + plainAdd, 1},
		"ArrayBefore":     {"[" + plainAdd + "]\n" + plainAdd + "\n", 1},
		"ArrayOfOldTimes": {"[" + plainAdd + "]\n" + plainAdd + "\n]\n", 2},
		"Dated":           {"[2030-01-31] spring\n" + plainAdd, 1},
		"DatedAlone":      {"[2030-01-31] spring\nsummer\n", 2},
		"BMWs":            {"BMW catalogue of the spring of 2030\n" + plainAdd, 1},
		"P3":              {"P3 100 50 series\n" + plainAdd, 1},
		"BZh":             {"BZh9 series of bicycles\n" + plainAdd, 1},
		"GIFs":            {"GIF89a files of the shop\n" + plainAdd, 1},
		"PAR":             {"PAR1 offers\n" + plainAdd, 1},
		"Control":         {"\x00\x01\n" + plainAdd, 1},
		"Latin1":          {"\xfcber\n" + plainAdd, 1},
		"Prose":           {"spring\nsummer\n", 2},
		"Quotes":          {"\u201c\n", 1},
		"JustANumber":     {"12", 1},
		"Null":            {"{\x00\"OperationType\"\n" + plainAdd, 1},
		"LaterArray":      {plainAdd + "\n[" + plainAdd + "]\n", 1},
		"LaterGzip":       {plainAdd + "\n\x1f\x8b\n", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			summary, err := manifest.Check(strings.NewReader(test.content), manifest.Rules{}, func(manifest.Finding) error { return nil })
			if err != nil || summary.Bad != test.bad {
				t.Errorf("check = %+v, %v; want %d bad lines and no refusal", summary, err, test.bad)
			}
		})
	}
}

// A source that fails while the beginning is read is in trouble, and not foreign.
func TestRecognizeLeavesTroubleToTheReader(t *testing.T) {
	t.Parallel()
	trouble := errors.New("reset by peer")
	content, foreign := manifest.Recognize(io.MultiReader(strings.NewReader("\x1f\x8b"), iotest.ErrReader(trouble)))
	if rest, err := io.ReadAll(content); foreign != "" || string(rest) != "\x1f\x8b" || !errors.Is(err, trouble) {
		t.Errorf("foreign %q, then %q and %v; want the bytes and the trouble", foreign, rest, err)
	}
}

func FuzzRecognize(f *testing.F) {
	for _, seed := range []string{"", "[", "[{", "{\n\"", "<", "P6", "BM", "PK\x03\x04", "\xff\xfe", plainAdd, "RIFF1234WEBP"} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, content []byte, before int) {
		if _, foreign := manifest.Recognize(bytes.NewReader(content)); foreign != "" {
			checkMessage(t, foreign)
		}
		if bytes.HasPrefix(content, []byte(`\rtf`)) {
			return
		}
		good := append([]byte(fmt.Sprint(plainAdd, "\n")), content...)
		if _, foreign := manifest.Recognize(bytes.NewReader(good)); foreign != "" {
			t.Errorf("a manifest with a good first line %s: %q", foreign, good)
		}
	})
}
