// Package index holds instances and their pictures, and finds pictures that are
// alike. It implements activities.Index and activities.Pictures on the tables of
// package store.
//
// Every effect carries a version, (task number, line number), and is applied by
// comparing versions, so that whatever the order in which effects are committed,
// the result is that of the order of their versions. An effect and the outcome
// of its line are one transaction: see commit.go. So are a change of a single
// picture, its number and its answer: see operate.go.
//
// A search compares its vectors with every vector of the instance that its filter
// leaves: it is exact, and its memory does not depend on the size of the
// instance. The comparison is a function of SQL, written in C: see scan.go, then
// kernel.c.
//
// The package imports no object store, no Temporal and no picture library.
package index
