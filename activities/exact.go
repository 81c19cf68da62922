package activities

import (
	"fmt"
	"io"
)

// exactly reads so many bytes of source and not one less: half a line can mean
// something else, so a source that ends early must not look like one that ends.
func exactly(source io.Reader, bytes int64) io.Reader { return &exact{source, bytes} }

type exact struct {
	source io.Reader
	left   int64
}

func (e *exact) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.source.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		err = fmt.Errorf("%w: %d bytes did not arrive", io.ErrUnexpectedEOF, e.left)
	}
	return n, err
}
