package descriptor_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"imagebatch/activities/imaging/descriptor"
)

// thumbnails are of every kind that there is.
func thumbnails() map[string]*descriptor.Thumbnail {
	random := rand.New(rand.NewPCG(1, 2))
	all := map[string]*descriptor.Thumbnail{
		"Black": flat(0, 0, 0), "White": flat(255, 255, 255), "Red": flat(255, 0, 0), "Blue": flat(3, 5, 250),
		"ThinStripes": stripes(1), "Stripes": stripes(2), "WideStripes": stripes(16),
	}
	for n := range 4 {
		all[fmt.Sprint("Noise", n)] = noise(random)
	}
	for n := range 40 {
		all[fmt.Sprint("Drawn", n)] = draw(random)
	}
	return all
}

// TestKernelAgreesWithTheReference allows for one step of rounding in a
// component: the order in which squares are added differs.
func TestKernelAgreesWithTheReference(t *testing.T) {
	t.Parallel()
	table := descriptor.Embedded()
	for name, thumbnail := range thumbnails() {
		view := table.ViewReference(thumbnail)
		want := descriptor.Round(&view)
		var got [descriptor.HalfSize]int8
		table.View(thumbnail, &got)
		var product, square, wanted, length float64
		for n, v := range got {
			if d := int(v) - int(want[n]); d < -1 || d > 1 {
				t.Errorf("%s: component %d is %d, want %d", name, n, v, want[n])
			}
			product += float64(v) * float64(want[n])
			square += float64(v) * float64(v)
			wanted += float64(want[n]) * float64(want[n])
			length += float64(view[n]) * float64(view[n])
		}
		if cosine := product / math.Sqrt(square*wanted); !(cosine >= 0.9999) {
			t.Errorf("%s: cosine to the reference is %v", name, cosine)
		}
		if math.Abs(length-1) > 1e-5 {
			t.Errorf("%s: the reference has length² %v", name, length)
		}
	}
}

func TestWideRegistersChangeNothing(t *testing.T) {
	t.Parallel()
	wide, plain := descriptor.NewDescriber(descriptor.Embedded()), descriptor.NewDescriber(descriptor.Embedded())
	plain.Plain()
	for name, thumbnail := range thumbnails() {
		var want, got [descriptor.HalfSize]int8
		plain.View(thumbnail, &want)
		wide.View(thumbnail, &got)
		if got != want {
			t.Errorf("%s: the view depends on the processor", name)
		}
	}
}

func TestLabOfAViewIsThatOfTheThumbnail(t *testing.T) {
	t.Parallel()
	d := descriptor.NewDescriber(descriptor.Embedded())
	for name, thumbnail := range thumbnails() {
		var view [descriptor.HalfSize]int8
		d.View(thumbnail, &view)
		if *d.Lab() != *thumbnail.Lab() {
			t.Errorf("%s: L*a*b* of the kernel differs", name)
		}
	}
}

func TestViewsAtTheSameTimeAreTheSame(t *testing.T) {
	t.Parallel()
	thumbnail := draw(rand.New(rand.NewPCG(3, 4)))
	var want [descriptor.HalfSize]int8
	descriptor.Embedded().View(thumbnail, &want)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				var got [descriptor.HalfSize]int8
				if descriptor.Embedded().View(thumbnail, &got); got != want {
					t.Error("a view differs from the same view alone")
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkView(b *testing.B) {
	thumbnail := draw(rand.New(rand.NewPCG(5, 6)))
	for _, way := range []struct {
		name string
		set  func(*descriptor.Describer)
	}{{"Wide", func(*descriptor.Describer) {}}, {"Plain", (*descriptor.Describer).Plain}} {
		b.Run(way.name, func(b *testing.B) {
			d := descriptor.NewDescriber(descriptor.Embedded())
			way.set(d)
			var out [descriptor.HalfSize]int8
			for b.Loop() {
				d.View(thumbnail, &out)
			}
		})
	}
}

func BenchmarkViewReference(b *testing.B) {
	thumbnail := draw(rand.New(rand.NewPCG(5, 6)))
	for b.Loop() {
		descriptor.Embedded().ViewReference(thumbnail)
	}
}
