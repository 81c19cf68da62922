package imaging_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"imagebatch/activities/imaging"
)

func TestResampleOfTheSameSize(t *testing.T) {
	t.Parallel()
	rgb := flat(drawScene(64, 64, 1))
	if !bytes.Equal(rgb, imaging.Shrink(rgb, 64, 64, 0, 0, 64, 64)) {
		t.Error("64×64 pixels became others")
	}
}

// TestResampleAverages compares with the definition: the mean of the area.
func TestResampleAverages(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{200, 267}, {64, 640}, {129, 65}, {10, 7}, {1, 1}, {1000, 3}} {
		width, height := size[0], size[1]
		rgb := make([]byte, 3*width*height)
		for n := range rgb {
			rgb[n] = byte(random.IntN(256))
		}
		for range 3 {
			left, top := random.IntN(width), random.IntN(height)
			right, bottom := left+1+random.IntN(width-left), top+1+random.IntN(height-top)
			got := imaging.Shrink(rgb, width, height, left, top, right, bottom)
			for _, at := range [][2]int{{0, 0}, {63, 63}, {31, 17}, {5, 60}} {
				x, y := at[0], at[1]
				want := mean(rgb, width, left, top, right, bottom, x, y)
				if value := float64(got[3*(64*y+x)]); math.Abs(value-want) > 2.5 {
					t.Errorf("%d×%d, part %d,%d–%d,%d: pixel %d,%d is %v, want %.1f", width, height, left, top, right, bottom, x, y, value, want)
				}
			}
		}
	}
}

// mean is the red of one pixel of the thumbnail, in floating point.
func mean(rgb []byte, width, left, top, right, bottom, x, y int) float64 {
	w, h := float64(right-left)/64, float64(bottom-top)/64
	x0, y0 := float64(left)+w*float64(x), float64(top)+h*float64(y)
	var sum, area float64
	for v := int(y0); v < bottom && float64(v) < y0+h; v++ {
		for u := int(x0); u < right && float64(u) < x0+w; u++ {
			part := (math.Min(x0+w, float64(u+1)) - math.Max(x0, float64(u))) * (math.Min(y0+h, float64(v+1)) - math.Max(y0, float64(v)))
			sum += part * float64(rgb[3*(v*width+u)])
			area += part
		}
	}
	return sum / area
}

func TestResampleOfOneColorIsThatColor(t *testing.T) {
	t.Parallel()
	rgb := bytes.Repeat([]byte{255, 254, 1}, 333*97)
	if got := imaging.Shrink(rgb, 333, 97, 3, 5, 320, 90); !bytes.Equal(got, bytes.Repeat([]byte{255, 254, 1}, 64*64)) {
		t.Error("the average of equal pixels is another pixel")
	}
}
