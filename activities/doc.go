// Package activities implements the steps that package workflows names: it
// opens a task, plans it, runs its slices (fetch, validate, featurize, index),
// closes it, writes its report and delivers its callback, and answers the short
// questions of the starter.
//
// Every activity may run more than once, and two attempts of one may overlap:
// effects and outcomes are committed together in the ledger, which applies a
// line once. An activity error means that infrastructure is in trouble and
// Temporal shall try again, unless it is a contract.Error, which is final. A
// bad picture is neither: it is an outcome of its line.
//
// The package knows the world through the interfaces of ports*.go and imports no
// SDK of any store and no cgo; the adapters below it (oss, imaging, store,
// index) import it for those types. Package worker puts them together.
package activities
