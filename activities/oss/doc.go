// Package oss is the object store: activities.Objects and activities.Identities
// on the vendor's SDK, of which it is the only importer.
//
// New makes an Identities from a Config. As gives the store as the worker's own
// identity sees it, or as a RAM role does that the worker may act as; temporary
// keys are renewed before they expire, and once more when the store says that
// they have. Errors are those of activities/ports.go, with the store's own code
// in their text and no keys, tokens or signatures.
//
// It works with OSS and with stores that look like it: path-style addresses,
// ETags without quotes, no checksums, "NotFound" for a missing key.
//
// Start in objects.go. credentials.go and role.go are who we are, errors.go is
// what the store's answers mean. It must not import another adapter.
package oss
