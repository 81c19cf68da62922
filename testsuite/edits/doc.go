// Package edits changes pictures as people and platforms do: cut, framed, put on
// others, brightened, written on, compressed. The descriptor is learned from
// random edits and judged by named ones; both are here, and the rule which
// pictures may be learned from.
//
//   - protocol.go: the edits that searches are judged by, each with fixed strength
//   - random.go: one edit of random kind and strength, to learn from
//   - split.go: the pictures that are judged by and never learned from
//   - photo.go: the photos of a folder
//   - composite.go: products of known place on drawn grounds
//   - raster.go, geometry.go, tone.go, blur.go, text.go: what they are made of
//
// A picture is an opaque *image.RGBA whose bounds start at 0,0. No edit changes
// its input. Everything random comes from a seed, so the same call gives the
// same pixels. The package decodes JPEG with the standard library; it must not
// import libvips or the product.
package edits
