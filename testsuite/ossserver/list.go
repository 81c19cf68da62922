package ossserver

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// listQuery asks for one page of a bucket.
type listQuery struct {
	prefix, delimiter string
	after             string // keys and common prefixes up to and including this one are left out
	max               int
}

type listPage struct {
	objects   []*object
	prefixes  []string
	truncated bool
	next      string // what after must be for the next page
}

// list is one page. Its cost is that of the page, whatever lies under the
// common prefixes it skips.
func (st *store) list(bucketName string, q listQuery) listPage {
	st.mu.RLock()
	defer st.mu.RUnlock()
	b := st.buckets[bucketName]
	if b == nil {
		return listPage{}
	}
	var page listPage
	at := seek(b.keys, max(q.prefix, q.after))
	for at < len(b.keys) {
		key := b.keys[at]
		if !strings.HasPrefix(key, q.prefix) {
			break
		}
		common, ok := commonPrefix(key, q)
		if !ok && key <= q.after || ok && common == q.after {
			at = skip(b.keys, at, common, ok)
			continue
		}
		if len(page.objects)+len(page.prefixes) == q.max {
			page.truncated = true
			break
		}
		if ok {
			page.prefixes = append(page.prefixes, common)
			page.next = common
		} else {
			page.objects = append(page.objects, b.objects[key])
			page.next = key
		}
		at = skip(b.keys, at, common, ok)
	}
	return page
}

func commonPrefix(key string, q listQuery) (string, bool) {
	if q.delimiter == "" {
		return "", false
	}
	i := strings.Index(key[len(q.prefix):], q.delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(q.prefix)+i+len(q.delimiter)], true
}

// seek is the position of the first key that is not less.
func seek(keys []string, key string) int {
	at, _ := slices.BinarySearch(keys, key)
	return at
}

// skip is the position after a key, or after everything under a common prefix.
func skip(keys []string, at int, common string, grouped bool) int {
	if !grouped {
		return at + 1
	}
	n, _ := slices.BinarySearchFunc(keys[at:], common, func(key, common string) int {
		if strings.HasPrefix(key, common) || key < common {
			return -1
		}
		return 1
	})
	return at + n
}

type listDocument struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name                  string
	Prefix                string
	Marker                *string `xml:",omitempty"`
	StartAfter            *string `xml:",omitempty"`
	ContinuationToken     *string `xml:",omitempty"`
	MaxKeys               int
	Delimiter             string
	EncodingType          string `xml:",omitempty"`
	IsTruncated           bool
	NextMarker            string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	KeyCount              *int   `xml:",omitempty"`
	Contents              []contentDocument
	CommonPrefixes        []prefixDocument
}

type prefixDocument struct{ Prefix string }

type contentDocument struct {
	Key, LastModified, ETag, Type string
	Size                          int64
	StorageClass                  string
	Owner                         any `xml:",omitempty"`
}

func (s *Server) listObjects(w http.ResponseWriter, r *request) error {
	limit, err := maxKeysParam(r, 100)
	if err != nil {
		return err
	}
	encode, err := keyEncoding(r)
	if err != nil {
		return err
	}
	q := listQuery{prefix: r.param("prefix"), delimiter: r.param("delimiter"), max: limit}
	doc := listDocument{
		Name: r.bucket, Prefix: encode(q.prefix), Delimiter: encode(q.delimiter),
		MaxKeys: limit, EncodingType: r.param("encoding-type"),
	}
	v2 := r.param("list-type") == "2"
	if v2 {
		if q.after, err = continuation(r); err != nil {
			return err
		}
		startAfter, token := encode(r.param("start-after")), r.param("continuation-token")
		doc.StartAfter, doc.ContinuationToken = &startAfter, &token
	} else {
		q.after = r.param("marker")
		marker := encode(q.after)
		doc.Marker = &marker
	}

	page := s.store.list(r.bucket, q)
	for _, o := range page.objects {
		content := contentDocument{
			Key: encode(o.Key), LastModified: formatModified(o.Modified), ETag: o.etag(),
			Type: o.kind(), Size: o.Size, StorageClass: "Standard",
		}
		if !v2 || r.param("fetch-owner") == "true" {
			content.Owner = owner
		}
		doc.Contents = append(doc.Contents, content)
	}
	for _, prefix := range page.prefixes {
		doc.CommonPrefixes = append(doc.CommonPrefixes, prefixDocument{encode(prefix)})
	}
	doc.IsTruncated = page.truncated
	count := len(page.objects) + len(page.prefixes)
	switch {
	case v2:
		doc.KeyCount = &count
		if page.truncated {
			doc.NextContinuationToken = base64.StdEncoding.EncodeToString([]byte(page.next))
		}
	case page.truncated:
		doc.NextMarker = encode(page.next)
	}
	return writeXML(w, doc)
}

// continuation is where a v2 page starts: the token wins over start-after.
func continuation(r *request) (string, error) {
	token := r.param("continuation-token")
	if token == "" {
		return r.param("start-after"), nil
	}
	after, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return "", errInvalidArgument
	}
	return string(after), nil
}

func maxKeysParam(r *request, standard int) (int, error) { return countParam(r, "max-keys", standard) }

// countParam is how many entries of a list are asked for.
func countParam(r *request, name string, standard int) (int, error) {
	text := r.param(name)
	if text == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1000 {
		return 0, errInvalidArgument
	}
	return n, nil
}
