package descriptor_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"imagebatch/activities/imaging/descriptor"
)

// Where the blocks are, as the package comment lists them.
var blocks = []struct {
	name         string
	from, to     int
	squareLength float64
	flat         float64 // of a picture of one color
}{
	{"S", 0, 2048, 2.0 / 6, 2.0 / 6},
	{"H", 2048, 2560, 2.0 / 6, 0},
	{"T", 2560, 2752, 1.0 / 6, 0},
	{"C", 2752, 3264, 1.0 / 6, 1.0 / 6},
}

func squareLength(v []float32) (sum float64) {
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return sum
}

func TestBlocksHaveTheirWeights(t *testing.T) {
	t.Parallel()
	table := descriptor.Embedded()
	random := rand.New(rand.NewPCG(1, 1))
	for _, test := range []struct {
		name      string
		thumbnail *descriptor.Thumbnail
		flat      bool
	}{
		{"Drawn", draw(random), false},
		{"Noise", noise(random), false},
		{"White", flat(255, 255, 255), true},
		{"Brown", flat(101, 67, 33), true},
	} {
		x := descriptor.Blocks(test.thumbnail, &table.Codebooks)
		for _, block := range blocks {
			want := block.squareLength
			if test.flat {
				want = block.flat
			}
			if got := squareLength(x[block.from:block.to]); !(math.Abs(got-want) < 1e-5) {
				t.Errorf("%s: block %s has length² %v, want %v", test.name, block.name, got, want)
			}
		}
	}
}

// TestEdgesOfEachDirection draws an edge for each of the four directions of an
// axis and looks for it in the bin that the package promises.
func TestEdgesOfEachDirection(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bright func(x, y int) bool
		bin    int
	}{
		"BrightToTheRight": {func(x, _ int) bool { return x >= 30 }, 0},
		"BrightBelow":      {func(_, y int) bool { return y >= 30 }, 2},
		"BrightToTheLeft":  {func(x, _ int) bool { return x < 30 }, 4},
		"BrightAbove":      {func(_, y int) bool { return y < 30 }, 6},
		"BrightBelowRight": {func(x, y int) bool { return x+y >= 60 }, 1},
		"BrightBelowLeft":  {func(x, y int) bool { return x-y < 0 }, 3},
		"BrightAboveLeft":  {func(x, y int) bool { return x+y < 60 }, 5},
		"BrightAboveRight": {func(x, y int) bool { return x-y >= 0 }, 7},
	} {
		thumbnail := new(descriptor.Thumbnail)
		for n := range descriptor.Side * descriptor.Side {
			if test.bright(n%descriptor.Side, n/descriptor.Side) {
				thumbnail[3*n], thumbnail[3*n+1], thumbnail[3*n+2] = 200, 200, 200
			}
		}
		var bins [8]float64
		for _, patch := range descriptor.ShapePatches(thumbnail) {
			for k, v := range patch {
				bins[k%8] += float64(v)
			}
		}
		for bin, v := range bins {
			if bin == test.bin && v < 10 || bin != test.bin && v > bins[test.bin]/20 {
				t.Errorf("%s: bin %d has %.1f, bin %d %.1f", name, bin, v, test.bin, bins[test.bin])
			}
		}
	}
}

func TestShapePatches(t *testing.T) {
	t.Parallel()
	patches := descriptor.ShapePatches(noise(rand.New(rand.NewPCG(2, 2))))
	if len(patches) != 194 {
		t.Errorf("%d patches, want 194", len(patches))
	}
	for n, patch := range patches { // their squares are shares of the patch's energy
		if sum := squareLength(patch[:]); sum < 0.9 || sum >= 1 {
			t.Errorf("patch %d of noise has length² %v, want nearly 1", n, sum)
		}
	}
	for _, patch := range descriptor.ShapePatches(flat(9, 90, 200)) {
		if patch != [32]float32{} {
			t.Fatalf("patch of one color is %v", patch)
		}
	}
}

func TestColorPatches(t *testing.T) {
	t.Parallel()
	patches := descriptor.ColorPatches(flat(255, 0, 0))
	if len(patches) != 225 {
		t.Errorf("%d patches, want 225", len(patches))
	}
	red := [6]float64{53.24 / 50, 80.09 / 50, 67.20 / 50, 0, 0, 0}
	for _, patch := range patches {
		for n, v := range patch {
			if math.Abs(float64(v)-red[n%6]) > 0.01 {
				t.Fatalf("component %d of red is %v, want %v", n, v, red[n%6])
			}
		}
	}
	// Stripes of black and white, two pixels wide: L* is 0 or 100.
	for _, patch := range descriptor.ColorPatches(stripes(2)) {
		if math.Abs(float64(patch[0])-1) > 0.01 || math.Abs(float64(patch[3])-1) > 0.01 {
			t.Fatalf("stripes have mean L* %v and deviation %v, want 50 and 50", 50*patch[0], 50*patch[3])
		}
	}
}

func TestAShiftedPictureKeepsWhatHasNoPlace(t *testing.T) {
	t.Parallel()
	table := descriptor.Embedded()
	base := draw(rand.New(rand.NewPCG(8, 8)))
	moved := new(descriptor.Thumbnail)
	for n := range moved { // eight pixels to the right, around the edge
		moved[n] = base[n/192*192+(n%192+192-24)%192]
	}
	a, b := descriptor.Blocks(base, &table.Codebooks), descriptor.Blocks(moved, &table.Codebooks)
	cosine := func(from, to int) (sum float64) {
		for n := from; n < to; n++ {
			sum += float64(a[n]) * float64(b[n])
		}
		return sum / math.Sqrt(squareLength(a[from:to])*squareLength(b[from:to]))
	}
	h, c := cosine(2048, 2560), cosine(2752, 3264)
	if c < h+0.2 {
		t.Errorf("cosines after a shift: C %.2f, H %.2f; C has no place and should hardly move", c, h)
	}
}
