// Package imaging turns the bytes of a picture into what it is found by. It
// tells formats apart by content, reads headers, decodes pixels and computes
// the descriptor; it implements [imagebatch/activities.Imager].
//
// It is the only importer of bimg and, with it, of libvips; importing it starts
// libvips in the process. It must not import Temporal, an object store or the
// index: bytes come in, numbers go out, and nothing is kept between pictures.
//
// What a file says is read in Go (package container), and whether a JPEG is whole
// (package jpegscan). PNG, GIF, WebP and TIFF are decoded by libvips, JPEG by
// libjpeg at a fraction of its size, which libvips would do at twice the cost
// (vips.h): the descriptor needs 64×64 pixels, and everything behind the load is
// the project's own code. BMP and PPM are decoded in Go: libvips 8.14 reads BMP
// only through ImageMagick, which cannot be told to leave other formats alone,
// and its PPM reader takes a cut file for a whole one. All loaders but those
// named are blocked.
//
// The way of a picture: imager.go, sniff.go, decode.go (libvips.go, profile.go,
// bmp.go, ppm.go), views.go, resample.go, variants.go. Package descriptor computes
// the vectors, package subject finds the product; neither knows where pixels come
// from.
package imaging
