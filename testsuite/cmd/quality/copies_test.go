package main

import (
	"image"
	"math"
	"testing"

	"imagebatch/testsuite/edits"
)

func TestPlaceCountsTiesAgainst(t *testing.T) {
	t.Parallel()
	hits := []hit{{"background", 0.99}, {"a", 0.9}, {"own", 0.8}, {"z", 0.8}, {"y", 0.7}}
	for name, test := range map[string]struct {
		file, skip string
		want       int
	}{
		"BehindBetterAndEqual": {"own", "", 4},
		"BackgroundIsPassed":   {"own", "background", 3},
		"First":                {"background", "", 1},
		"NotAmongThem":         {"absent", "", searchDepth + 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := place(hits, test.file, test.skip); got != test.want {
				t.Errorf("place is %d, want %d", got, test.want)
			}
		})
	}
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		a, b image.Rectangle
		want float64
	}{
		"Equal":    {image.Rect(1, 1, 5, 5), image.Rect(1, 1, 5, 5), 1},
		"Apart":    {image.Rect(0, 0, 2, 2), image.Rect(2, 0, 4, 2), 0},
		"Half":     {image.Rect(0, 0, 4, 2), image.Rect(0, 0, 2, 2), 0.5},
		"Crossing": {image.Rect(0, 0, 4, 4), image.Rect(2, 2, 6, 6), 4.0 / 28},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := overlap(test.a, test.b); math.Abs(got-test.want) > 1e-12 {
				t.Errorf("overlap is %v, want %v", got, test.want)
			}
		})
	}
}

// TestBaselinesKnowWhatTheyShould: each has edits that it must not mind, and
// something that it must.
func TestBaselinesKnowWhatTheyShould(t *testing.T) {
	t.Parallel()
	// Blots of many sizes; shift moves them to the side, all around.
	draw := func(bright, shift int) *image.RGBA {
		random := edits.Seeded(1, "blots")
		small := image.NewRGBA(image.Rect(0, 0, 12, 12))
		for n := range 144 {
			y, x := n/12, (n+shift)%12
			v := 40 + random.IntN(160) + bright
			copy(small.Pix[small.Stride*y+4*x:], []uint8{uint8(v), uint8(v / 2), uint8(255 - v), 255})
		}
		return edits.Resize(small, 96, 96)
	}
	base, brighter, shifted := describeSimply(draw(0, 0)), describeSimply(draw(8, 0)), describeSimply(draw(0, 6))
	toBrighter, toShifted := base.distances(&brighter), base.distances(&shifted)
	if self := base.distances(&base); self[0] != 0 || self[1] != 0 || math.Abs(self[2]+1) > 1e-5 {
		t.Errorf("distances to itself are %v, want 0, 0, -1", self)
	}
	for n := range 2 {
		if toBrighter[n] > 4 || toShifted[n] < 12 {
			t.Errorf("%s: a brighter picture is %v away, a shifted one %v", baselineNames[n], toBrighter[n], toShifted[n])
		}
	}
	if toShifted[2] > -0.95 || toBrighter[2] < toShifted[2] {
		t.Errorf("histogram: a shifted picture is %v away, a brighter one %v", toShifted[2], toBrighter[2])
	}
}
