package main

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"imagebatch/activities/imaging/descriptor"
)

const (
	// reducedSize is the number of principal axes that are looked at more closely.
	reducedSize = 768
	// floor is how much of the mean eigenvalue every direction counts as moved.
	floor = 0.1
)

// space is the reduced space: principal axes about a mean.
type space struct {
	mean []float64  // of the features
	axes *mat.Dense // a column each
}

// reduce finds the principal axes of features.
func (t *training) reduce(originals *mat.Dense) *space {
	count, size := originals.Dims()
	s := &space{mean: make([]float64, size)}
	for n := range count {
		for k, v := range originals.RawRowView(n) {
			s.mean[k] += v / float64(count)
		}
	}
	covariance := gram(s.center(originals))
	values, axes := eigen(covariance, reducedSize)
	s.axes = axes
	var kept float64
	for _, v := range values {
		kept += v
	}
	t.say("principal axes: %d keep %.1f %% of the variance", reducedSize, 100*kept/mat.Trace(covariance))
	return s
}

func (s *space) center(rows *mat.Dense) *mat.Dense {
	out := mat.DenseCopyOf(rows)
	count, _ := out.Dims()
	for n := range count {
		for k, row := 0, out.RawRowView(n); k < len(row); k++ {
			row[k] -= s.mean[k]
		}
	}
	return out
}

// project learns the projection, W row by row and b: whitened by how edits move
// features, and how pictures of one category differ.
func (t *training) project(originals *mat.Dense, learned pictures, s *space, moves *mat.Dense) (w, b []float64) {
	var reduced mat.Dense
	reduced.Mul(s.center(originals), s.axes)

	moved := gram(moves)
	if t.beta > 0 && learned.categories() > 1 {
		within := gram(withinCategories(&reduced, learned))
		within.ScaleSym(t.beta, within)
		moved.AddSym(moved, within)
	}
	size := moved.SymmetricDim()
	mean := mat.Trace(moved) / float64(size)
	for n := range size {
		moved.SetSym(n, n, moved.At(n, n)+floor*mean)
	}
	values, vectors := eigen(moved, size)
	t.say("moves: eigenvalues %.3g to %.3g, mean %.3g", values[0], values[size-1], mean)

	// Q = C^(-1/2), as the eigenvectors scaled on one side.
	var scaled, whiten mat.Dense
	scaled.Apply(func(_, column int, v float64) float64 { return v / math.Sqrt(values[column]) }, vectors)
	whiten.Mul(&scaled, vectors.T())

	var whitened mat.Dense
	whitened.Mul(&reduced, &whiten)
	values, vectors = eigen(gram(&whitened), descriptor.HalfSize)
	t.say("kept: eigenvalues %.3g to %.3g", values[0], values[descriptor.HalfSize-1])

	var inner, projection mat.Dense
	inner.Mul(&whiten, vectors)
	projection.Mul(s.axes, &inner)
	turnColumns(&projection)
	b = make([]float64, descriptor.HalfSize)
	for row, v := range s.mean {
		for column, weight := range projection.RawRowView(row) {
			b[column] += v * weight
		}
	}
	return projection.RawMatrix().Data, b
}

// withinCategories are the rows less the mean of their category.
func withinCategories(rows *mat.Dense, learned pictures) *mat.Dense {
	_, size := rows.Dims()
	sums, counts := map[string][]float64{}, map[string]float64{}
	for n, picture := range learned {
		if sums[picture.Category] == nil {
			sums[picture.Category] = make([]float64, size)
		}
		for k, v := range rows.RawRowView(n) {
			sums[picture.Category][k] += v
		}
		counts[picture.Category]++
	}
	out := mat.DenseCopyOf(rows)
	for n, picture := range learned {
		row := out.RawRowView(n)
		for k, sum := range sums[picture.Category] {
			row[k] -= sum / counts[picture.Category]
		}
	}
	return out
}

// gram is the mean of the products of the columns of a matrix.
func gram(rows *mat.Dense) *mat.SymDense {
	count, size := rows.Dims()
	var product mat.Dense
	product.Mul(rows.T(), rows)
	product.Scale(1/float64(count), &product)
	return mat.NewSymDense(size, product.RawMatrix().Data)
}

// eigen are the largest eigenvalues and their vectors, one a column.
func eigen(of *mat.SymDense, count int) ([]float64, *mat.Dense) {
	var solved mat.EigenSym
	if !solved.Factorize(of, true) {
		panic("eigenvalues did not converge, which those of a finite symmetric matrix do")
	}
	ascending := solved.Values(nil)
	var vectors mat.Dense
	solved.VectorsTo(&vectors)
	size := len(ascending)
	values, largest := make([]float64, count), mat.NewDense(size, count, nil)
	for n := range count {
		values[n] = ascending[size-1-n]
		largest.SetCol(n, mat.Col(nil, size-1-n, &vectors))
	}
	return values, largest
}

// turnColumns fixes the signs of columns.
func turnColumns(m *mat.Dense) {
	_, count := m.Dims()
	for n := range count {
		column := mat.Col(nil, n, m)
		turnPositive(column)
		m.SetCol(n, column)
	}
}

// turnPositive makes the entry that is largest in size positive, because the
// sign of an eigenvector is anyone's choice.
func turnPositive(v []float64) {
	largest := 0.0
	for _, x := range v {
		if math.Abs(x) > math.Abs(largest) {
			largest = x
		}
	}
	if largest >= 0 {
		return
	}
	for n := range v {
		v[n] = -v[n]
	}
}
