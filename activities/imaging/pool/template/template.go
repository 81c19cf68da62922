// Package template makes a program one whose imaging processes need not be
// started from nothing: importing it, for its effect alone, is all there is to do.
//
// Half of the processor time of a start goes into loading the hundred libraries
// that libvips is linked with and into its classes. A program that package pool
// starts as a template does that once and then makes a copy of itself, by fork,
// for each child; a copy goes on as if it had just been started. Go cannot be
// forked once it runs, so all of that happens in C before its runtime starts.
//
// It must not import anything. The other half is template.go of package pool.
package template

// #cgo pkg-config: vips
import "C"
