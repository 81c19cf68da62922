package main

import (
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"testing"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/imaging/descriptor"
	"imagebatch/testsuite/edits"
)

// draw is a picture with blots of many sizes and colors.
func draw(width, height int, seed uint64) *image.RGBA {
	random := edits.Seeded(seed, "blots")
	small := image.NewRGBA(image.Rect(0, 0, 24, 24))
	for n := range small.Pix {
		small.Pix[n] = uint8(random.IntN(256))
		if n%4 == 3 {
			small.Pix[n] = 255
		}
	}
	return edits.Resize(small, width, height)
}

func writePhoto(t *testing.T, path string, picture *image.RGBA) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, edits.Encode(picture, 92), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestLearnsFromWhatTheProductSees holds the thumbnails that are learned from
// against the views that the product makes of the same files: it decodes at a
// fraction of the size and shrinks by code of its own.
func TestLearnsFromWhatTheProductSees(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for n, size := range []image.Point{{400, 534}, {1200, 900}, {150, 130}} {
		writePhoto(t, filepath.Join(dir, "hat", string(rune('a'+n))+".jpg"), draw(size.X, size.Y, uint64(n)))
	}
	all, err := load(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	imager, err := imaging.New(imaging.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, picture := range all {
		content, err := os.ReadFile(picture.Path)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := imager.Open(t.Context(), content)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		feature, err := opened.Featurize(t.Context(), activities.View{})
		if err != nil {
			t.Fatal(err)
		}
		var view [descriptor.HalfSize]int8
		descriptor.Embedded().View(&picture.thumbnail, &view)
		var product, own, other float64
		for n, v := range view {
			u := float64(int8(feature.Vector[n]))
			product += float64(v) * u
			own += float64(v) * float64(v)
			other += u * u
		}
		if cosine := product / math.Sqrt(own*other); cosine < 0.98 {
			t.Errorf("%s: what is learned from and what is stored are %.4f alike, want at least 0.98", picture.File, cosine)
		}
	}
}

func TestDividedAndSome(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for n := range 20 {
		writePhoto(t, filepath.Join(dir, string(rune('a'+n%3)), fmt.Sprint(n, ".jpg")), draw(30, 40, uint64(n)))
	}
	all, err := load(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	learned, heldOut := all.divided()
	if len(learned)+len(heldOut) != 20 || len(heldOut) == 0 {
		t.Fatalf("%d to learn from and %d held out, want 20 in all and some of both", len(learned), len(heldOut))
	}
	for _, picture := range learned {
		if edits.HeldOut(picture.File) {
			t.Errorf("%s is learned from though it is held out", picture.File)
		}
	}
	if all.categories() != 3 {
		t.Errorf("%d categories, want 3", all.categories())
	}
	first, again := all.some(5, 1, "test"), all.some(5, 1, "test")
	seen := map[*picture]bool{}
	for n, picture := range first {
		if picture != again[n] {
			t.Error("the same seed chose other pictures")
		}
		seen[picture] = true
	}
	if len(seen) != 5 || len(all.some(50, 1, "test")) != 20 {
		t.Errorf("chose %d pictures of 5, and %d of all", len(seen), len(all.some(50, 1, "test")))
	}
}
