package index_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/index"
	"imagebatch/workflows/contract"
)

// benchVector is the length of a vector in the measurements.
const benchVector = 704

func putLine(line int64, random *rand.Rand) activities.Outcome {
	vector := make([]byte, benchVector)
	for i := range vector {
		vector[i] = byte(random.IntN(256))
	}
	text := "a title of a usual length, and a price"
	return activities.Outcome{
		Line: line, Ending: activities.Succeeded, Stage: activities.Indexed,
		Put: &activities.PutPicture{
			Picture: contract.Picture{
				ProductID: fmt.Sprint("product-", random.IntN(1_000_000)), PicName: fmt.Sprintf("pictures/%08d.jpg", line),
				CategoryID: 1, CustomContent: &text, Width: 400, Height: 500,
			},
			Vector: vector, FeatureVersion: "bench",
		},
	}
}

// fill puts so many pictures, in commits of 64, and tells how many a second.
func fill(b *testing.B, pictures int) (*index.Index, []byte, float64) {
	b.Helper()
	s := openStore(b, filepath.Join(b.TempDir(), "index.db"))
	x := index.New(s)
	if _, err := x.CreateInstance(b.Context(), contract.CreateInstanceInput{Name: "bench", Region: "cn-shanghai", Capacity: 1 << 40}, "bench"); err != nil {
		b.Fatal(err)
	}
	begun, err := s.Begin(b.Context(), contract.BeginInput{Kind: contract.KindBatchTask, RunID: "bench", Instance: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	var took time.Duration
	var last []byte
	const lines, together = 960, 64
	for done := 0; done < pictures; done += together {
		slice := done / lines
		batch := activities.Batch{Task: begun.Task, Slice: slice, First: int64(slice*lines) + 1, Lines: lines}
		for n := range together {
			batch.Outcomes = append(batch.Outcomes, putLine(int64(done+n)+1, random))
		}
		last = batch.Outcomes[together-1].Put.Vector
		start := time.Now()
		if _, err := x.Commit(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		took += time.Since(start)
	}
	return x, last, float64(pictures) / took.Seconds()
}

// BenchmarkCommit measures commits of 64 puts, each on disk when it returns.
func BenchmarkCommit(b *testing.B) {
	for b.Loop() {
		_, _, rate := fill(b, 64*300)
		b.ReportMetric(rate, "puts/s")
	}
}

// BenchmarkSearch measures exact searches over 100,000 vectors.
func BenchmarkSearch(b *testing.B) {
	x, query, rate := fill(b, 100_000)
	b.ReportMetric(rate, "puts/s")
	for b.Loop() {
		result, err := x.Search(b.Context(), "bench", activities.SearchVector{Vector: query, FeatureVersion: "bench", Num: 10})
		if err != nil || result.Hits[0].Score != 1 {
			b.Fatal(result, err)
		}
	}
}
