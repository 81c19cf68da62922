package edits_test

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"testing"

	"imagebatch/testsuite/edits"
)

const width, height = 120, 160

var red = color.RGBA{200, 30, 30, 255}

// named is an edit of the protocol or of the stress list.
func named(t *testing.T, name string) edits.Edit {
	t.Helper()
	for _, edit := range append(edits.Protocol(), edits.Stress()...) {
		if edit.Name == name {
			return edit
		}
	}
	t.Fatalf("there is no edit %q", name)
	return edits.Edit{}
}

func TestEditsKeepTheirInputAndRepeat(t *testing.T) {
	t.Parallel()
	all := append(edits.Protocol(), edits.Stress()...)
	if got := len(all) - len(edits.Stress()); got != 22 {
		t.Errorf("the protocol has %d edits, want 22", got)
	}
	seen := map[string]bool{}
	for _, edit := range all {
		if seen[edit.Name] {
			t.Errorf("two edits are named %q", edit.Name)
		}
		seen[edit.Name] = true
		t.Run(edit.Name, func(t *testing.T) {
			t.Parallel()
			in, other := ramp(width, height), flat(90, 90, red)
			first := edit.Of(in, other, "hat/1.jpg")
			if !bytes.Equal(in.Pix, ramp(width, height).Pix) || !bytes.Equal(other.Pix, flat(90, 90, red).Pix) {
				t.Error("it changed its input")
			}
			if second := edit.Of(in, other, "hat/1.jpg"); !bytes.Equal(first.Pix, second.Pix) || first.Rect != second.Rect {
				t.Error("the same call gave another picture")
			}
			if bytes.Equal(first.Pix, in.Pix) {
				t.Error("it changed nothing")
			}
			if first.Rect.Min != (image.Point{}) || !first.Opaque() {
				t.Errorf("the result has bounds %v and opaque %t, want it at 0,0 and opaque", first.Rect, first.Opaque())
			}
		})
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]image.Point{
		"jpeg_q30":     {120, 160},
		"resize_50":    {60, 80},
		"resize_25":    {30, 40},
		"crop_05":      {117, 156},
		"crop_20":      {107, 143},
		"crop_40":      {93, 124},
		"crop_60":      {76, 101},
		"pad20_black":  {144, 192},
		"pad20_blur":   {144, 192},
		"rot_4":        {120, 160},
		"rot_90":       {160, 120},
		"paste_60":     {120, 160},
		"aspect_43":    {160, 160},
		"square_white": {160, 160},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := named(t, name).Of(ramp(width, height), flat(90, 90, red), "hat/1.jpg").Rect.Size()
			if got != want {
				t.Errorf("size is %v, want %v", got, want)
			}
		})
	}
}

// TestPlaces follows pixels of the picture to where an edit must put them.
func TestPlaces(t *testing.T) {
	t.Parallel()
	in := ramp(width, height)
	black, white := color.RGBA{0, 0, 0, 255}, color.RGBA{255, 255, 255, 255}
	for name, test := range map[string]struct {
		edit string
		at   image.Point
		want color.RGBA
	}{
		"MirrorSwapsSides":        {"mirror", image.Pt(119, 10), in.RGBAAt(0, 10)},
		"QuarterTurnsClockwise":   {"rot_90", image.Pt(159, 0), in.RGBAAt(0, 0)},
		"PadPutsInTheMiddle":      {"pad20_white", image.Pt(12, 16), in.RGBAAt(0, 0)},
		"PadFillsWhite":           {"pad20_white", image.Pt(5, 100), white},
		"PadFillsBlack":           {"pad20_black", image.Pt(143, 191), black},
		"RotateKeepsTheCentre":    {"rot_15", image.Pt(60, 80), in.RGBAAt(60, 80)},
		"RotateLeavesBlack":       {"rot_15", image.Pt(0, 0), black},
		"SquareHasWhiteSides":     {"square_white", image.Pt(5, 80), white},
		"SquareKeepsThePicture":   {"square_white", image.Pt(20, 0), in.RGBAAt(0, 0)},
		"BrightIsClipped":         {"bright_up30", image.Pt(30, 40), color.RGBA{101, 101, 255, 255}},
		"DarkIsScaled":            {"bright_down30", image.Pt(30, 40), color.RGBA{55, 54, 154, 255}},
		"ContrastTurnsAbout128":   {"contrast_down30", image.Pt(30, 40), color.RGBA{93, 92, 192, 255}},
		"TextHasARedBar":          {"text", image.Pt(4, 146), color.RGBA{200, 20, 20, 255}},
		"TextLeavesTheCorner":     {"text", image.Pt(0, 0), in.RGBAAt(0, 0)},
		"SmallPictureIsAMean":     {"resize_50", image.Pt(30, 10), color.RGBA{115, 59, 60, 255}},
		"BlurKeepsSmoothParts":    {"blur_2.5", image.Pt(90, 120), in.RGBAAt(90, 120)},
		"CompressionIsFaithful":   {"jpeg_q30", image.Pt(90, 120), in.RGBAAt(90, 120)},
		"StretchKeepsProportions": {"aspect_43", image.Pt(80, 120), in.RGBAAt(60, 120)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := named(t, test.edit).Of(in, nil, "hat/1.jpg")
			tolerance := 3
			if test.edit == "jpeg_q30" {
				tolerance = 12
			}
			wantNear(t, test.at.String(), got.RGBAAt(test.at.X, test.at.Y), test.want, tolerance)
		})
	}
}

// TestRotateIsCounterClockwise looks at where a mark to the right of the centre
// goes.
func TestRotateIsCounterClockwise(t *testing.T) {
	t.Parallel()
	in := flat(101, 101, color.RGBA{0, 0, 0, 255})
	for y := 47; y <= 53; y++ {
		for x := 87; x <= 93; x++ {
			in.SetRGBA(x, y, color.RGBA{255, 255, 255, 255})
		}
	}
	out := named(t, "rot_15").Of(in, nil, "")
	sin, cos := math.Sincos(15 * math.Pi / 180)
	wantNear(t, "the mark", out.RGBAAt(50+int(40*cos), 50-int(40*sin)), color.RGBA{255, 255, 255, 255}, 3)
}

// TestHue holds the turn against colors whose hue is known.
func TestHue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ in, want color.RGBA }{
		"RedToOrange":        {color.RGBA{255, 0, 0, 255}, color.RGBA{255, 128, 0, 255}},
		"GreenToSpring":      {color.RGBA{0, 255, 0, 255}, color.RGBA{0, 255, 128, 255}},
		"BlueToViolet":       {color.RGBA{0, 0, 255, 255}, color.RGBA{128, 0, 255, 255}},
		"MagentaToRose":      {color.RGBA{255, 0, 255, 255}, color.RGBA{255, 0, 128, 255}},
		"PaleRedStaysAsPale": {color.RGBA{200, 100, 100, 255}, color.RGBA{200, 150, 100, 255}},
		"GrayStays":          {color.RGBA{90, 90, 90, 255}, color.RGBA{90, 90, 90, 255}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := named(t, "hue_30").Of(flat(2, 2, test.in), nil, "")
			wantNear(t, "hue + 30", out.RGBAAt(0, 0), test.want, 1)
		})
	}
}

func TestNoiseHasItsStrength(t *testing.T) {
	t.Parallel()
	out := named(t, "noise_15").Of(flat(100, 100, color.RGBA{128, 128, 128, 255}), nil, "hat/1.jpg")
	var sum, squares float64
	for at := 0; at < len(out.Pix); at += 4 {
		d := float64(out.Pix[at]) - 128
		sum, squares = sum+d, squares+d*d
	}
	mean, sigma := sum/10_000, math.Sqrt(squares/10_000)
	if math.Abs(mean) > 0.6 || math.Abs(sigma-15) > 0.6 {
		t.Errorf("noise has mean %.2f and deviation %.2f, want 0 and 15", mean, sigma)
	}
}

// TestPastesShareTheirPlace: the three strengths must differ in nothing else.
func TestPastesShareTheirPlace(t *testing.T) {
	t.Parallel()
	box := func(name string) image.Rectangle {
		out := named(t, name).Of(flat(100, 100, color.RGBA{0, 0, 0, 255}), flat(50, 50, red), "hat/1.jpg")
		found := image.Rectangle{}
		for y := range 100 {
			for x := range 100 {
				if out.RGBAAt(x, y).R == 0 {
					found = found.Union(image.Rect(x, y, x+1, y+1))
				}
			}
		}
		return found
	}
	want := box("paste_60")
	if want.Dx() != 60 || want.Dy() != 60 {
		t.Fatalf("paste_60 is %v large, want 60×60", want.Size())
	}
	fx, fy := float64(want.Min.X)/40, float64(want.Min.Y)/40
	for name, size := range map[string]int{"paste_45": 45, "paste_75": 75} {
		got := box(name)
		room := float64(100 - size)
		if got.Dx() != size || got.Dy() != size || math.Abs(float64(got.Min.X)-fx*room) > 2 || math.Abs(float64(got.Min.Y)-fy*room) > 2 {
			t.Errorf("%s is at %v, want size %d at %.0f,%.0f", name, got, size, fx*room, fy*room)
		}
	}
}
