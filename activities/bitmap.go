package activities

import "math/bits"

// Bitmap is a set of small numbers, one bit each, lowest bit first.
type Bitmap []byte

// NewBitmap makes an empty set for the numbers below n.
func NewBitmap(n int) Bitmap { return make(Bitmap, (n+7)/8) }

// Has reports whether n is in the set.
func (b Bitmap) Has(n int) bool { return n/8 < len(b) && b[n/8]&(1<<(n%8)) != 0 }

// Set puts n into the set. It must be below the size the set was made for.
func (b Bitmap) Set(n int) { b[n/8] |= 1 << (n % 8) }

// Count is the number of members.
func (b Bitmap) Count() int {
	total := 0
	for _, octet := range b {
		total += bits.OnesCount8(octet)
	}
	return total
}
