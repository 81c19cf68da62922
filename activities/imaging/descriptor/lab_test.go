package descriptor_test

import (
	"math"
	"testing"
)

// TestLab compares with values of CIE's formula for sRGB under D65.
func TestLab(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rgb  [3]byte
		want [3]float64
	}{
		"Black": {[3]byte{0, 0, 0}, [3]float64{0, 0, 0}},
		"White": {[3]byte{255, 255, 255}, [3]float64{100, 0, 0}},
		"Grey":  {[3]byte{119, 119, 119}, [3]float64{50.03, 0, 0}},
		"Red":   {[3]byte{255, 0, 0}, [3]float64{53.24, 80.09, 67.20}},
		"Green": {[3]byte{0, 255, 0}, [3]float64{87.73, -86.18, 83.18}},
		"Blue":  {[3]byte{0, 0, 255}, [3]float64{32.30, 79.19, -107.86}},
		"Dark":  {[3]byte{3, 3, 3}, [3]float64{0.82, 0, 0}},
	} {
		lab := flat(test.rgb[0], test.rgb[1], test.rgb[2]).Lab()
		for channel, want := range test.want {
			if got := lab[channel][77]; math.Abs(float64(got)-want) > 0.1 {
				t.Errorf("%s: channel %d is %v, want %v", name, channel, got, want)
			}
		}
	}
}
