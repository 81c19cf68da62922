package fakes

import (
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"strings"
	"sync/atomic"

	"imagebatch/activities"
	"imagebatch/workflows/manifest"
)

// Imager takes one line of text for a picture, see Picture. Its features are
// equal for equal seeds and views, and far apart for others.
type Imager struct {
	// Featurize, if set, is called with each picture's seed before it is decoded;
	// it may block, fail or panic.
	Featurize func(ctx context.Context, seed string) error

	open, most atomic.Int64
}

var _ activities.Imager = (*Imager)(nil)

// Picture is an upright JPEG of that size; equal seeds look alike. The seed
// "damaged" makes one whose pixels cannot be decoded.
func Picture(width, height int, seed string) string {
	return fmt.Sprintf("JPEG %dx%d o1 %s", width, height, seed)
}

// Unclosed is the number of pictures that nobody has closed.
func (i *Imager) Unclosed() int64 { return i.open.Load() }

// Most is the largest number of pictures that were open at a time.
func (i *Imager) Most() int64 { return i.most.Load() }

// FeatureVersion implements activities.Imager.
func (i *Imager) FeatureVersion() string { return "fake-1" }

// Open implements activities.Imager.
func (i *Imager) Open(_ context.Context, data []byte) (activities.OpenPicture, error) {
	p := &picture{imager: i}
	var format string
	if _, err := fmt.Sscanf(string(data), "%s %dx%d o%d %s", &format, &p.header.Width, &p.header.Height, &p.header.Orientation, &p.seed); err != nil {
		return nil, fmt.Errorf("%w: it begins with %q", activities.ErrUnsupportedFormat, data[:min(len(data), 4)])
	}
	p.header.Format = activities.Format(strings.TrimSpace(format))
	now := i.open.Add(1)
	for most := i.most.Load(); now > most && !i.most.CompareAndSwap(most, now); most = i.most.Load() {
	}
	return p, nil
}

type picture struct {
	imager *Imager
	header activities.Header
	seed   string
}

func (p *picture) Header() activities.Header { return p.header }

// Featurize detects the middle of the picture as its subject.
func (p *picture) Featurize(ctx context.Context, view activities.View) (activities.Feature, error) {
	if ask := p.imager.Featurize; ask != nil {
		if err := ask(ctx, p.seed); err != nil {
			return activities.Feature{}, err
		}
	}
	if p.seed == "damaged" {
		return activities.Feature{}, fmt.Errorf("%w: it is cut short", activities.ErrUndecodable)
	}
	region := view.Region
	if view.Detect {
		w, h := p.header.Width, p.header.Height
		region = &manifest.Region{X1: w / 4, X2: w - w/4, Y1: h / 4, Y2: h - h/4}
	}
	feature := activities.Feature{Vector: vectorOf(p.seed, region), Region: region}
	if view.Detect {
		feature.Regions = []manifest.Region{*region}
	}
	if view.Expand {
		feature.Variants = []activities.Variant{{Kind: "mirrored", Vector: vectorOf(Mirrored(p.seed), region)}}
	}
	return feature, nil
}

func vectorOf(seed string, region *manifest.Region) []byte {
	if region != nil {
		seed += region.String()
	}
	sum := sha256.Sum256([]byte(seed))
	return sum[:]
}

// Mirrored is the seed of a picture whose mirror image has this one.
func Mirrored(seed string) string {
	reversed := []byte(seed)
	slices.Reverse(reversed)
	return string(reversed)
}

// Preview is a picture of one colour, which depends on the seed.
func (p *picture) Preview(ctx context.Context, side int) (*image.RGBA, error) {
	if ask := p.imager.Featurize; ask != nil {
		if err := ask(ctx, p.seed); err != nil {
			return nil, err
		}
	}
	if p.seed == "damaged" {
		return nil, fmt.Errorf("%w: it is cut short", activities.ErrUndecodable)
	}
	longer := max(p.header.Width, p.header.Height)
	side = min(side, longer)
	preview := image.NewRGBA(image.Rect(0, 0, max(1, p.header.Width*side/longer), max(1, p.header.Height*side/longer)))
	sum := sha256.Sum256([]byte(p.seed))
	colour := color.RGBA{sum[0], sum[1], sum[2], 0xff}
	draw.Draw(preview, preview.Bounds(), image.NewUniform(colour), image.Point{}, draw.Src)
	return preview, nil
}

func (p *picture) Close() { p.imager.open.Add(-1) }
