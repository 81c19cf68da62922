package catalogue_test

import (
	"bytes"
	"image"
	"image/draw"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"imagebatch/testsuite/catalogue"
)

// histogram counts the colours of a picture's middle, four steps a part.
type histogram [64]float64

func newHistogram(picture image.Image) (h histogram) {
	bounds := picture.Bounds()
	pixels := image.NewRGBA(bounds)
	draw.Draw(pixels, bounds, picture, bounds.Min, draw.Src)
	middle := bounds.Inset(min(bounds.Dx(), bounds.Dy()) / 4)
	share := 1 / float64(middle.Dx()*middle.Dy())
	for y := middle.Min.Y; y < middle.Max.Y; y++ {
		for x := middle.Min.X; x < middle.Max.X; x++ {
			c := pixels.RGBAAt(x, y)
			h[c.R>>6<<4|c.G>>6<<2|c.B>>6] += share
		}
	}
	return h
}

// alike is how much two histograms have in common, 0 to 1.
func (h histogram) alike(other histogram) (common float64) {
	for i := range h {
		common += min(h[i], other[i])
	}
	return common
}

// TestPicturesOfAProductAreAlike holds even for a descriptor as coarse as this
// one: a real one must do better.
func TestPicturesOfAProductAreAlike(t *testing.T) {
	t.Parallel()
	dir, plan, _ := drawn(t, catalogue.Options{Products: 22, Seed: 5})
	histograms := map[catalogue.Key]histogram{}
	for _, key := range plan.Keys {
		file, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(key.PicName)))
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(key.PicName) == ".ppm" {
			continue
		}
		picture, _, err := image.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("decode %s: %v", key.PicName, err)
		}
		histograms[key] = newHistogram(picture)
	}
	nearest := func(of catalogue.Key) (best catalogue.Key) {
		most := -1.0
		for key, h := range histograms {
			if common := histograms[of].alike(h); key != of && common > most {
				best, most = key, common
			}
		}
		return best
	}
	hits := 0
	for key := range histograms {
		if nearest(key).ProductID == key.ProductID {
			hits++
		}
	}
	share := float64(hits) / float64(len(histograms))
	t.Logf("%.0f%% of %d pictures are most alike to one of the same product", 100*share, len(histograms))
	if share < 0.75 {
		t.Errorf("share is %.2f; want at least 0.75", share)
	}
	if first := nearest(plan.Query.Picture); !slices.Contains(plan.Query.LookAlikes, first) {
		t.Errorf("most alike to the query is %v; want one of %v", first, plan.Query.LookAlikes)
	}
}
