package pool

import (
	"encoding/binary"
	"errors"
	"fmt"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// The contents of frames. Numbers are 32 bits, big-endian.

var errShort = errors.New("frame is too short")

func appendInt(to []byte, n int) []byte { return binary.BigEndian.AppendUint32(to, uint32(int32(n))) }

func takeInt(from []byte) (int, []byte, error) {
	if len(from) < 4 {
		return 0, nil, errShort
	}
	return int(int32(binary.BigEndian.Uint32(from))), from[4:], nil
}

// takeInts reads as many numbers as there are places.
func takeInts(from []byte, places ...*int) (rest []byte, err error) {
	for _, place := range places {
		if *place, from, err = takeInt(from); err != nil {
			return nil, err
		}
	}
	return from, nil
}

// appendBytes puts the length in front, so that something may follow.
func appendBytes[T ~[]byte | ~string](to []byte, content T) []byte {
	return append(appendInt(to, len(content)), content...)
}

// takeBytes copies what it takes: it outlives the frame.
func takeBytes(from []byte) (content, rest []byte, err error) {
	length, rest, err := takeInt(from)
	if err != nil || length < 0 || length > len(rest) {
		return nil, nil, errShort
	}
	return append([]byte(nil), rest[:length]...), rest[length:], nil
}

// takeCount reads how many parts of at least size bytes follow.
func takeCount(from []byte, size int) (count int, rest []byte, err error) {
	count, rest, err = takeInt(from)
	if err != nil || count < 0 || count > len(rest)/size {
		return 0, nil, errShort
	}
	return count, rest, nil
}

// Bits of the byte that views and features begin with.
const (
	hasRegion byte = 1 << iota
	detects
	expands
)

func appendRegion(to []byte, flags byte, region *manifest.Region) []byte {
	if region == nil {
		return append(to, flags)
	}
	return appendCorners(append(to, flags|hasRegion), *region)
}

func appendCorners(to []byte, region manifest.Region) []byte {
	for _, n := range [...]int{region.X1, region.X2, region.Y1, region.Y2} {
		to = appendInt(to, n)
	}
	return to
}

func takeCorners(from []byte, region *manifest.Region) (rest []byte, err error) {
	return takeInts(from, &region.X1, &region.X2, &region.Y1, &region.Y2)
}

func takeRegion(from []byte) (flags byte, region *manifest.Region, rest []byte, err error) {
	if len(from) == 0 {
		return 0, nil, nil, errShort
	}
	flags, rest = from[0], from[1:]
	if flags&hasRegion != 0 {
		region = new(manifest.Region)
		rest, err = takeCorners(rest, region)
	}
	return flags, region, rest, err
}

func appendView(to []byte, view activities.View) []byte {
	var flags byte
	if view.Detect {
		flags |= detects
	}
	if view.Expand {
		flags |= expands
	}
	return appendRegion(to, flags, view.Region)
}

func parseView(content []byte) (activities.View, error) {
	flags, region, _, err := takeRegion(content)
	return activities.View{Region: region, Detect: flags&detects != 0, Expand: flags&expands != 0}, err
}

func appendHeader(to []byte, header activities.Header) []byte {
	for _, n := range [...]int{header.Width, header.Height, header.Orientation} {
		to = appendInt(to, n)
	}
	return append(to, header.Format...)
}

func parseHeader(content []byte) (header activities.Header, err error) {
	rest, err := takeInts(content, &header.Width, &header.Height, &header.Orientation)
	header.Format = activities.Format(rest)
	return header, err
}

func appendFeature(to []byte, feature activities.Feature) []byte {
	to = appendRegion(to, 0, feature.Region)
	to = appendInt(to, len(feature.Regions))
	for _, region := range feature.Regions {
		to = appendCorners(to, region)
	}
	to = appendBytes(to, feature.Vector)
	to = appendInt(to, len(feature.Variants))
	for _, variant := range feature.Variants {
		to = appendBytes(appendBytes(to, variant.Kind), variant.Vector)
	}
	return to
}

func parseFeature(content []byte) (feature activities.Feature, err error) {
	var rest []byte
	if _, feature.Region, rest, err = takeRegion(content); err != nil {
		return activities.Feature{}, err
	}
	regions, rest, err := takeCount(rest, 4*4)
	if err != nil {
		return activities.Feature{}, err
	}
	for range regions {
		var region manifest.Region
		if rest, err = takeCorners(rest, &region); err != nil {
			return activities.Feature{}, err
		}
		feature.Regions = append(feature.Regions, region)
	}
	if feature.Vector, rest, err = takeBytes(rest); err != nil {
		return activities.Feature{}, err
	}
	variants, rest, err := takeCount(rest, 2*4)
	if err != nil {
		return activities.Feature{}, err
	}
	for range variants {
		var kind, vector []byte
		if kind, rest, err = takeBytes(rest); err == nil {
			vector, rest, err = takeBytes(rest)
		}
		if err != nil {
			return activities.Feature{}, err
		}
		feature.Variants = append(feature.Variants, activities.Variant{Kind: string(kind), Vector: vector})
	}
	return feature, nil
}

// Kinds of refusals, the byte that they begin with.
const (
	refusedOther byte = iota
	refusedFormat
	refusedUndecodable
	refusedFinally // by a contract.Error, whose code follows, up to a zero byte
)

// appendRefusal keeps of an error what the parent tells apart, and its text.
func appendRefusal(to []byte, err error) []byte {
	start := len(to)
	var final *contract.Error
	switch {
	case errors.As(err, &final):
		to = append(append(to, refusedFinally), final.Code...)
		to = append(append(to, 0), final.Message...)
	case errors.Is(err, activities.ErrUnsupportedFormat):
		to = append(append(to, refusedFormat), err.Error()...)
	case errors.Is(err, activities.ErrUndecodable):
		to = append(append(to, refusedUndecodable), err.Error()...)
	default:
		to = append(append(to, refusedOther), err.Error()...)
	}
	return to[:min(len(to), start+longestAnswer)]
}

// parseRefusal is the error that the child had, in its words.
func parseRefusal(content []byte) error {
	if len(content) == 0 {
		return errShort
	}
	text := string(content[1:])
	switch content[0] {
	case refusedFormat:
		return &refusal{activities.ErrUnsupportedFormat, text}
	case refusedUndecodable:
		return &refusal{activities.ErrUndecodable, text}
	case refusedFinally:
		for n, c := range []byte(text) {
			if c == 0 {
				return contract.Errorf(contract.Code(text[:n]), "%s", text[n+1:])
			}
		}
		return errShort
	}
	return fmt.Errorf("decode picture in a child process: %s", text)
}

// refusal is an error of an imager that went through a pipe.
type refusal struct {
	kind error
	text string
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.kind }
