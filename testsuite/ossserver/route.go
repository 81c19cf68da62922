package ossserver

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// Actions that access rules name.
// Source: https://www.alibabacloud.com/help/en/oss/user-guide/ram-policy
const (
	actionListBuckets = "oss:ListBuckets"
	actionPutBucket   = "oss:PutBucket"
	actionDelBucket   = "oss:DeleteBucket"
	actionListObjects = "oss:ListObjects"
	actionLocation    = "oss:GetBucketLocation"
	actionBucketInfo  = "oss:GetBucketInfo"
	actionGetObject   = "oss:GetObject"
	actionPutObject   = "oss:PutObject"
	actionDelObject   = "oss:DeleteObject"
	actionAbort       = "oss:AbortMultipartUpload"
	actionListParts   = "oss:ListParts"
	actionListUploads = "oss:ListMultipartUploads"
	actionPutTagging  = "oss:PutObjectTagging"
	actionGetTagging  = "oss:GetObjectTagging"
	actionDelTagging  = "oss:DeleteObjectTagging"
)

const maxKeyBytes = 1023

// operation is what a request asks for, and the right it takes.
type operation struct {
	action string
	do     func(*Server, http.ResponseWriter, *request) error
}

// unsupported are sub-resources that change what a request means. Ignoring one
// would answer something else than was asked.
var unsupported = []string{
	"acl", "append", "asyncFetch", "callback", "cname", "comp", "cors", "encryption", "inventory",
	"lifecycle", "live", "logging", "metaQuery", "policy", "position", "referer", "replication",
	"restore", "stat", "style", "symlink", "transferAcceleration", "versionId",
	"versioning", "versions", "website", "worm", "x-oss-async-process", "x-oss-process",
}

func route(r *request) (operation, error) {
	for _, name := range unsupported {
		if r.has(name) {
			return operation{}, errNotImplemented
		}
	}
	if r.Header.Get("X-Oss-Copy-Source") != "" {
		return operation{}, errNotImplemented
	}
	switch {
	case r.bucket == "":
		if r.Method == http.MethodGet {
			return operation{actionListBuckets, (*Server).listBuckets}, nil
		}
	case r.key == "":
		return routeBucket(r)
	default:
		if !validKey(r.key) {
			return operation{}, errInvalidObjectName
		}
		return routeObject(r)
	}
	return operation{}, errMethodNotAllowed
}

func routeBucket(r *request) (operation, error) {
	switch {
	case r.Method == http.MethodGet && r.has("location"):
		return operation{actionLocation, (*Server).bucketLocation}, nil
	case r.Method == http.MethodGet && r.has("bucketInfo"):
		return operation{actionBucketInfo, (*Server).bucketInfo}, nil
	case r.Method == http.MethodGet && r.has("uploads"):
		return operation{actionListUploads, (*Server).listUploads}, nil
	case r.Method == http.MethodPost && r.has("delete"):
		return operation{"", (*Server).deleteMultiple}, nil // asks for the right to each object
	case r.has("tagging"):
		return operation{}, errNotImplemented // of buckets
	case r.Method == http.MethodGet:
		return operation{actionListObjects, (*Server).listObjects}, nil
	case r.Method == http.MethodPut:
		return operation{actionPutBucket, (*Server).putBucket}, nil
	case r.Method == http.MethodDelete:
		return operation{actionDelBucket, (*Server).deleteBucket}, nil
	}
	return operation{}, errMethodNotAllowed
}

func routeObject(r *request) (operation, error) {
	switch {
	case r.has("tagging"):
		return routeTagging(r)
	case r.has("uploads"):
		if r.Method == http.MethodPost {
			return operation{actionPutObject, (*Server).initiateUpload}, nil
		}
		return operation{}, errMethodNotAllowed
	case r.has("uploadId"):
		return routeUpload(r)
	case r.has("partNumber"):
		return operation{}, errInvalidArgument
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return operation{actionGetObject, (*Server).getObject}, nil
	case http.MethodPut:
		return operation{actionPutObject, (*Server).putObject}, nil
	case http.MethodDelete:
		return operation{actionDelObject, (*Server).deleteObject}, nil
	}
	return operation{}, errMethodNotAllowed
}

func routeUpload(r *request) (operation, error) {
	switch r.Method {
	case http.MethodPut:
		return operation{actionPutObject, (*Server).uploadPart}, nil
	case http.MethodPost:
		return operation{actionPutObject, (*Server).completeUpload}, nil
	case http.MethodDelete:
		return operation{actionAbort, (*Server).abortUpload}, nil
	case http.MethodGet:
		return operation{actionListParts, (*Server).listParts}, nil
	}
	return operation{}, errMethodNotAllowed
}

func routeTagging(r *request) (operation, error) {
	switch r.Method {
	case http.MethodPut:
		return operation{actionPutTagging, (*Server).putTagging}, nil
	case http.MethodGet:
		return operation{actionGetTagging, (*Server).getTagging}, nil
	case http.MethodDelete:
		return operation{actionDelTagging, (*Server).deleteTagging}, nil
	}
	return operation{}, errMethodNotAllowed
}

// resource is what access rules are matched with.
func (r *request) resource() string {
	switch {
	case r.bucket == "":
		return "*"
	case r.key == "":
		return r.bucket
	}
	return r.bucket + "/" + r.key
}

// validBucketName tells whether OSS would take the name.
// Source: https://www.alibabacloud.com/help/en/oss/user-guide/bucket-naming-conventions
func validBucketName(name string) bool {
	if len(name) < 3 || len(name) > 63 || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// validKey tells whether OSS would take the object name.
// Source: https://www.alibabacloud.com/help/en/oss/user-guide/object-naming-conventions
func validKey(key string) bool {
	return key != "" && len(key) <= maxKeyBytes && utf8.ValidString(key) && key[0] != '/' && key[0] != '\\'
}
