// Package descriptor turns a picture of 64×64 pixels into the numbers that it is
// found by. It is mathematics on pixels and nothing else: it must not import
// libvips or bimg, read files, or know what a subject is.
//
// A view of a picture becomes four blocks (blocks.go), and the blocks become 256
// numbers of length 1 by one learned projection (projection.go):
//
//   - S, 2,048: loose shapes and texture, wherever they are (shapes.go, vlad.go);
//   - H, 512: how the edges are laid out (shapes.go, gradient.go);
//   - T, 192: how the colors are laid out (colors.go, lab.go);
//   - C, 512: colors, wherever they are (colors.go, vlad.go).
//
// S and C sum up what distinguishes patches from the nearest of a few learned
// ones, each sum brought to length 1: Arandjelović and Zisserman, "All about
// VLAD", 2013, on square roots as in their "Three things everyone should know to
// improve object retrieval", 2012. The projection is whitened by how little the
// blocks should move when a picture is edited, an idea of Mikolajczyk and Matas,
// "Improving descriptors for fast tree matching by optimal linear projection",
// 2007. What is learned is a [Table]; the program carries one in it (table.go).
//
// Everything exists twice: in Go, to be read and learned with, and in C
// (kernel.c), which does the same several times faster. Tests hold them together.
package descriptor
