package edits_test

import (
	"bytes"
	"image"
	"testing"

	"imagebatch/testsuite/edits"
)

func TestRandomEditsRepeatAndVary(t *testing.T) {
	t.Parallel()
	in, other := ramp(60, 80), flat(30, 30, red)
	draw := func(seed uint64) *image.RGBA {
		return edits.Random(in, func() *image.RGBA { return other }, edits.Seeded(seed, "hat/1.jpg"))
	}
	unchanged, distinct := 0, map[string]bool{}
	const count = 96
	for seed := range uint64(count) {
		got := draw(seed)
		if !got.Opaque() || got.Rect.Min != (image.Point{}) || got.Rect.Dx() < 30 || got.Rect.Dx() > 120 {
			t.Errorf("seed %d: bounds %v, opaque %t", seed, got.Rect, got.Opaque())
		}
		if seed < 24 && !bytes.Equal(got.Pix, draw(seed).Pix) {
			t.Errorf("seed %d gave two different pictures", seed)
		}
		if bytes.Equal(got.Pix, in.Pix) {
			unchanged++
		}
		distinct[string(got.Pix)] = true
	}
	if !bytes.Equal(in.Pix, ramp(60, 80).Pix) {
		t.Error("the input has changed")
	}
	// Only the mirror is the same each time, and what turns by next to nothing.
	if unchanged > 1 || len(distinct) < count*8/10 {
		t.Errorf("%d of %d edits changed nothing, %d results", unchanged, count, len(distinct))
	}
}

func TestRandomAsksForAnotherPictureOnlyToPaste(t *testing.T) {
	t.Parallel()
	asked := 0
	const count = 160
	for seed := range uint64(count) {
		edits.Random(ramp(20, 20), func() *image.RGBA { asked++; return flat(9, 9, red) }, edits.Seeded(seed))
	}
	if asked < count/16 || asked > count/4 {
		t.Errorf("another picture was asked for %d times of %d, want about one in eight", asked, count)
	}
}
