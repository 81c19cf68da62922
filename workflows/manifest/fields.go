package manifest

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// field numbers the fields a line may have.
type field int

const (
	fieldOperation field = iota
	fieldProduct
	fieldPicture
	fieldContent
	fieldCategory
	fieldCrop
	fieldRegion
	fieldIntAttr                    // and the three after it
	fieldStrAttr = fieldIntAttr + 4 // and the three after it
	vendorFields = fieldStrAttr + 4 // those before are the vendor's, those from here on ours

	fieldPredicted = vendorFields
	fieldSource    = vendorFields + 1
	fieldCount     = vendorFields + 2
)

var fieldNames = [fieldCount]string{
	"OperationType", "ProductId", "PicName", "CustomContent", "CategoryId", "Crop", "Region",
	"IntAttr", "IntAttr2", "IntAttr3", "IntAttr4",
	"StrAttr", "StrAttr2", "StrAttr3", "StrAttr4",
	"CategoryPredicted", "Source",
}

// fieldOf finds a field by its exact name.
func fieldOf(name []byte) (field, bool) {
	for f, known := range fieldNames {
		if string(name) == known {
			return field(f), true
		}
	}
	return 0, false
}

// alike finds the vendor's field that a name was probably meant for: it differs
// in case, or in separators, only. Nobody writes our own by hand.
func alike(name string) (field, bool) {
	bare := strings.NewReplacer("_", "", "-", "", " ", "").Replace(name)
	for f, known := range fieldNames[:vendorFields] {
		if strings.EqualFold(bare, known) {
			return field(f), true
		}
	}
	return 0, false
}

// kind is the JSON type of a value, by its first byte.
type kind byte

const (
	kindNull    kind = 'n'
	kindString  kind = '"'
	kindTrue    kind = 't'
	kindFalse   kind = 'f'
	kindObject  kind = '{'
	kindArray   kind = '['
	kindNumber  kind = '0'
	kindMissing kind = 0
)

func kindOf(value []byte) kind {
	if len(value) == 0 {
		return kindMissing
	}
	if c := value[0]; c != '-' && (c < '0' || c > '9') {
		return kind(c)
	}
	return kindNumber
}

func (k kind) String() string {
	switch k {
	case kindNull:
		return "null"
	case kindString:
		return "a string"
	case kindTrue, kindFalse:
		return "a boolean"
	case kindObject:
		return "an object"
	case kindArray:
		return "an array"
	}
	return "a number"
}

// shareLimit is up to which length of a line the strings of its entry share one
// copy of it. Beyond, a small string would keep a large line in memory.
const shareLimit = 4 << 10

// value is the JSON of a field, empty when the line does not have it.
func (p *parser) value(f field) []byte { return p.text[p.spans[f].from:p.spans[f].to] }

// str is the text of a field that is known to be a JSON string. It is not ok
// when the string holds half of a surrogate pair.
func (p *parser) str(f field) (string, bool) {
	from, to := p.spans[f].from+1, p.spans[f].to-1
	body := p.text[from:to]
	if bytes.IndexByte(body, '\\') >= 0 {
		text, ok := unescape(body)
		return string(text), ok
	}
	if len(p.text) > shareLimit {
		return string(body), true
	}
	if p.shared == "" {
		p.shared = string(p.text)
	}
	return p.shared[from:to], true
}

// integer reads a decimal number without a fraction that fits into 32 bits. It
// takes 5, 5.0 and 50e-1 for the same, exactly, at any number of digits.
func integer(text string) (int32, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	if len(digits) <= 10 && wholly(digits) {
		n, err := strconv.ParseInt(text, 10, 32)
		return int32(n), err == nil
	}
	exponent := 0
	if at := strings.IndexAny(digits, "eE"); at >= 0 {
		power := strings.TrimPrefix(digits[at+1:], "+")
		if !wholly(strings.TrimPrefix(power, "-")) {
			return 0, false
		}
		exponent, _ = strconv.Atoi(power) // the nearest int, when it is beyond
		exponent = max(-2*MaxLine, min(exponent, 2*MaxLine))
		digits = digits[:at]
	}
	whole, fraction, pointed := strings.Cut(digits, ".")
	if !wholly(whole) || pointed && !wholly(fraction) {
		return 0, false
	}
	all := strings.TrimLeft(whole+fraction, "0")
	places := len(all) - len(fraction) + exponent // of the digits before the point
	all = strings.TrimRight(all, "0")
	switch {
	case all == "":
		return 0, true
	case places > 10 || len(all) > places:
		return 0, false
	}
	n, err := strconv.ParseInt(all+strings.Repeat("0", places-len(all)), 10, 64)
	if negative {
		n = -n
	}
	return int32(n), err == nil && n >= math.MinInt32 && n <= math.MaxInt32
}

// wholly reports whether a text is decimal digits, at least one.
func wholly(digits string) bool {
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return digits != ""
}

// quoted is how much of a number that stands for a name a warning repeats, in
// characters.
const quoted = 80

// clip is the first characters of a text.
func clip[T string | []byte](text T, characters int) T {
	if len(text) <= characters {
		return text
	}
	at := 0
	for range characters {
		if at >= len(text) {
			break
		}
		_, size := utf8.DecodeRuneInString(string(text[at:min(len(text), at+utf8.UTFMax)]))
		at += size
	}
	return text[:at]
}
