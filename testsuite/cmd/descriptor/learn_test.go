package main

import (
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"

	"imagebatch/activities/imaging/descriptor"
	"imagebatch/testsuite/edits"
)

func newTraining() *training { return &training{seed: 1, beta: 0.3, began: time.Now()} }

// clouds are points about the corners of a cube, as many about each.
func clouds(count int) points {
	random := edits.Seeded(3, "clouds")
	p := points{size: 3}
	for n := range count {
		for axis := range 3 {
			p.values = append(p.values, float32(n>>axis&1)+0.05*float32(random.NormFloat64()))
		}
	}
	return p
}

func TestClusterFindsClouds(t *testing.T) {
	t.Parallel()
	centers := newTraining().cluster(clouds(1600), 8, "test")
	var got []string
	for n := range centers.count() {
		var corner []byte
		for _, v := range centers.row(n) {
			rounded := math.Round(float64(v))
			if math.Abs(float64(v)-rounded) > 0.02 {
				t.Errorf("center %d is %v, which is no corner", n, centers.row(n))
			}
			corner = append(corner, '0'+byte(rounded))
		}
		got = append(got, string(corner))
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"000", "001", "010", "011", "100", "101", "110", "111"}, got); diff != "" {
		t.Errorf("centers differ (-want +got):\n%s", diff)
	}
}

// TestClusterIsTheSameOnOneCore is not parallel: it changes the number of cores.
func TestClusterIsTheSameOnOneCore(t *testing.T) {
	many := newTraining().cluster(clouds(1000), 5, "test")
	before := runtime.GOMAXPROCS(1)
	one := newTraining().cluster(clouds(1000), 5, "test")
	runtime.GOMAXPROCS(before)
	if diff := cmp.Diff(many.values, one.values); diff != "" {
		t.Errorf("centers depend on the cores (-many +one):\n%s", diff)
	}
}

func TestEigen(t *testing.T) {
	t.Parallel()
	// Rotated by 30 degrees from eigenvalues 5 and 2.
	sin, cos := math.Sincos(math.Pi / 6)
	m := mat.NewSymDense(2, []float64{5*cos*cos + 2*sin*sin, 3 * sin * cos, 3 * sin * cos, 5*sin*sin + 2*cos*cos})
	values, vectors := eigen(m, 1)
	axis := mat.Col(nil, 0, vectors)
	turnPositive(axis)
	for _, pair := range [][2]float64{{values[0], 5}, {axis[0], cos}, {axis[1], sin}} {
		if math.Abs(pair[0]-pair[1]) > 1e-9 {
			t.Errorf("eigenvalue %v with axis %v, want 5 with %v, %v", values[0], axis, cos, sin)
		}
	}
}

func TestTurnPositive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ in, want []float64 }{
		"LargestIsNegative": {[]float64{1, -3, 2}, []float64{-1, 3, -2}},
		"LargestIsPositive": {[]float64{-1, 3, 2}, []float64{-1, 3, 2}},
		"Zeros":             {[]float64{0, 0}, []float64{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			turnPositive(test.in)
			if diff := cmp.Diff(test.want, test.in); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithinCategories(t *testing.T) {
	t.Parallel()
	learned := pictures{
		{Photo: edits.Photo{Category: "a"}}, {Photo: edits.Photo{Category: "b"}}, {Photo: edits.Photo{Category: "a"}},
	}
	got := withinCategories(mat.NewDense(3, 2, []float64{1, 10, 7, 7, 3, 20}), learned)
	if diff := cmp.Diff([]float64{-1, -5, 0, 0, 1, 5}, got.RawMatrix().Data); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestProjectKeepsWhatEditsDoNotMove learns from features that differ along two
// axes as much, of which edits move one.
func TestProjectKeepsWhatEditsDoNotMove(t *testing.T) {
	t.Parallel()
	const count, size = 400, 300
	random := edits.Seeded(1, "project")
	originals := mat.NewDense(count, size, nil)
	moves := mat.NewDense(count, size, nil)
	learned := make(pictures, count)
	axes := mat.NewDense(size, size, nil)
	for n := range size {
		axes.Set(n, n, 1)
	}
	for n := range count {
		learned[n] = &picture{}
		for k := range size {
			originals.Set(n, k, random.NormFloat64())
		}
		for k := 1; k < size; k += 2 {
			moves.Set(n, k, 3*random.NormFloat64())
		}
	}
	tr := newTraining()
	tr.beta = 0
	w, b := tr.project(originals, learned, &space{mean: make([]float64, size), axes: axes}, moves)
	var steady, moved float64
	for row := range size {
		for _, v := range w[row*descriptor.HalfSize : (row+1)*descriptor.HalfSize] {
			if row%2 == 0 {
				steady += v * v
			} else {
				moved += v * v
			}
		}
	}
	if steady < 10*moved {
		t.Errorf("steady features weigh %.3g, moved ones %.3g; want at least ten times as much", steady, moved)
	}
	for n, v := range b {
		if v != 0 {
			t.Fatalf("bias %d is %v though the mean is zero", n, v)
		}
	}
}
