// Package manifest reads and writes increment.meta: one JSON object a line, each
// an operation on one picture or product.
//
// It is pure: it imports the standard library and package contract (for the
// codes), does no I/O of its own and keeps no state between lines.
//
// The rules are those of
// https://www.alibabacloud.com/help/en/image-search/user-guide/batch-operations,
// and where the vendor's pages are silent or differ, those of DESIGN.md.
package manifest
