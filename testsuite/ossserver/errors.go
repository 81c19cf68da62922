package ossserver

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
)

// failure is an answer that OSS gives as an error document.
type failure struct {
	status        int
	code, message string
	detail        map[string]string // further elements of the document
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func refuse(status int, code, message string) *failure {
	return &failure{status: status, code: code, message: message}
}

func (f *failure) with(name, value string) *failure {
	copied := *f
	copied.detail = map[string]string{name: value}
	for k, v := range f.detail {
		copied.detail[k] = v
	}
	return &copied
}

// Source: https://www.alibabacloud.com/help/en/oss/developer-reference/error-responses
var (
	errAccessDenied      = refuse(403, "AccessDenied", "You have no right to access this object because of bucket acl.")
	errAnonymous         = refuse(403, "AccessDenied", "Anonymous access is forbidden for this operation.")
	errLinkExpired       = refuse(403, "AccessDenied", "Request has expired.")
	errInvalidKeyID      = refuse(403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
	errInvalidToken      = refuse(403, "InvalidAccessKeyId", "The security token you provided is invalid.")
	errTokenExpired      = refuse(403, "SecurityTokenExpired", "The security token you provided has expired.")
	errSignature         = refuse(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	errSkewed            = refuse(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	errMalformedAuth     = refuse(400, "InvalidArgument", "Authorization header is invalid.")
	errSigningRegion     = refuse(400, "InvalidArgument", "Invalid signing region in Authorization header.")
	errOtherRegion       = refuse(403, "AccessDenied", "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.")
	errNoSuchBucket      = refuse(404, "NoSuchBucket", "The specified bucket does not exist.")
	errNoSuchKey         = refuse(404, "NoSuchKey", "The specified key does not exist.")
	errInvalidBucketName = refuse(400, "InvalidBucketName", "The specified bucket is not valid.")
	errInvalidObjectName = refuse(400, "InvalidObjectName", "The specified object is not valid.")
	errBucketNotEmpty    = refuse(409, "BucketNotEmpty", "The bucket has objects. Please delete them first.")
	errFileExists        = refuse(409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.")
	errMethodNotAllowed  = refuse(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	errNotImplemented    = refuse(501, "NotImplemented", "A header you provided implies functionality that is not implemented.")
	errPrecondition      = refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
	errInvalidRange      = refuse(416, "InvalidRange", "The requested range cannot be satisfied.")
	errInvalidDigest     = refuse(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
	errIncompleteBody    = refuse(400, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period.")
	errEntityTooLarge    = refuse(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
	errEntityTooSmall    = refuse(400, "EntityTooSmall", "Your proposed upload smaller than the minimum allowed size.")
	errNoSuchUpload      = refuse(404, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
	errInvalidPart       = refuse(400, "InvalidPart", "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.")
	errInvalidPartOrder  = refuse(400, "InvalidPartOrder", "The list of parts was not in ascending order. The parts list must be specified in order by part number.")
	errMalformedXML      = refuse(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")
	errMissingArgument   = refuse(400, "MissingArgument", "Missing Some Required Arguments.")
	errInvalidTag        = refuse(400, "InvalidTag", "The tag provided was not a valid tag.")
	errMetaTooLarge      = refuse(400, "InvalidArgument", "The total size of user metadata exceeds the limit.")
	errInvalidArgument   = refuse(400, "InvalidArgument", "A parameter is out of range.")
	errNotModified       = refuse(304, "NotModified", "")
	errInternal          = refuse(500, "InternalError", "We encountered an internal error. Please try again.")
)

// writeError answers with OSS's error document. A HEAD has no body, so the
// document travels in a header.
func writeError(w http.ResponseWriter, r *request, err error) {
	var f *failure
	if !errors.As(err, &f) {
		f = errInternal.with("Cause", err.Error())
	}
	if f.status == http.StatusNotModified {
		w.WriteHeader(f.status)
		return
	}
	doc := errorDocument(f, r)
	if r.Method == http.MethodHead {
		w.Header().Set("X-Oss-Err", base64.StdEncoding.EncodeToString(doc))
		w.WriteHeader(f.status)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(doc)))
	w.WriteHeader(f.status)
	_, _ = w.Write(doc) // the client may be gone
}

func errorDocument(f *failure, r *request) []byte {
	type element struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	}
	doc := struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
		Request string `xml:"RequestId"`
		Host    string `xml:"HostId"`
		Bucket  string `xml:"BucketName,omitempty"`
		Key     string `xml:",omitempty"`
		Detail  []element
	}{Code: f.code, Message: f.message, Request: r.id, Host: r.Host, Bucket: r.bucket}
	if f.code == errNoSuchKey.code {
		doc.Key = r.key
	}
	for name, value := range f.detail {
		doc.Detail = append(doc.Detail, element{XMLName: xml.Name{Local: name}, Text: value})
	}
	return marshal(doc)
}

func marshal(doc any) []byte {
	body, err := xml.Marshal(doc)
	if err != nil {
		return []byte(xml.Header + "<Error><Code>InternalError</Code></Error>")
	}
	return append([]byte(xml.Header), body...)
}
