package index_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/activities/index"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/filter"
)

const (
	benchVector   = 512     // bytes of a vector in the measurements
	benchPictures = 100_000 // that are searched, unless IMAGEBATCH_BENCH_PICTURES says another number
)

func putLine(line int64, random *rand.Rand) activities.Outcome {
	vector := make([]byte, benchVector)
	for i := range vector {
		vector[i] = byte(random.IntN(256))
	}
	text := "a title of a usual length, and a price"
	price, colour := random.Int32N(100), [...]string{"red", "green", "blue"}[random.IntN(3)]
	return activities.Outcome{
		Line: line, Ending: activities.Succeeded, Stage: activities.Indexed,
		Put: &activities.PutPicture{
			Picture: contract.Picture{
				ProductID: fmt.Sprint("product-", random.IntN(1_000_000)), PicName: fmt.Sprintf("pictures/%08d.jpg", line),
				CategoryID: random.IntN(10), CustomContent: &text, Width: 400, Height: 500,
				IntAttrs: [4]*int32{&price}, StrAttrs: [4]*string{&colour},
			},
			CategoryGiven: true, Vector: vector, FeatureVersion: "bench",
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
	begun, err := s.Begin(b.Context(), contract.BeginInput{Kind: contract.KindBatchTask, RunID: "bench", Instance: "bench"}, nil)
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

// BenchmarkSearch measures exact searches over benchPictures vectors:
//
//	go test -run '^$' -bench Search -benchtime 200x ./activities/index
func BenchmarkSearch(b *testing.B) {
	pictures := benchPictures
	if text := os.Getenv("IMAGEBATCH_BENCH_PICTURES"); text != "" {
		var err error
		if pictures, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	x, vector, rate := fill(b, pictures/64*64)
	b.Logf("%.0f puts/s", rate)
	category := 3
	plain := []activities.QueryVector{{Vector: vector}}
	expanded := slices.Repeat(plain, 4)
	for range 9 {
		expanded = append(expanded, activities.QueryVector{Vector: vector[:benchVector/2], Part: activities.WholeHalf, Penalty: 0.05})
	}
	for _, c := range []struct {
		name  string
		query activities.SearchQuery
	}{
		{"Plain", activities.SearchQuery{Vectors: plain}},
		{"Deep", activities.SearchQuery{Vectors: plain, Start: 400, Num: 100}},
		{"Expanded13", activities.SearchQuery{Vectors: expanded}},
		{"Category", activities.SearchQuery{Vectors: plain, Category: &category}},
		{"FilterOne", activities.SearchQuery{Vectors: plain, Filter: parsed(b, `int_attr = 5`)}},
		{"FilterThird", activities.SearchQuery{Vectors: plain, Filter: parsed(b, `str_attr = "red"`)}},
		{"FilterAll", activities.SearchQuery{Vectors: plain, Filter: parsed(b, `int_attr >= 0 AND str_attr != "black"`)}},
		{"Distinct", activities.SearchQuery{Vectors: plain, DistinctProducts: true}},
		{"ByFilter", activities.SearchQuery{Filter: parsed(b, `int_attr >= 50`)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.query.FeatureVersion = "bench"
			var took []time.Duration
			before := cpuTime(b)
			for b.Loop() {
				start := time.Now()
				if _, err := x.Search(b.Context(), "bench", c.query); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/1000/float64(len(took)), "cpu-ms")
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

func parsed(t testing.TB, expression string) *filter.Expression {
	t.Helper()
	e, err := filter.Parse(expression)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// cpuTime is what the process has used of all cores: what a search costs, however
// busy the machine is.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkCategory measures guesses by a full gallery of 20,000 vectors.
func BenchmarkCategory(b *testing.B) {
	x, vector, _ := fill(b, 64*330)
	guess := func() {
		if guess, err := x.Category(b.Context(), "bench", vector, "bench"); err != nil || guess.Confidence == 0 {
			b.Fatal(guess, err)
		}
	}
	guess()
	for b.Loop() {
		guess()
	}
}
