package index

import (
	"math"
	"unsafe"
)

// components reads the bytes of a vector as the signed components they are.
func components(vector []byte) []int8 {
	return unsafe.Slice((*int8)(unsafe.Pointer(unsafe.SliceData(vector))), len(vector))
}

// dot is the scalar product of two vectors of one length. Four sums that do not
// wait for each other keep the processor busy; with maxVector none overflows.
func dot(a, b []int8) int64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 int32
	for len(a) >= 8 {
		x, y := (*[8]int8)(a), (*[8]int8)(b)
		s0 += int32(x[0])*int32(y[0]) + int32(x[4])*int32(y[4])
		s1 += int32(x[1])*int32(y[1]) + int32(x[5])*int32(y[5])
		s2 += int32(x[2])*int32(y[2]) + int32(x[6])*int32(y[6])
		s3 += int32(x[3])*int32(y[3]) + int32(x[7])*int32(y[7])
		a, b = a[8:], b[8:]
	}
	for i := range a {
		s0 += int32(a[i]) * int32(b[i])
	}
	return int64(s0) + int64(s1) + int64(s2) + int64(s3)
}

// square is the scalar product of a vector with itself.
func square(vector []byte) int64 { return dot(components(vector), components(vector)) }

// score is the cosine, 0 where it is negative. All three numbers are exact and
// the square root of a square is exact, so equal vectors score exactly 1, two
// empty ones too.
func score(product, squareA, squareB int64) float64 {
	if squareA == 0 || squareB == 0 {
		if squareA == squareB {
			return 1
		}
		return 0
	}
	return min(1, max(0, float64(product)/math.Sqrt(float64(squareA)*float64(squareB))))
}

// Similarity is how alike two vectors of one version are, 0 to 1, as searches
// score it. Vectors of different lengths are not comparable and score 0.
func Similarity(a, b []byte) float64 {
	if len(a) != len(b) {
		return 0
	}
	return score(dot(components(a), components(b)), square(a), square(b))
}
