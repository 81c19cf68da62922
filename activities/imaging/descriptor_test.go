package imaging_test

import (
	"bytes"
	"math"
	"testing"

	"imagebatch/activities/imaging"
)

// paint is a thumbnail by a function of the pixel.
func paint(color func(x, y int) [3]byte) []byte {
	out := make([]byte, 0, 64*64*3)
	for y := range 64 {
		for x := range 64 {
			c := color(x, y)
			out = append(out, c[:]...)
		}
	}
	return out
}

func grey(v byte) [3]byte { return [3]byte{v, v, v} }

func TestOneColorIsZero(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]byte{{}, {255, 255, 255}, {200, 30, 77}} {
		got := imaging.Describe(paint(func(int, int) [3]byte { return c }))
		if len(got) != imaging.Dimensions || !bytes.Equal(got, make([]byte, imaging.Dimensions)) {
			t.Errorf("the vector of the color %v is not all zeros", c)
		}
	}
}

func TestNoiseIsNotBlownUp(t *testing.T) {
	t.Parallel()
	got := imaging.Describe(paint(func(x, y int) [3]byte { return grey(100 + byte((x*7+y*13)%2)) }))
	for n, v := range got[512:] {
		if int8(v) > 12 || int8(v) < -12 {
			t.Fatalf("color component %d of a nearly even picture is %d", n, int8(v))
		}
	}
}

// TestEdgeDirections draws one edge in each direction: k·45°, x right, y down,
// from dark to bright.
func TestEdgeDirections(t *testing.T) {
	t.Parallel()
	for k := range 8 {
		dx, dy := math.Cos(float64(k)*math.Pi/4), math.Sin(float64(k)*math.Pi/4)
		got := imaging.Describe(paint(func(x, y int) [3]byte {
			if (float64(x)-31.5)*dx+(float64(y)-31.5)*dy > 0 {
				return grey(220)
			}
			return grey(40)
		}))
		var sums [8]float64
		for n, v := range got[:512] {
			sums[n%8] += float64(int8(v))
		}
		for other := range sums {
			if other != k && sums[other] >= sums[k] {
				t.Errorf("an edge towards %d° counts %v towards %d° and %v towards %d°", k*45, sums[k], k*45, sums[other], other*45)
			}
		}
	}
}

func TestColorsCompareByLayout(t *testing.T) {
	t.Parallel()
	sky := imaging.Describe(paint(func(x, y int) [3]byte { return [3]byte{byte(y * 2), byte(y * 2), 200} }))
	darker := imaging.Describe(paint(func(x, y int) [3]byte { return [3]byte{byte(y * 9 / 5), byte(y * 9 / 5), 180} }))
	turned := imaging.Describe(paint(func(x, y int) [3]byte { return [3]byte{byte(126 - y*2), byte(126 - y*2), 200} }))
	if same, other := cosine(sky[512:], darker[512:]), cosine(sky[512:], turned[512:]); same < 0.95 || other > 0 {
		t.Errorf("a darker copy is at %.2f and an upturned one at %.2f", same, other)
	}
}

func TestLab(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rgb  [3]byte
		want [3]float64
	}{
		"Black": {rgb: [3]byte{0, 0, 0}},
		"White": {rgb: [3]byte{255, 255, 255}, want: [3]float64{100, 0, 0}},
		"Grey":  {rgb: [3]byte{119, 119, 119}, want: [3]float64{50.03, 0, 0}},
		"Dark":  {rgb: [3]byte{10, 10, 10}, want: [3]float64{2.74, 0, 0}},
		"Red":   {rgb: [3]byte{255, 0, 0}, want: [3]float64{53.24, 80.09, 67.20}},
		"Green": {rgb: [3]byte{0, 255, 0}, want: [3]float64{87.73, -86.18, 83.18}},
		"Blue":  {rgb: [3]byte{0, 0, 255}, want: [3]float64{32.30, 79.19, -107.86}},
	} {
		l, a, b := imaging.Lab(test.rgb[0], test.rgb[1], test.rgb[2])
		for n, got := range []float32{l, a, b} {
			if math.Abs(float64(got)-test.want[n]) > 0.15 {
				t.Errorf("%s: L*a*b* %.2f %.2f %.2f, want %v", name, l, a, b, test.want)
				break
			}
		}
	}
}
