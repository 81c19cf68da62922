package jpegscan

import (
	"fmt"
	"iter"

	"imagebatch/activities"
)

// Part is a JPEG that is a piece of a larger picture, as strips and tiles of a
// TIFF are.
type Part struct {
	Data          []byte
	Width, Height int // that the piece has at least; 0 for any
}

// CheckParts reads JPEGs that have tables in common, in a JPEG that has nothing
// else; there may be none. Errors are those of Check, also for a part that is
// smaller than its piece: decoders fill up with grey.
func CheckParts(tables []byte, parts iter.Seq[Part]) error {
	common := &file{data: tables, at: 2}
	if err := common.read(); err != nil {
		return err
	}
	if common.components != nil {
		return damaged("pixels are among its tables")
	}
	for part := range parts {
		if len(part.Data) < 2 || part.Data[0] != 0xff || part.Data[1] != 0xd8 {
			return damaged("a part does not begin as one")
		}
		f := *common
		f.data, f.at = part.Data, 2
		if err := f.read(); err != nil {
			return err
		}
		if err := f.complete(); err != nil {
			return err
		}
		if f.width < part.Width || f.height < part.Height {
			return fmt.Errorf("%w: a part of it has %d × %d pixels, not %d × %d", activities.ErrUndecodable, f.width, f.height, part.Width, part.Height)
		}
	}
	return nil
}
