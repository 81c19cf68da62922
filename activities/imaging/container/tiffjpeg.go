package container

import (
	"fmt"

	"imagebatch/activities"
)

// compressionJPEG is the value of Compression for JPEG as the supplement to TIFF 6.0 has it.
// Source: https://libtiff.gitlab.io/libtiff/specification/technote2.html
const compressionJPEG = 7

const (
	tagStrips, tagRows, tagStripSizes = 273, 278, 279
	tagPlanes, tagTiles, tagTileSizes = 284, 324, 325
	tagJPEGTables                     = 347
)

// JPEGs are pictures that make up a larger one, and the tables they share.
type JPEGs struct {
	Tables []byte
	Pieces []JPEGPiece
}

// JPEGPiece is one of them. Its size is that of its place, 0 for any.
type JPEGPiece struct {
	Data          []byte
	Width, Height int
}

// jpegs are the strips or tiles of a page that is compressed so.
func (t *tiff) jpegs(width, height int) (*JPEGs, error) {
	if t.number(tagCompression, 1) != compressionJPEG {
		return nil, nil
	}
	starts, sizes, wide, high := tagStrips, tagStripSizes, width, t.number(tagRows, height)
	_, tiled := t.entries[tagTileWidth]
	if tiled {
		starts, sizes, wide, high = tagTiles, tagTileSizes, t.number(tagTileWidth, 0), t.number(tagTileHi, 0)
	}
	if wide < 1 || high < 1 {
		return nil, damaged(activities.TIFF, "its strips or tiles have no size")
	}
	if !tiled {
		high = min(high, height)
	}
	across, down, planes := (width-1)/wide+1, (height-1)/high+1, 1
	const apart = 2
	if t.number(tagPlanes, 1) == apart {
		planes = t.number(tagSamples, 1)
	}
	at, length := t.entries[uint16(starts)], t.entries[uint16(sizes)]
	// In 64 bits there is no overflow: sizes have 32, and planes are few.
	count := int64(across) * int64(down)
	if count > int64(len(t.data)) || count*int64(planes) > min(at.count, length.count) {
		return nil, damaged(activities.TIFF, "strips or tiles are missing")
	}
	out := &JPEGs{Tables: t.entries[tagJPEGTables].value, Pieces: make([]JPEGPiece, 0, int(count)*planes)}
	left := len(t.data) // pieces do not share bytes
	for n := range int(count) * planes {
		from, size := t.nth(at, n), t.nth(length, n)
		if from < 0 || size < 0 || size > int64(left) || from > int64(len(t.data))-size {
			return nil, fmt.Errorf("%w: the file is cut off or damaged: strip or tile %d does not lie in it", activities.ErrUndecodable, n)
		}
		left -= int(size)
		piece := JPEGPiece{Data: t.data[from : from+size]}
		if n < int(count) { // planes of color may be smaller
			piece.Width, piece.Height = wide, high
			if !tiled {
				piece.Height = min(high, height-n*high)
			}
		}
		out.Pieces = append(out.Pieces, piece)
	}
	return out, nil
}

// nth is a value of a tag, -1 for none.
func (t *tiff) nth(e tiffEntry, n int) int64 {
	if e.kind >= len(tiffSizes) {
		return -1
	}
	size := int(tiffSizes[e.kind])
	if size == 0 || len(e.value) < (n+1)*size {
		return -1
	}
	switch value := e.value[n*size:]; e.kind {
	case typeShort:
		return int64(t.order.Uint16(value))
	case typeLong, typeIFD:
		return int64(t.order.Uint32(value))
	case typeLong8:
		return int64(t.order.Uint64(value))
	}
	return -1
}
