package contract

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what is said of a picture, in characters (Unicode code points)
// unless said otherwise.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-addimage
const (
	MaxName          = 512  // ProductId and PicName
	MaxNameStrict    = 256  // the same, by some of the vendor's pages
	MaxKeyBytes      = 1023 // PicName in UTF-8: the longest object key
	MaxCustomContent = 4096
	MaxStrAttr       = 128
	MaxFilter        = 4096
)

// UnfitProductID says what keeps a text from being the id of a product, or
// returns "". It may have so many characters.
func UnfitProductID(id string, most int) string {
	if why := Excess("ProductId", id, most); why != "" {
		return why
	}
	return controls("ProductId", id)
}

// UnfitPicName says what keeps a text from being the name of a picture, or
// returns "". It may have so many characters.
func UnfitPicName(name string, most int) string {
	if why := Excess("PicName", name, most); why != "" {
		return why
	}
	if why := controls("PicName", name); why != "" {
		return why
	}
	switch {
	case len(name) > MaxKeyBytes:
		return fmt.Sprintf("PicName has %d bytes in UTF-8 and the limit of an object name is %d; shorten it", len(name), MaxKeyBytes)
	case strings.HasPrefix(name, "/"):
		return fmt.Sprintf("PicName %s starts with a slash; leave the slash out, names are relative to the manifest's folder", Quote(name))
	case strings.Contains(name, `\`):
		return fmt.Sprintf("PicName %s holds a backslash; separate folders by /", Quote(name))
	}
	last := name
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." || part == "." {
			return fmt.Sprintf("PicName %s holds the folder %q; write the object's name as it is in the bucket", Quote(name), part)
		}
		last = part
	}
	if dot := strings.LastIndexByte(last, '.'); dot < 1 || dot == len(last)-1 {
		return fmt.Sprintf("PicName %s has no file name extension; write the whole name, such as 1.jpg", Quote(name))
	}
	return ""
}

// Excess says that a field's text has too many characters, or returns "".
func Excess(field, text string, limit int) string {
	if len(text) <= limit {
		return ""
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return fmt.Sprintf("%s has %d characters and the limit is %d; shorten it", field, n, limit)
	}
	return ""
}

// controls says where a name holds a control character, or returns "".
func controls(field, text string) string {
	for at, r := range text {
		if unicode.IsControl(r) {
			return fmt.Sprintf("%s %s holds the control character %U at byte %d; remove it", field, Quote(text), r, at+1)
		}
	}
	return ""
}

// Quote is a stranger's text as a message shows it: short, in quotes, and with
// escapes for what does not print.
func Quote(text string) string {
	const most = 80
	count := 0
	for at := range text {
		if count == most {
			return strconv.Quote(text[:at]) + "…"
		}
		count++
	}
	return strconv.Quote(text)
}
