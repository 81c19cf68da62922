package manifest

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"imagebatch/workflows/contract"
)

// Source is where the bytes of a picture are: what a dump says so that the
// picture can be fetched again, whatever folder or command it came from.
type Source struct {
	Bucket   string `json:"Bucket,omitempty"`
	Key      string `json:"Key"`
	OrKey    string `json:"OrKey,omitempty"`    // looked at where Key holds no object
	RoleARN  string `json:"RoleArn,omitempty"`  // RAM role to read the bucket with
	Uploaded bool   `json:"Uploaded,omitempty"` // the key is one that NewUpload gave out; there is no bucket
}

// SourceOf is the source of a picture that an operation names.
func SourceOf(content contract.PicContent) Source {
	return Source{Bucket: content.Bucket, Key: content.Key, RoleARN: content.RoleARN, Uploaded: content.Uploaded}
}

// Places are the objects that the picture may be in, the first one first.
func (s Source) Places() []contract.PicContent {
	first := contract.PicContent{Bucket: s.Bucket, Key: s.Key, RoleARN: s.RoleARN, Uploaded: s.Uploaded}
	if s.OrKey == "" {
		return []contract.PicContent{first}
	}
	second := first
	second.Key = s.OrKey
	return []contract.PicContent{first, second}
}

// unfit says what keeps the source from being followed, or returns "".
func (s Source) unfit() string {
	for _, key := range []string{s.Key, s.OrKey} {
		if len(key) > contract.MaxKeyBytes || !utf8.ValidString(key) {
			return fmt.Sprintf("its key %s is no object name of at most %d bytes", contract.Quote(key), contract.MaxKeyBytes)
		}
	}
	switch {
	case s.Key == "":
		return "it names no key"
	case s.Uploaded && (s.Bucket != "" || s.OrKey != "" || s.RoleARN != ""):
		return "an uploaded picture has no bucket, second key or role"
	case s.Uploaded:
		return ""
	}
	if err := contract.ValidateBucket(s.Bucket); err != nil {
		return fmt.Sprintf("its bucket %s is no bucket name", contract.Quote(s.Bucket))
	}
	return ""
}

// source reads where the picture is, or warns that nobody will look there.
func (p *parser) source() *Problem {
	value := p.value(fieldSource)
	k := kindOf(value)
	switch {
	case k == kindMissing || k == kindNull:
		return nil
	case !p.rules.Sources:
		p.warnings.add(WarnSourceIgnored, "Source is ignored: it is followed only in a task that is started with --dump")
		return nil
	case k != kindObject:
		return wrongType(fieldSource, k, "the object that a dump holds")
	}
	var source Source
	why := ""
	if err := json.Unmarshal(value, &source); err != nil {
		why = "its fields have other types than a dump gives them"
	} else {
		why = source.unfit()
	}
	if why != "" {
		return refuse(contract.CodeInvalidMetaItem, "Source cannot be followed, %s; write it as the dump has it", why)
	}
	p.entry.Source = &source
	return nil
}

func (s Source) append(dst []byte) []byte {
	dst = append(dst, '{')
	text := func(key, value string) {
		if value == "" {
			return
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), key...), '"', ':')
		dst = appendString(dst, value)
	}
	text("Bucket", s.Bucket)
	text("Key", s.Key)
	text("OrKey", s.OrKey)
	text("RoleArn", s.RoleARN)
	if s.Uploaded {
		dst = append(dst, `,"Uploaded":true`...)
	}
	return append(dst, '}')
}
