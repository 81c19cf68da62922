// Package container reads what a picture's file says outside of its pixels: size,
// orientation, color profile, and which bytes a decoder needs. Pixels are not
// decoded, and nothing is asked of a C library: what a size is does not depend
// on the process that reads it nor on its memory.
//
// A hostile file cannot make it work: everything is read at most once, nothing is
// followed twice, what is compressed is unpacked up to a limit, and comments,
// texts and further frames never reach a decoder, which would keep them all.
//
// One file a format, exif.go for what they share.
package container
