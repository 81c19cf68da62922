package index_test

import (
	"fmt"
	"testing"

	"imagebatch/activities"
)

// BenchmarkNamed measures looking up 500 names of pictures that are absent.
func BenchmarkNamed(b *testing.B) {
	x, _, _ := fill(b, 100_000)
	var names []activities.DeletePicture
	for n := range 500 {
		names = append(names, activities.DeletePicture{Product: fmt.Sprint("product-", n*1999), Picture: fmt.Sprintf("pictures/%08d.jpg", n*100+1)})
	}
	for b.Loop() {
		if err := x.Named(b.Context(), "bench", names, func(int64) {}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/name")
}
