package ossserver

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// tag of an object.
type tag struct{ Key, Value string }

// Bounds of tags.
// Source: https://www.alibabacloud.com/help/en/oss/developer-reference/putobjecttagging
const (
	mostTags     = 10
	maxTagKey    = 128 // characters
	maxTagValue  = 256
	headerTags   = "X-Oss-Tagging"
	headerTagged = "X-Oss-Tagging-Count"
)

var tagText = regexp.MustCompile(`^[\p{L}\p{N} +\-=._:/]*$`)

func checkTags(tags []tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		if t.Key == "" || utf8.RuneCountInString(t.Key) > maxTagKey || utf8.RuneCountInString(t.Value) > maxTagValue ||
			!tagText.MatchString(t.Key) || !tagText.MatchString(t.Value) || seen[t.Key] {
			return errInvalidTag
		}
		seen[t.Key] = true
	}
	if len(tags) > mostTags {
		return errInvalidTag
	}
	return nil
}

// tagsInHeader are those of a put, as key=value&key=value, each part escaped.
func tagsInHeader(h http.Header) ([]tag, error) {
	text := h.Get(headerTags)
	if text == "" {
		return nil, nil
	}
	var tags []tag
	for pair := range strings.SplitSeq(text, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if strings.Contains(value, "=") {
			return nil, errInvalidTag
		}
		plain := tag{}
		var err error
		if plain.Key, err = url.QueryUnescape(key); err != nil {
			return nil, errInvalidTag
		}
		if plain.Value, err = url.QueryUnescape(value); err != nil {
			return nil, errInvalidTag
		}
		tags = append(tags, plain)
	}
	return tags, checkTags(tags)
}

type taggingDocument struct {
	XMLName xml.Name `xml:"Tagging"`
	Tag     []tag    `xml:"TagSet>Tag"`
}

func (s *Server) putTagging(w http.ResponseWriter, r *request) error {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDocument))
	if err != nil {
		return errMalformedXML
	}
	var doc taggingDocument
	if xml.Unmarshal(text, &doc) != nil {
		return errMalformedXML
	}
	if err := checkTags(doc.Tag); err != nil {
		return err
	}
	if err := s.store.setTags(r.bucket, r.key, doc.Tag); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) getTagging(w http.ResponseWriter, r *request) error {
	o := s.store.find(r.bucket, r.key)
	if o == nil {
		return errNoSuchKey
	}
	return writeXML(w, taggingDocument{Tag: o.Tags})
}

func (s *Server) deleteTagging(w http.ResponseWriter, r *request) error {
	if err := s.store.setTags(r.bucket, r.key, nil); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
