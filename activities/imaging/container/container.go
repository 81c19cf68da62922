package container

import (
	"bytes"
	"fmt"

	"imagebatch/activities"
)

// Space is how colors are stored.
type Space int

// The spaces that a profile can be for.
const (
	RGB Space = iota
	Gray
	CMYK
	Lab
)

// File is what a file says of its picture.
type File struct {
	Width, Height int
	Orientation   int // EXIF: 0 none, 1 upright, 2 to 8 rotated or mirrored
	Space         Space
	Layout        Layout

	profile func() []byte // nil for none
	whole   func() error  // nil: the decoder sees what is missing
	jpegs   func() (*JPEGs, error)
	parts   [][]byte      // of the file, what a decoder needs
	rebuild func() []byte // instead of parts, where they must be changed
}

// Layout is where the samples of a pixel are, in formats that leave it open.
type Layout struct {
	Colors int // samples of color that come first; 0 for what the decoder says
	Alpha  int // number of the sample that is alpha, 0 for none
	// Unsure is set when nothing says that it is alpha: zero everywhere, it is not.
	Unsure bool
}

// Read reads a file of a format that libvips or libjpeg decodes. Errors are
// activities.ErrUndecodable for what is cut off or damaged, and
// activities.ErrUnsupportedFormat for kinds of the format that are not decoded.
func Read(format activities.Format, data []byte) (File, error) {
	switch format {
	case activities.JPEG:
		return readJPEG(data)
	case activities.PNG:
		return readPNG(data)
	case activities.GIF:
		return readGIF(data)
	case activities.WEBP:
		return readWEBP(data)
	case activities.TIFF:
		return readTIFF(data)
	}
	return File{}, fmt.Errorf("read a %s file: %w", format, activities.ErrUnsupportedFormat)
}

// Profile is the color profile, nil for none. It is unpacked here and not before.
func (f File) Profile() []byte {
	if f.profile == nil {
		return nil
	}
	return f.profile()
}

// Whole reads compressed data that decoders take for whole when it is not.
func (f File) Whole() error {
	if f.whole == nil {
		return nil
	}
	return f.whole()
}

// JPEGs are those that a page of another format is made of, nil for none.
func (f File) JPEGs() (*JPEGs, error) {
	if f.jpegs == nil {
		return nil, nil
	}
	return f.jpegs()
}

// Plain is the file without all that does not make pixels of its first frame.
func (f File) Plain() []byte {
	if f.rebuild != nil {
		return f.rebuild()
	}
	if len(f.parts) == 1 {
		return f.parts[0]
	}
	return bytes.Join(f.parts, nil)
}

// keep adds data[from:to] to the parts; neighbours become one.
func (f *File) keep(data []byte, from, to int) {
	to = min(to, len(data))
	if from >= to {
		return
	}
	if n := len(f.parts) - 1; n >= 0 {
		last := f.parts[n]
		if start := cap(data) - cap(last); start+len(last) == from {
			f.parts[n] = data[start:to]
			return
		}
	}
	f.parts = append(f.parts, data[from:to])
}

func cutOff(format activities.Format) error {
	return fmt.Errorf("%w: the file is cut off in its %s header", activities.ErrUndecodable, format)
}

func damaged(format activities.Format, what string) error {
	return fmt.Errorf("%w: its %s header is damaged: %s", activities.ErrUndecodable, format, what)
}

func unsupported(what, remedy string) error {
	return fmt.Errorf("%w: %s; %s", activities.ErrUnsupportedFormat, what, remedy)
}
