// Package jpegscan reads the entropy-coded data of a JPEG by the letter, without
// making pixels of it, to know whether the picture is whole.
//
// Decoders are made to show what there is: where data is missing, zeroed or
// flipped they go on with what fits, and a third of the picture is grey. Of most
// damage they do not even warn, because most bits can be read as some picture.
// What gives damage away is the arithmetic: blocks must have 64 coefficients,
// brightness must stay in its range, and the data must last for exactly as many
// blocks as the header announces.
//
// Sequential and progressive JPEGs with Huffman codes and 8 bits a sample are
// read, as https://www.w3.org/Graphics/JPEG/itu-t81.pdf has them; the others are
// unsupported. check.go has the segments, scan.go the order of the blocks,
// sequential.go and progressive.go what is in one, tail.go what follows the last.
package jpegscan
