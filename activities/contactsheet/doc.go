// Package contactsheet draws pictures side by side, each with some words below
// it, for people to look at.
//
// It is pure: small pictures and words go in, one picture comes out. It decodes
// nothing, imports no other package of this module and keeps no state; what it
// is given may come from strangers, and costs what its cells cost. Package
// activities collects what is to be drawn.
package contactsheet
