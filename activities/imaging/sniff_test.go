package imaging_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/h2non/bimg"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
)

func TestSniff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		content string
		want    activities.Format
		detail  string // of the refusal
		reason  string
	}{
		"JPEG":            {content: "\xff\xd8\xff\xe0\x00\x10JFIF", want: activities.JPEG},
		"PNG":             {content: "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", want: activities.PNG},
		"GIF87":           {content: "GIF87a\x01\x00", want: activities.GIF},
		"GIF89":           {content: "GIF89a\x01\x00", want: activities.GIF},
		"WEBP":            {content: "RIFF\x10\x00\x00\x00WEBPVP8 ", want: activities.WEBP},
		"TIFFLittle":      {content: "II*\x00\x08\x00\x00\x00", want: activities.TIFF},
		"TIFFBig":         {content: "MM\x00*\x00\x00\x00\x08", want: activities.TIFF},
		"BigTIFF":         {content: "II+\x00\x08\x00\x00\x00", want: activities.TIFF},
		"BMP":             {content: "BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00", want: activities.BMP},
		"PPMText":         {content: "P3\n1 1\n255\n0 0 0\n", want: activities.PPM},
		"PPMBinary":       {content: "P6 1 1 255 \x00\x00\x00", want: activities.PPM},
		"BMPText":         {content: "BMW is a maker of motor cars", detail: "content starts with the bytes 42 4d 57 20", reason: "two letters do not make a bitmap"},
		"Wave":            {content: "RIFF\x10\x00\x00\x00WAVEfmt ", detail: "the bytes 52 49 46 46", reason: "RIFF holds other things than pictures"},
		"GreyMap":         {content: "P5 1 1 255 \x00", detail: "PGM"},
		"Bitmap":          {content: "P4 1 1 \x00", detail: "PBM"},
		"HEIC":            {content: "\x00\x00\x00\x18ftypheic\x00\x00", detail: "HEIC"},
		"AVIF":            {content: "\x00\x00\x00\x18ftypavif\x00\x00", detail: "AVIF"},
		"Video":           {content: "\x00\x00\x00\x18ftypisom\x00\x00", detail: "video"},
		"PDF":             {content: "%PDF-1.7", detail: "PDF"},
		"SVG":             {content: "<svg xmlns=", detail: "SVG"},
		"XML":             {content: "<?xml version=", detail: "XML"},
		"HTML":            {content: "<!DOCTYPE html>", detail: "HTML"},
		"JSON":            {content: `{"Code":"NoSuchKey"}`, detail: "JSON"},
		"Zeros":           {content: strings.Repeat("\x00", 64), detail: "zeros"},
		"Empty":           {content: "", detail: "empty"},
		"OneByte":         {content: "\xff", detail: "the bytes ff;"},
		"ImageMagickText": {content: "push graphic-context", detail: "the bytes", reason: "drawing commands must not reach a decoder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := imaging.Sniff([]byte(test.content))
			if got != test.want {
				t.Errorf("format %q, want %q: %s", got, test.want, test.reason)
			}
			if test.want != "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, activities.ErrUnsupportedFormat) || !strings.Contains(err.Error(), test.detail) {
				t.Errorf("error %q, want an unsupported format with %q", err, test.detail)
			}
		})
	}
}

func TestSniffAgreesWithBimg(t *testing.T) {
	t.Parallel()
	files := everyFormat(t, drawScene(40, 30, 1))
	for name, want := range map[string]bimg.ImageType{
		"JPEG": bimg.JPEG, "PNG": bimg.PNG, "GIF": bimg.GIF, "WEBP": bimg.WEBP, "TIFF": bimg.TIFF,
	} {
		format, err := imaging.Sniff(files[name])
		if err != nil || string(format) != name {
			t.Errorf("%s: sniffed %q, %v", name, format, err)
		}
		if got := bimg.DetermineImageType(files[name]); got != want {
			t.Errorf("%s: bimg says %q", name, bimg.ImageTypeName(got))
		}
	}
}
