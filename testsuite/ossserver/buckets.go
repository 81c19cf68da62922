package ossserver

import (
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const timeFormat = "2006-01-02T15:04:05.000Z"

var owner = struct {
	ID, DisplayName string
}{"1000000000000000", "1000000000000000"}

type bucketDocument struct {
	XMLName          xml.Name `xml:"Bucket"`
	Name             string
	Location         string
	CreationDate     string
	ExtranetEndpoint string
	IntranetEndpoint string
	Region           string
	StorageClass     string
}

func (s *Server) describe(name string) bucketDocument {
	region := s.store.region(name)
	return bucketDocument{
		Name: name, Location: "oss-" + region, Region: region, StorageClass: "Standard",
		CreationDate:     s.store.created(name).Format(timeFormat),
		ExtranetEndpoint: "oss-" + region + ".aliyuncs.com",
		IntranetEndpoint: "oss-" + region + "-internal.aliyuncs.com",
	}
}

func writeXML(w http.ResponseWriter, doc any) error {
	body := marshal(doc)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // the client may be gone
	return nil
}

func (s *Server) putBucket(w http.ResponseWriter, r *request) error {
	if !validBucketName(r.bucket) {
		return errInvalidBucketName
	}
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 64<<10)); err != nil {
		return errInvalidArgument
	}
	// A second put by the owner succeeds on OSS, and everyone here is the owner.
	if err := s.store.createBucket(r.bucket, s.region, s.now()); err != nil {
		return err
	}
	w.Header().Set("Location", "/"+r.bucket)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) deleteBucket(w http.ResponseWriter, r *request) error {
	if err := s.store.deleteBucket(r.bucket); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) bucketLocation(w http.ResponseWriter, r *request) error {
	return writeXML(w, struct {
		XMLName xml.Name `xml:"LocationConstraint"`
		Text    string   `xml:",chardata"`
	}{Text: "oss-" + s.store.region(r.bucket)})
}

func (s *Server) bucketInfo(w http.ResponseWriter, r *request) error {
	return writeXML(w, struct {
		XMLName xml.Name `xml:"BucketInfo"`
		Bucket  struct {
			bucketDocument
			Owner any
			ACL   string `xml:"AccessControlList>Grant"`
		}
	}{Bucket: struct {
		bucketDocument
		Owner any
		ACL   string `xml:"AccessControlList>Grant"`
	}{s.describe(r.bucket), owner, "private"}})
}

func (s *Server) listBuckets(w http.ResponseWriter, r *request) error {
	limit, err := maxKeysParam(r, 100)
	if err != nil {
		return err
	}
	doc := struct {
		XMLName     xml.Name `xml:"ListAllMyBucketsResult"`
		Prefix      string   `xml:",omitempty"`
		Marker      string   `xml:",omitempty"`
		MaxKeys     int
		IsTruncated bool
		NextMarker  string `xml:",omitempty"`
		Owner       any
		Buckets     []bucketDocument `xml:"Buckets>Bucket"`
	}{Prefix: r.param("prefix"), Marker: r.param("marker"), MaxKeys: limit, Owner: owner}
	for _, name := range s.store.bucketNames() {
		if !strings.HasPrefix(name, doc.Prefix) || name <= doc.Marker {
			continue
		}
		if len(doc.Buckets) == limit {
			doc.IsTruncated, doc.NextMarker = true, doc.Buckets[limit-1].Name
			break
		}
		doc.Buckets = append(doc.Buckets, s.describe(name))
	}
	return writeXML(w, doc)
}

func formatModified(t time.Time) string { return t.UTC().Format(timeFormat) }
