package ossserver

import (
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxDocument bounds the documents that clients send: 10,000 parts, or a thousand
// keys of a thousand bytes.
const maxDocument = 2 << 20

func (s *Server) initiateUpload(w http.ResponseWriter, r *request) error {
	o, err := s.described(r)
	if err != nil {
		return err
	}
	if err := s.mayOverwrite(r)(s.store.find(r.bucket, r.key)); err != nil {
		return err
	}
	u, err := s.store.beginUpload(r.bucket, o, s.now())
	if err != nil {
		return err
	}
	encode, err := keyEncoding(r)
	if err != nil {
		return err
	}
	return writeXML(w, struct {
		XMLName      xml.Name `xml:"InitiateMultipartUploadResult"`
		EncodingType string   `xml:",omitempty"`
		Bucket, Key  string
		UploadID     string `xml:"UploadId"`
	}{EncodingType: r.param("encoding-type"), Bucket: r.bucket, Key: encode(r.key), UploadID: u.ID})
}

func (s *Server) uploadPart(w http.ResponseWriter, r *request) error {
	number, err := strconv.Atoi(r.param("partNumber"))
	if err != nil || number < 1 || number > mostParts {
		return errInvalidArgument
	}
	if r.ContentLength > maxObjectBytes {
		return errEntityTooLarge
	}
	wantMD5, err := contentMD5(r.Header)
	if err != nil {
		return err
	}
	body := &bodyReader{r: http.MaxBytesReader(w, r.Body, maxObjectBytes)}
	p, err := s.store.putPart(r.bucket, r.key, r.param("uploadId"), number, s.now().UTC().Truncate(time.Second), body, func(o *object) error {
		if wantMD5 != "" && wantMD5 != o.MD5 {
			return errInvalidDigest
		}
		return nil
	})
	if body.err != nil {
		return body.err
	}
	if err != nil {
		return err
	}
	return stored(w, p)
}

func (s *Server) completeUpload(w http.ResponseWriter, r *request) error {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDocument))
	if err != nil {
		return errMalformedXML
	}
	var document struct {
		XMLName xml.Name     `xml:"CompleteMultipartUpload"`
		Part    []wantedPart `xml:"Part"`
	}
	if r.Header.Get("X-Oss-Complete-All") == "yes" {
		if len(text) > 0 {
			return errInvalidArgument
		}
	} else if xml.Unmarshal(text, &document) != nil || len(document.Part) == 0 || len(document.Part) > mostParts {
		return errMalformedXML
	}
	o, err := s.store.completeUpload(r.bucket, r.key, r.param("uploadId"), document.Part, s.now().UTC().Truncate(time.Second), s.mayOverwrite(r))
	if err != nil {
		return err
	}
	encode, err := keyEncoding(r)
	if err != nil {
		return err
	}
	w.Header().Set("X-Oss-Hash-Crc64ecma", strconv.FormatUint(o.CRC, 10))
	return writeXML(w, struct {
		XMLName                     xml.Name `xml:"CompleteMultipartUploadResult"`
		EncodingType                string   `xml:",omitempty"`
		Location, Bucket, Key, ETag string
	}{EncodingType: r.param("encoding-type"), Location: "http://" + r.Host + r.URL.EscapedPath(), Bucket: r.bucket, Key: encode(r.key), ETag: o.etag()})
}

func (s *Server) abortUpload(w http.ResponseWriter, r *request) error {
	if err := s.store.abortUpload(r.bucket, r.key, r.param("uploadId")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) listParts(w http.ResponseWriter, r *request) error {
	most, err := countParam(r, "max-parts", 1000)
	if err != nil {
		return err
	}
	after := 0
	if text := r.param("part-number-marker"); text != "" {
		if after, err = strconv.Atoi(text); err != nil || after < 0 {
			return errInvalidArgument
		}
	}
	encode, err := keyEncoding(r)
	if err != nil {
		return err
	}
	parts, err := s.store.listParts(r.bucket, r.key, r.param("uploadId"))
	if err != nil {
		return err
	}
	type partDocument struct {
		PartNumber         int
		LastModified, ETag string
		HashCrc64ecma      string
		Size               int64
	}
	doc := struct {
		XMLName              xml.Name `xml:"ListPartsResult"`
		EncodingType         string   `xml:",omitempty"`
		Bucket, Key          string
		UploadID             string `xml:"UploadId"`
		PartNumberMarker     int
		NextPartNumberMarker int
		MaxParts             int
		IsTruncated          bool
		Part                 []partDocument
	}{EncodingType: r.param("encoding-type"), Bucket: r.bucket, Key: encode(r.key), UploadID: r.param("uploadId"), PartNumberMarker: after, MaxParts: most}
	for _, p := range parts {
		number, _ := strconv.Atoi(p.Key) // it was one when it was stored
		if number <= after {
			continue
		}
		if len(doc.Part) == most {
			doc.IsTruncated = true
			break
		}
		doc.Part = append(doc.Part, partDocument{number, formatModified(p.Modified), p.etag(), strconv.FormatUint(p.CRC, 10), p.Size})
		doc.NextPartNumberMarker = number
	}
	return writeXML(w, doc)
}

func (s *Server) listUploads(w http.ResponseWriter, r *request) error {
	most, err := countParam(r, "max-uploads", 1000)
	if err != nil {
		return err
	}
	encode, err := keyEncoding(r)
	if err != nil {
		return err
	}
	type uploadDocument struct {
		Key       string
		UploadID  string `xml:"UploadId"`
		Initiated string
	}
	doc := struct {
		XMLName            xml.Name `xml:"ListMultipartUploadsResult"`
		EncodingType       string   `xml:",omitempty"`
		Bucket             string
		KeyMarker          string
		UploadIDMarker     string `xml:"UploadIdMarker"`
		NextKeyMarker      string
		NextUploadIDMarker string `xml:"NextUploadIdMarker"`
		Delimiter, Prefix  string
		MaxUploads         int
		IsTruncated        bool
		Upload             []uploadDocument
		CommonPrefixes     []prefixDocument
	}{
		EncodingType: r.param("encoding-type"), Bucket: r.bucket, MaxUploads: most,
		KeyMarker: encode(r.param("key-marker")), UploadIDMarker: r.param("upload-id-marker"),
		Delimiter: encode(r.param("delimiter")), Prefix: encode(r.param("prefix")),
	}
	q := listQuery{prefix: r.param("prefix"), delimiter: r.param("delimiter")}
	for _, u := range s.store.listUploads(r.bucket) {
		key := u.Object.Key
		common, grouped := "", false
		if strings.HasPrefix(key, q.prefix) {
			common, grouped = commonPrefix(key, q)
		}
		switch {
		case !strings.HasPrefix(key, q.prefix), beforeMarker(r, key, u.ID), grouped && common <= r.param("key-marker"):
			continue
		case grouped && len(doc.CommonPrefixes) > 0 && doc.CommonPrefixes[len(doc.CommonPrefixes)-1].Prefix == encode(common):
			continue
		}
		if len(doc.Upload)+len(doc.CommonPrefixes) == most {
			doc.IsTruncated = true
			break
		}
		if grouped {
			doc.CommonPrefixes = append(doc.CommonPrefixes, prefixDocument{encode(common)})
			doc.NextKeyMarker, doc.NextUploadIDMarker = encode(common), ""
		} else {
			doc.Upload = append(doc.Upload, uploadDocument{encode(key), u.ID, u.Initiated.Format(timeFormat)})
			doc.NextKeyMarker, doc.NextUploadIDMarker = encode(key), u.ID
		}
	}
	return writeXML(w, doc)
}

// beforeMarker tells what an earlier page has listed. Without an id the marker is
// a key, and all its uploads are behind it.
func beforeMarker(r *request, key, id string) bool {
	marker := r.param("key-marker")
	if marker == "" {
		return false
	}
	if after := r.param("upload-id-marker"); after != "" && key == marker {
		return id <= after
	}
	return key <= marker
}
