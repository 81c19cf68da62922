// Package manifest reads and writes increment.meta: one JSON object a line, each
// an operation on one picture or product.
//
// Scanner cuts a file, or a byte range of one, into lines. Parse turns one line
// into an Entry, or says why it cannot be used; Append is its inverse. Check does
// both for a whole file and reports every bad line.
//
// It is pure: it imports the standard library and package contract (for the
// codes), opens nothing, and keeps no state between lines. Lines come from
// strangers: whatever they hold costs memory in proportion to MaxLine at most.
//
// The rules are those of
// https://www.alibabacloud.com/help/en/image-search/user-guide/batch-operations,
// and where the vendor's pages are silent or differ, those of DESIGN.md.
package manifest
