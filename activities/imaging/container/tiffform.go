package container

import (
	"fmt"

	"imagebatch/activities"
)

// Values of PhotometricInterpretation that are decoded.
const (
	whiteIsZero = 0
	blackIsZero = 1
	rgb         = 2
	palette     = 3
	separated   = 5
	yCbCr       = 6
	cieLab      = 8
)

// tiffRemedy is what to do with a TIFF that is whole but not decoded.
const tiffRemedy = "save it as RGB or grey of 8 or 16 bits a sample"

// maxTile bounds the memory that a decoder takes for one tile, in pixels.
const maxTile = 4096 * 4096

// form says how pixels are stored, or that such are not decoded.
func (t *tiff) form() (Space, Layout, error) {
	photometric := t.number(tagPhotometric, -1)
	samples := t.number(tagSamples, 1)
	space, colors, known := RGB, 3, true
	switch photometric {
	case whiteIsZero, blackIsZero:
		space, colors = Gray, 1
	case rgb, yCbCr:
	case palette:
		colors = 1
	case separated:
		space, colors = CMYK, 4
		known = t.number(tagInks, 1) == 1
	case cieLab:
		space = Lab
	case -1:
		return 0, Layout{}, damaged(activities.TIFF, "it does not say what its samples are")
	default:
		known = false
	}
	if !known {
		return 0, Layout{}, unsupported(fmt.Sprintf("a TIFF with the color space %d (PhotometricInterpretation)", photometric), tiffRemedy)
	}
	if samples < colors {
		return 0, Layout{}, damaged(activities.TIFF, fmt.Sprintf("it has %d samples a pixel, and %d colors", samples, colors))
	}
	if samples > 32 {
		return 0, Layout{}, unsupported(fmt.Sprintf("a TIFF of %d samples a pixel", samples), tiffRemedy)
	}
	if err := t.depth(photometric, samples); err != nil {
		return 0, Layout{}, err
	}
	if wide, high := t.number(tagTileWidth, 1), t.number(tagTileHi, 1); wide < 1 || high < 1 || wide > maxTile || high > maxTile/wide {
		return 0, Layout{}, unsupported(fmt.Sprintf("a TIFF in tiles of %d × %d pixels", wide, high), tiffRemedy)
	}
	return space, t.layout(photometric, colors, samples), nil
}

// depth checks the kind of the samples.
func (t *tiff) depth(photometric, samples int) error {
	depths := t.numbers(tagBits)
	if len(depths) == 0 {
		depths = []int{1}
	}
	for _, depth := range depths {
		if depth != depths[0] {
			return unsupported("a TIFF whose samples have different numbers of bits", tiffRemedy)
		}
	}
	for _, format := range t.numbers(tagSampleFormat) {
		const unsigned, signed, float, undefined = 1, 2, 3, 4
		switch {
		case format == unsigned || format == undefined:
		case format == signed && photometric == cieLab:
		default:
			kind := map[int]string{signed: "signed integers", float: "floating point numbers"}[format]
			if kind == "" {
				kind = "complex numbers"
			}
			return unsupported(fmt.Sprintf("a TIFF whose samples are %s of %d bits", kind, depths[0]), tiffRemedy)
		}
	}
	switch depth := depths[0]; {
	case depth == 8 || depth == 16 && photometric != palette:
		return nil
	case (depth == 1 || depth == 2 || depth == 4) && samples == 1 && photometric <= palette && photometric != rgb:
		return nil
	default:
		return unsupported(fmt.Sprintf("a TIFF of %d bits a sample", depth), tiffRemedy)
	}
}

// layout finds alpha among the samples that are no color. TIFF 6.0 has readers
// skip those that they do not know.
func (t *tiff) layout(photometric, colors, samples int) Layout {
	if photometric == yCbCr || photometric == palette || samples == colors {
		return Layout{}
	}
	layout := Layout{Colors: colors}
	extra := t.numbers(tagExtra)
	for n := range min(len(extra), samples-colors) {
		const associated, unassociated = 1, 2
		if extra[n] == associated || extra[n] == unassociated {
			layout.Alpha = colors + n
			return layout
		}
	}
	layout.Alpha, layout.Unsure = colors, true
	return layout
}
