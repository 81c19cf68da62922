package container

import (
	"bytes"
	"compress/lzw"
	"fmt"
	"io"

	"imagebatch/activities"
)

// gifPixels checks that the compressed data of a frame lasts for all of its
// pixels: decoders leave the rest as it was. The data begins with the size of its
// codes, followed by a chain of blocks. A row too many is none the worse; more
// tells that codes were lost.
func gifPixels(data []byte, width, height int) error {
	const least, most = 2, 8 // bits, as many as a color table can need
	if len(data) == 0 {
		return cutOff(activities.GIF)
	}
	size := int(data[0])
	if size < least || size > most {
		return fmt.Errorf("%w: its GIF data is damaged: codes begin with %d bits", activities.ErrUndecodable, size)
	}
	var codes bytes.Buffer
	for rest := data[1:]; len(rest) > 0 && rest[0] != 0; {
		end := min(1+int(rest[0]), len(rest))
		codes.Write(rest[1:end])
		rest = rest[end:]
	}
	reader := lzw.NewReader(&codes, lzw.LSB, size)
	defer reader.Close()
	want := int64(width) * int64(height)
	got, err := io.Copy(io.Discard, io.LimitReader(reader, want+int64(width)+1))
	switch {
	case got < want && err != nil:
		return fmt.Errorf("%w: its GIF data is damaged after %d of %d pixels: %w", activities.ErrUndecodable, got, want, err)
	case got < want:
		return fmt.Errorf("%w: its GIF data ends after %d of %d pixels", activities.ErrUndecodable, got, want)
	case got > want+int64(width):
		return fmt.Errorf("%w: its GIF data is damaged: it has more than its %d pixels", activities.ErrUndecodable, want)
	}
	return nil
}
