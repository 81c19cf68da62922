package imaging

import (
	"context"

	"imagebatch/activities"
	"imagebatch/activities/imaging/descriptor"
)

// Shrink resamples a part of a picture of width×height pixels to 64×64.
func Shrink(rgb []byte, width, height int, left, top, right, bottom int) []byte {
	var work resampler
	var out descriptor.Thumbnail
	resample(pixels{rgb, width, height}, rectangle{left, top, right, bottom}.of(width, height), &work, &out)
	return out[:]
}

// Decode is the pixels of the first frame at 1/shrink of its size.
func Decode(data []byte, shrink int) (rgb []byte, width, height int, err error) {
	configure()
	file, err := open(data)
	if err != nil {
		return nil, 0, 0, err
	}
	var buffer []byte
	out, err := decode(data, file, shrink, &buffer)
	return out.rgb, out.width, out.height, err
}

// ShrinkFor is the fraction at which a view of width×height pixels is decoded.
func ShrinkFor(format activities.Format, width, height int) int {
	return shrinkFor(format, rectangle{0, 0, width, height})
}

// NewGate is a gate's enter.
func NewGate(pixels int64) func(context.Context, int64) (func(), error) {
	return newGate(pixels).enter
}

// Functions under test of their own.
var (
	VipsError = vipsError
	Sniff     = sniff
)
