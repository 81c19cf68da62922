package main

import (
	"gonum.org/v1/gonum/mat"

	"imagebatch/activities/imaging/descriptor"
	"imagebatch/testsuite/edits"
)

// The codebooks are learned from some patches of some photos.
const (
	patchPictures = 1000
	patchesEach   = 100
)

// learnCodebooks finds the patches that others are counted by.
func (t *training) learnCodebooks(learned pictures) (books descriptor.Codebooks) {
	from := learned.some(patchPictures, t.seed, "patches")

	shapes := sample(from, t.seed, descriptor.ShapePatches, func(p *[32]float32) []float32 { return p[:] })
	centers := t.cluster(shapes, len(books.Shapes), "shapes")
	for n := range books.Shapes {
		copy(books.Shapes[n][:], centers.row(n))
	}

	colors := sample(from, t.seed, descriptor.ColorPatches, func(p *[24]float32) []float32 { return p[:] })
	copy(books.ColorMean[:], colors.mean())
	axes := colors.principalAxes(books.ColorMean[:], len(books.ColorAxes))
	reduced := points{size: len(books.ColorAxes), values: make([]float32, 0, colors.count()*len(books.ColorAxes))}
	for n := range colors.count() {
		for _, axis := range axes {
			var sum float32
			for k, v := range colors.row(n) {
				sum += (v - books.ColorMean[k]) * axis[k]
			}
			reduced.values = append(reduced.values, sum)
		}
	}
	for n, axis := range axes {
		copy(books.ColorAxes[n][:], axis)
	}
	centers = t.cluster(reduced, len(books.Colors), "colors")
	for n := range books.Colors {
		copy(books.Colors[n][:], centers.row(n))
	}
	return books
}

// sample takes some patches of each picture, at random.
func sample[P any](from pictures, seed uint64, patches func(*descriptor.Thumbnail) []P, values func(*P) []float32) points {
	var out points
	for _, picture := range from {
		all := patches(&picture.thumbnail)
		for _, n := range edits.Seeded(seed, "patch", picture.File).Perm(len(all))[:patchesEach] {
			v := values(&all[n])
			out.size = len(v)
			out.values = append(out.values, v...)
		}
	}
	return out
}

// points are vectors of one size, one after another.
type points struct {
	size   int
	values []float32
}

func (p points) count() int          { return len(p.values) / p.size }
func (p points) row(n int) []float32 { return p.values[n*p.size : (n+1)*p.size] }

func (p points) mean() []float32 {
	sums := make([]float64, p.size)
	for n, v := range p.values {
		sums[n%p.size] += float64(v)
	}
	out := make([]float32, p.size)
	for n, sum := range sums {
		out[n] = float32(sum / float64(p.count()))
	}
	return out
}

// principalAxes are the directions in which the points vary most.
func (p points) principalAxes(mean []float32, count int) [][]float32 {
	covariance := mat.NewSymDense(p.size, nil)
	for n := range p.count() {
		row := p.row(n)
		for i := range row {
			for j := i; j < len(row); j++ {
				covariance.SetSym(i, j, covariance.At(i, j)+float64(row[i]-mean[i])*float64(row[j]-mean[j]))
			}
		}
	}
	_, vectors := eigen(covariance, count)
	out := make([][]float32, count)
	for n := range out {
		axis := mat.Col(nil, n, vectors)
		turnPositive(axis)
		for _, v := range axis {
			out[n] = append(out[n], float32(v))
		}
	}
	return out
}
