package subject_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/activities/imaging/descriptor"
	"imagebatch/activities/imaging/subject"
)

// TestProductsAreFound draws products of known boxes; the share of a box and the
// true one that is in both, in all of what is in either, is 1 at best.
func TestProductsAreFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		background func(*rand.Rand) surface
		mean       float64
		reason     string
	}{
		"PlainWithShading": {shaded, 0.85, "photos of a studio"},
		"Tiled":            {tiled, 0.75, "photos on fabric or wood"},
	} {
		random := rand.New(rand.NewPCG(1, 2))
		const pictures = 30
		var sum float64
		for range pictures {
			p := drawProduct(anyBox(random), random)
			got, found := find(paint(p.on(test.background(random)), random))
			if !found {
				got.Box = subject.Whole
			}
			sum += overlap(got.Box, p.box)
		}
		if mean := sum / pictures; mean < test.mean {
			t.Errorf("%s: mean overlap %.3f, want %.2f: %s", name, mean, test.mean, test.reason)
		} else {
			t.Logf("%s: mean overlap %.3f", name, mean)
		}
	}
}

func find(lab *descriptor.LabMap) (subject.Subject, bool) { return new(subject.Finder).Find(lab) }

func TestNothingToFind(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]surface{
		"White":   func(float64, float64) color { return color{252, 252, 252} },
		"Brown":   func(float64, float64) color { return color{101, 67, 33} },
		"Shading": func(x, _ float64) color { return color{200, 190, 180}.times(1 - .5*x) },
	} {
		got, found := find(paint(of, rand.New(rand.NewPCG(3, 4))))
		if found || !(got.Confidence < 0.3) {
			t.Errorf("%s: found %v with confidence %.2f", name, got.Box, got.Confidence)
		}
	}
	var black descriptor.Thumbnail
	got, found := find(black.Lab())
	if diff := cmp.Diff(subject.Subject{}, got); diff != "" || found {
		t.Errorf("Black: found %v (-want +got)\n%s", found, diff)
	}
}

func TestConfidenceIsHigherWhenTheProductIsClear(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	p := drawProduct(subject.Box{Left: .2, Top: .2, Right: .8, Bottom: .8}, random)
	p.color = func(float64, float64) color { return color{180, 20, 30} }
	clear, found := find(paint(p.on(shaded(random)), random))
	busy, _ := find(paint(p.on(func(x, y float64) color {
		return color{128 + 127*math.Sin(37*x+11*y), 128 + 127*math.Sin(23*y-9*x), 128 + 127*math.Sin(31*x*y)}
	}), random))
	if !found || clear.Confidence < busy.Confidence+0.2 {
		t.Errorf("confidence %.2f on a plain background and %.2f on a busy one", clear.Confidence, busy.Confidence)
	}
}

func TestPartsAreBoxesOfTheirOwn(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 8))
	large := subject.Box{Left: .1, Top: .2, Right: .5, Bottom: .8}
	small := subject.Box{Left: .62, Top: .3, Right: .9, Bottom: .7}
	speck := subject.Box{Left: .7, Top: .85, Right: .76, Bottom: .91}
	picture := shaded(random)
	for _, box := range []subject.Box{large, small, speck} {
		picture = product{
			box:    box,
			inside: func(x, y float64) bool { return x > box.Left && x < box.Right && y > box.Top && y < box.Bottom },
			color:  func(float64, float64) color { return color{30, 60, 150} },
		}.on(picture)
	}
	got, found := find(paint(picture, random))
	if len(got.Parts) != 2 || overlap(got.Parts[0], large) < .85 || overlap(got.Parts[1], small) < .8 {
		t.Errorf("parts %.2f, want %.2f and %.2f", got.Parts, large, small)
	}
	around := subject.Box{Left: large.Left, Top: large.Top, Right: small.Right, Bottom: large.Bottom}
	if !found || overlap(got.Box, around) < .85 {
		t.Errorf("subject %.2f, want %.2f", got.Box, around)
	}
}

// TestAProductMayTouchOneSide is why the farthest of the four sides is left out.
func TestAProductMayTouchOneSide(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(9, 10))
	want := subject.Box{Left: .2, Top: .25, Right: .8, Bottom: 1}
	p := product{
		inside: func(x, y float64) bool { return x > want.Left && x < want.Right && y > want.Top },
		color:  func(float64, float64) color { return color{20, 90, 60} },
	}
	got, found := find(paint(p.on(shaded(random)), random))
	if !found || overlap(got.Box, want) < .8 {
		t.Errorf("found %v %.2f, want %.2f", found, got.Box, want)
	}
}

func TestAProductMayTouchTheRightSide(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(15, 16))
	want := subject.Box{Left: .3, Top: .2, Right: 1, Bottom: .8}
	p := product{
		inside: func(x, y float64) bool { return x > want.Left && y > want.Top && y < want.Bottom },
		color:  func(float64, float64) color { return color{20, 90, 60} },
	}
	if got, found := find(paint(p.on(shaded(random)), random)); !found || len(got.Parts) != 1 || overlap(got.Parts[0], want) < .8 {
		t.Errorf("found %v, parts %.2f, want %.2f alone", found, got.Parts, want)
	}
}

func TestAFinderHasNoMemoryOfPictures(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(11, 12))
	var finder subject.Finder
	for range 8 {
		lab := paint(drawProduct(anyBox(random), random).on(tiled(random)), random)
		got, gotFound := finder.Find(lab)
		want, wantFound := find(lab)
		if diff := cmp.Diff(want, got); diff != "" || gotFound != wantFound {
			t.Errorf("a used finder differs from a new one: -new +used\n%s", diff)
		}
	}
}

func TestWiden(t *testing.T) {
	t.Parallel()
	got := subject.Box{Left: .02, Top: .5, Right: .7, Bottom: .99}.Widen()
	if want := (subject.Box{Left: 0, Top: .46, Right: .74, Bottom: 1}); math.Abs(overlap(got, want)-1) > 1e-9 {
		t.Errorf("widened to %v, want %v", got, want)
	}
}

func BenchmarkFind(b *testing.B) {
	random := rand.New(rand.NewPCG(13, 14))
	lab := paint(drawProduct(anyBox(random), random).on(tiled(random)), random)
	var finder subject.Finder
	for b.Loop() {
		if _, found := finder.Find(lab); !found {
			b.Fatal("nothing found")
		}
	}
}
