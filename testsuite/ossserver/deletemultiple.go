package ossserver

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const mostDeletes = 1000

// deleteMultiple removes up to a thousand objects; those that are not there count
// as removed. One that may not be refuses them all.
// Source: https://www.alibabacloud.com/help/en/oss/developer-reference/deletemultipleobjects
func (s *Server) deleteMultiple(w http.ResponseWriter, r *request) error {
	if r.Header.Get("Content-Md5") == "" {
		return errMissingArgument
	}
	wantMD5, err := contentMD5(r.Header)
	if err != nil {
		return err
	}
	encode, err := keyEncoding(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDocument))
	if err != nil {
		return errMalformedXML
	}
	if sum := md5.Sum(text); strings.ToUpper(hex.EncodeToString(sum[:])) != wantMD5 {
		return errInvalidDigest
	}
	type key struct{ Key string }
	var asked struct {
		XMLName xml.Name `xml:"Delete"`
		Quiet   bool
		Object  []key
	}
	if xml.Unmarshal(text, &asked) != nil || len(asked.Object) == 0 || len(asked.Object) > mostDeletes {
		return errMalformedXML
	}
	for _, o := range asked.Object {
		if !validKey(o.Key) {
			return errInvalidObjectName
		}
		if !r.who.allows(actionDelObject, r.bucket+"/"+o.Key) {
			return errAccessDenied
		}
	}
	var answer struct {
		XMLName      xml.Name `xml:"DeleteResult"`
		EncodingType string   `xml:",omitempty"`
		Deleted      []key
	}
	answer.EncodingType = r.param("encoding-type")
	for _, o := range asked.Object {
		if err := s.store.remove(r.bucket, o.Key); err != nil {
			return err
		}
		answer.Deleted = append(answer.Deleted, key{encode(o.Key)})
	}
	if asked.Quiet {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	return writeXML(w, answer)
}

// keyEncoding is how keys stand in a document: XML cannot hold every character.
func keyEncoding(r *request) (func(string) string, error) {
	switch r.param("encoding-type") {
	case "":
		return func(text string) string { return text }, nil
	case "url":
		return func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }, nil
	}
	return nil, errInvalidArgument
}
