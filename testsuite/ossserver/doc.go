// Package ossserver is an OSS for development and tests: it speaks OSS's HTTP
// over a folder, so that the vendor's SDK runs against it unchanged.
//
// It covers buckets (create, delete, list, location, info), objects (put, get,
// head, delete one or many, with ranges and conditions, user metadata and tags),
// uploads in parts, listing v1 and v2, signatures v1 and v4 in headers and links,
// access rules for each key pair, temporary keys by AssumeRole, and OSS's error
// documents. Versions, copies, appends and processing are answered with
// NotImplemented.
//
// Three doors: Server.ServeHTTP is the object store; Server.Admin, on loopback
// only, makes it fail on demand and counts what it did; Server.STS hands out
// temporary keys, over TLS because its clients speak nothing else.
//
// What was answered with success survives a kill of the process; objects are
// not synced to disk, so a power cut may lose some.
//
// The package imports the standard library only; nothing but tests and the
// development stack may import it. Start in server.go; store.go is the folder,
// auth.go decides who may do what, faults.go how it fails.
//
// Behaviour follows https://www.alibabacloud.com/help/en/oss/developer-reference/.
package ossserver
