package edits

import (
	"image"
	"image/color"
	"math/rand/v2"
)

// Edit is an edit of fixed kind and strength.
type Edit struct {
	Name string
	// Pasted edits lay the picture on another one.
	Pasted bool
	// draws names what is drawn by chance: edits that share it are given the same
	// numbers for a picture.
	draws string
	apply func(in, other *image.RGBA, random *rand.Rand) *image.RGBA
}

// Of edits the picture of a file. The name of the file decides what chance has
// to; other is nil unless the edit is a pasted one.
func (e Edit) Of(in, other *image.RGBA, file string) *image.RGBA {
	return e.apply(in, other, Seeded(0, e.draws, file))
}

// Protocol are the 22 edits whose mean is the quality of a search for copies.
func Protocol() []Edit {
	return []Edit{
		plain("jpeg_q30", func(in *image.RGBA) *image.RGBA { return recompress(in, 30) }),
		plain("resize_50", func(in *image.RGBA) *image.RGBA { return shrink(in, 0.5) }),
		plain("resize_25", func(in *image.RGBA) *image.RGBA { return shrink(in, 0.25) }),
		cropped("crop_05", 0.95),
		cropped("crop_20", 0.80),
		cropped("crop_40", 0.60),
		plain("pad20_black", func(in *image.RGBA) *image.RGBA { return pad(in, evenly, color.Black) }),
		plain("pad20_white", func(in *image.RGBA) *image.RGBA { return pad(in, evenly, color.White) }),
		plain("pad20_blur", func(in *image.RGBA) *image.RGBA { return pad(in, evenly, nil) }),
		plain("rot_4", func(in *image.RGBA) *image.RGBA { return rotate(in, 4) }),
		plain("rot_90", quarter),
		plain("mirror", mirror),
		plain("bright_up30", func(in *image.RGBA) *image.RGBA { return gain(in, 1.3, 0) }),
		plain("bright_down30", func(in *image.RGBA) *image.RGBA { return gain(in, 0.7, 0) }),
		plain("contrast_up30", func(in *image.RGBA) *image.RGBA { return contrast(in, 1.3) }),
		plain("contrast_down30", func(in *image.RGBA) *image.RGBA { return contrast(in, 0.7) }),
		plain("hue_30", func(in *image.RGBA) *image.RGBA { return hue(in, 30) }),
		{Name: "noise_15", draws: "noise", apply: func(in, _ *image.RGBA, random *rand.Rand) *image.RGBA {
			return noise(in, 15, random)
		}},
		plain("blur_2.5", func(in *image.RGBA) *image.RGBA { return blur(in, 2.5) }),
		plain("text", banner),
		pasted("paste_60", 0.60),
		plain("aspect_43", func(in *image.RGBA) *image.RGBA {
			return Resize(in, scaled(in.Rect.Dx(), 4.0/3), in.Rect.Dy())
		}),
	}
}

// Stress are harder edits, which no mean includes.
func Stress() []Edit {
	return []Edit{
		pasted("paste_45", 0.45),
		pasted("paste_75", 0.75),
		cropped("crop_60", 0.40),
		then("crop30_dark_text_jpeg", cropped("", 0.70), func(in *image.RGBA) *image.RGBA {
			return recompress(banner(gain(in, 0.7, 0)), 30)
		}),
		plain("rot_15", func(in *image.RGBA) *image.RGBA { return rotate(in, 15) }),
		plain("square_white", func(in *image.RGBA) *image.RGBA { return square(in, color.White) }),
		then("mirror_crop20", cropped("", 0.80), mirror),
	}
}

// evenly is a canvas of 1.2 times each side.
var evenly = margins{left: 0.1, right: 0.1, top: 0.1, bottom: 0.1}

func plain(name string, apply func(*image.RGBA) *image.RGBA) Edit {
	return Edit{Name: name, draws: name, apply: func(in, _ *image.RGBA, _ *rand.Rand) *image.RGBA { return apply(in) }}
}

func cropped(name string, share float64) Edit {
	return Edit{Name: name, draws: name, apply: func(in, _ *image.RGBA, random *rand.Rand) *image.RGBA {
		return crop(in, share, random.Float64(), random.Float64())
	}}
}

func pasted(name string, share float64) Edit {
	return Edit{Name: name, Pasted: true, draws: "paste", apply: func(in, other *image.RGBA, random *rand.Rand) *image.RGBA {
		return paste(in, other, share, random.Float64(), random.Float64())
	}}
}

func then(name string, first Edit, second func(*image.RGBA) *image.RGBA) Edit {
	return Edit{Name: name, draws: name, apply: func(in, other *image.RGBA, random *rand.Rand) *image.RGBA {
		return second(first.apply(in, other, random))
	}}
}

func shrink(in *image.RGBA, factor float64) *image.RGBA {
	return Resize(in, scaled(in.Rect.Dx(), factor), scaled(in.Rect.Dy(), factor))
}
