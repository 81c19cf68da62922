package activities

import (
	"context"
	"errors"
	"image"

	"imagebatch/workflows/manifest"
)

// Format is a picture format, by content.
type Format string

// The seven formats that are accepted; JPG and JPEG are one.
const (
	JPEG Format = "JPEG"
	PNG  Format = "PNG"
	BMP  Format = "BMP"
	GIF  Format = "GIF"
	WEBP Format = "WEBP"
	TIFF Format = "TIFF"
	PPM  Format = "PPM"
)

// What an imager answers about a picture. It returns these wrapped, with a
// detail, or a contract.Error; they are the picture's own fault and final.
var (
	// ErrUnsupportedFormat is for a whole file of a kind that is not decoded.
	ErrUnsupportedFormat = errors.New("unsupported picture format")
	// ErrUndecodable is for a file that is cut short or damaged.
	ErrUndecodable = errors.New("picture cannot be decoded")
)

// Imager decodes pictures. It is safe for concurrent use.
type Imager interface {
	// Open reads the header of a picture, no pixels. It keeps data until Close;
	// the caller must not change it before. ErrUnsupportedFormat, ErrUndecodable.
	Open(ctx context.Context, data []byte) (OpenPicture, error)
	// FeatureVersion names the descriptor. Features of different versions cannot
	// be compared.
	FeatureVersion() string
}

// OpenPicture is a picture whose header has been read. It is for one goroutine.
type OpenPicture interface {
	Header() Header
	// Featurize decodes the picture and computes its descriptor. ErrUndecodable.
	Featurize(ctx context.Context, view View) (Feature, error)
	// Preview decodes the whole picture small: no side is longer than asked for,
	// 1 to MaxPreview pixels, nor than the picture's own. ErrUndecodable.
	Preview(ctx context.Context, side int) (*image.RGBA, error)
	Close()
}

// MaxPreview is the longest side of a preview, in pixels.
const MaxPreview = 256

// Header is what a picture's header says.
type Header struct {
	Format        Format
	Width, Height int // of the first frame or page, as stored
	Orientation   int // EXIF: 0 none, 1 upright, 2 to 8 rotated or mirrored
}

// View says which part of a picture is its subject.
type View struct {
	Region *manifest.Region // in pixels of the picture; nil for none
	Detect bool             // without a region: look for the subject
	Expand bool             // add variants, for a search that finds edited copies too
}

// Feature is what a picture is found by.
type Feature struct {
	// Vector is int8 components: of the whole picture, then equally many of its
	// subject, which is the whole picture once more where there is no other.
	Vector  []byte
	Region  *manifest.Region  // the subject that was used, nil for the whole picture
	Regions []manifest.Region // its parts where it was looked for, the heaviest first

	Variants []Variant // of the whole picture; none unless asked for
}

// Variant is the feature of an edited picture.
type Variant struct {
	Kind   string // how it was edited: "rotated 90", "mirrored", "window 1" to "window 9"
	Vector []byte // as that of the picture
}
