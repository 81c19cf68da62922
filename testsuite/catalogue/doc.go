// Package catalogue makes folders that a batch task can import: pictures and the
// increment.meta that names them.
//
// Draw draws a shop's catalogue by our own code, the same for the same seed: every
// product has several look-alike pictures, all seven formats occur, and some lines
// are bad on purpose. FromFolder makes a manifest for pictures that are there
// already. Random makes a small batch of adds and deletes in any order, whose
// result package oracle knows.
//
// It is for demonstrations and tests, and imports nothing of what it tests except
// the codes and the manifest's form.
package catalogue
