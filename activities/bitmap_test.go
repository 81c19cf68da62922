package activities_test

import (
	"testing"

	"pgregory.net/rapid"

	"imagebatch/activities"
)

func TestBitmapIsASet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 1000).Draw(t, "size")
		members := rapid.SliceOf(rapid.IntRange(0, size-1)).Draw(t, "members")
		bits, set := activities.NewBitmap(size), map[int]bool{}
		for _, n := range members {
			bits.Set(n)
			set[n] = true
		}
		if bits.Count() != len(set) {
			t.Errorf("count = %d; want %d", bits.Count(), len(set))
		}
		for n := range size + 20 {
			if bits.Has(n) != set[n] {
				t.Errorf("%d of %d is a member: %t; want %t", n, size, bits.Has(n), set[n])
			}
		}
	})
}
