package edits

import (
	"hash/crc32"
	"hash/fnv"
	"math/rand/v2"
	"path"
	"path/filepath"
)

// HeldOut says whether a picture is one of the fifth that is judged by and never
// learned from. Only the base name of its file counts, so that it is the same in
// every copy of a folder.
func HeldOut(file string) bool {
	return crc32.ChecksumIEEE([]byte(path.Base(filepath.ToSlash(file))))%5 == 0
}

// Seeded is a source of random numbers of its own for every list of names.
func Seeded(seed uint64, names ...string) *rand.Rand {
	sum := fnv.New64a()
	for _, name := range names {
		sum.Write([]byte(name))
		sum.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(seed, sum.Sum64()))
}
