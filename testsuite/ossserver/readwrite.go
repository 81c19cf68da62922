package ossserver

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const maxObjectBytes = 5 << 30

// keptHeaders of a put come back with every read.
var keptHeaders = []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"}

// maxMetaBytes is how long names and values of user metadata are together.
// Source: https://www.alibabacloud.com/help/en/oss/user-guide/manage-object-metadata
const maxMetaBytes = 8 << 10

// described is what a request that begins an object says of it.
func (s *Server) described(r *request) (*object, error) {
	o := &object{
		Key:         r.key,
		Modified:    s.now().UTC().Truncate(time.Second),
		ContentType: r.Header.Get("Content-Type"),
		Headers:     map[string]string{},
	}
	if o.ContentType == "" {
		o.ContentType = "application/octet-stream"
	}
	for _, name := range keptHeaders {
		if v := r.Header.Get(name); v != "" {
			o.Headers[name] = v
		}
	}
	meta := 0
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Oss-Meta-") {
			o.Headers[name] = r.Header.Get(name)
			meta += len(name) + len(o.Headers[name])
		}
	}
	if meta > maxMetaBytes {
		return nil, errMetaTooLarge
	}
	var err error
	if o.Tags, err = tagsInHeader(r.Header); err != nil {
		return nil, err
	}
	if len(o.Tags) > 0 && !r.who.allows(actionPutTagging, r.resource()) {
		return nil, errAccessDenied
	}
	return o, nil
}

// mayOverwrite checks what a request says of an object that is there already.
func (s *Server) mayOverwrite(r *request) func(old *object) error {
	return func(old *object) error {
		if old != nil && r.Header.Get("X-Oss-Forbid-Overwrite") == "true" {
			return errFileExists
		}
		return nil
	}
}

func (s *Server) putObject(w http.ResponseWriter, r *request) error {
	if r.ContentLength > maxObjectBytes {
		return errEntityTooLarge
	}
	wantMD5, err := contentMD5(r.Header)
	if err != nil {
		return err
	}
	o, err := s.described(r)
	if err != nil {
		return err
	}
	body := &bodyReader{r: http.MaxBytesReader(w, r.Body, maxObjectBytes)}
	err = s.store.put(r.bucket, o, body, func(old *object) error {
		if wantMD5 != "" && wantMD5 != o.MD5 {
			return errInvalidDigest
		}
		return s.mayOverwrite(r)(old)
	})
	if body.err != nil {
		return body.err
	}
	if err != nil {
		return err
	}
	return stored(w, o)
}

// stored answers what was taken.
func stored(w http.ResponseWriter, o *object) error {
	w.Header().Set("ETag", o.etag())
	w.Header().Set("X-Oss-Hash-Crc64ecma", strconv.FormatUint(o.CRC, 10))
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return nil
}

// bodyReader tells a body that broke off from a disk that failed.
type bodyReader struct {
	r   io.Reader
	err error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		b.err = errEntityTooLarge
	case err != nil && err != io.EOF:
		b.err = errIncompleteBody
	}
	return n, err
}

// contentMD5 is the digest the client announced, as upper-case hex.
func contentMD5(h http.Header) (string, error) {
	text := h.Get("Content-Md5")
	if text == "" {
		return "", nil
	}
	sum, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(sum) != md5.Size {
		return "", errInvalidDigest
	}
	return strings.ToUpper(hex.EncodeToString(sum)), nil
}

func (s *Server) deleteObject(w http.ResponseWriter, r *request) error {
	if err := s.store.remove(r.bucket, r.key); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// getObject serves GET and HEAD.
func (s *Server) getObject(w http.ResponseWriter, r *request) error {
	o, f, err := s.store.open(r.bucket, r.key)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := checkConditions(r.Header, o); err != nil {
		return err
	}
	from, length, partial, err := span(r.Header, o.Size)
	if err != nil {
		return err
	}

	h := w.Header()
	for name, value := range o.Headers {
		h.Set(name, value)
	}
	h.Set("Content-Type", o.ContentType)
	h.Set("ETag", o.etag())
	h.Set("Last-Modified", o.Modified.Format(http.TimeFormat))
	h.Set("Accept-Ranges", "bytes")
	h.Set("X-Oss-Object-Type", o.kind())
	if len(o.Tags) > 0 {
		h.Set(headerTagged, strconv.Itoa(len(o.Tags)))
	}
	h.Set("X-Oss-Storage-Class", "Standard")
	h.Set("X-Oss-Hash-Crc64ecma", strconv.FormatUint(o.CRC, 10))
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	status := http.StatusOK
	if partial {
		status = http.StatusPartialContent
		h.Set("Content-Range", contentRange(from, length, o.Size))
	}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		panic(http.ErrAbortHandler) // the status line is out: only breaking off is left
	}
	if _, err := io.CopyN(w, f, length); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// PutObject stores an object without going over HTTP.
func (s *Server) PutObject(bucket, key, contentType string, body []byte) error {
	if !validKey(key) {
		return errInvalidObjectName
	}
	o := &object{Key: key, ContentType: contentType, Modified: s.now().UTC().Truncate(time.Second)}
	return s.store.put(bucket, o, bytes.NewReader(body), func(*object) error { return nil })
}

// Object is the body of an object, read without going over HTTP.
func (s *Server) Object(bucket, key string) ([]byte, error) {
	o, f, err := s.store.open(bucket, key)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	body := make([]byte, o.Size)
	_, err = io.ReadFull(f, body)
	return body, err
}

// Keys are the keys of a bucket that begin with prefix, sorted.
func (s *Server) Keys(bucket, prefix string) []string {
	var keys []string
	after := ""
	for {
		page := s.store.list(bucket, listQuery{prefix: prefix, after: after, max: 1000})
		for _, o := range page.objects {
			keys = append(keys, o.Key)
		}
		if !page.truncated {
			return keys
		}
		after = page.next
	}
}

// Uploads is how many objects of a bucket are being put in parts.
func (s *Server) Uploads(bucket string) int { return len(s.store.listUploads(bucket)) }
