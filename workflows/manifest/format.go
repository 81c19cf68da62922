package manifest

import (
	"strconv"
	"unicode/utf8"
)

// Append writes an entry as a line of a manifest, without a line break, to the
// end of dst. Parse reads it back as the same entry, when it is one that Parse
// can return. Of a Delete only the names are written: nothing else means anything.
func Append(dst []byte, e Entry) []byte {
	dst = append(dst, `{"OperationType":"`...)
	dst = append(dst, e.Operation...)
	dst = append(dst, `","ProductId":`...)
	dst = appendString(dst, e.ProductID)
	if e.PicName != "" {
		dst = append(dst, `,"PicName":`...)
		dst = appendString(dst, e.PicName)
	}
	if e.Operation == Add {
		dst = appendOptional(dst, e)
	}
	return append(dst, '}')
}

func appendOptional(dst []byte, e Entry) []byte {
	if e.CustomContent != nil {
		dst = appendString(appendKey(dst, fieldContent), *e.CustomContent)
	}
	if e.CategoryID != nil {
		dst = strconv.AppendInt(appendKey(dst, fieldCategory), int64(*e.CategoryID), 10)
		if e.CategoryPredicted {
			dst = append(appendKey(dst, fieldPredicted), "true"...)
		}
	}
	for n, value := range e.IntAttrs {
		if value != nil {
			dst = strconv.AppendInt(appendKey(dst, fieldIntAttr+field(n)), int64(*value), 10)
		}
	}
	for n, value := range e.StrAttrs {
		if value != nil {
			dst = appendString(appendKey(dst, fieldStrAttr+field(n)), *value)
		}
	}
	if e.Crop != nil {
		dst = strconv.AppendBool(appendKey(dst, fieldCrop), *e.Crop)
	}
	if e.Region != nil {
		dst = append(e.Region.append(append(appendKey(dst, fieldRegion), '"')), '"')
	}
	if e.Source != nil {
		dst = e.Source.append(appendKey(dst, fieldSource))
	}
	return dst
}

func appendKey(dst []byte, f field) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, fieldNames[f]...)
	return append(dst, '"', ':')
}

// appendString writes a JSON string. Unlike encoding/json it leaves < > & as they
// are, so that lines stay readable.
func appendString(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < ' ' || r == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
