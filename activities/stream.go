package activities

import (
	"bufio"
	"context"
	"errors"
	"io"
)

// stream writes an object while fill makes it, so that its size matters neither
// to memory nor to a disk. It is there whole once fill has succeeded, else as it
// was before.
func (r Results) stream(ctx context.Context, key, contentType string, fill func(io.Writer) error) error {
	from, to := io.Pipe()
	defer to.CloseWithError(io.ErrUnexpectedEOF) // where fill panics; a pipe is closed once
	stored := make(chan error, 1)
	go func() {
		err := r.put(ctx, key, contentType, from)
		_ = from.CloseWithError(err) // nothing is read any more
		stored <- err
	}()
	buffer := bufio.NewWriterSize(to, 64<<10) // a pipe hands over each write by itself
	err := fill(buffer)
	if err == nil {
		err = buffer.Flush()
	}
	_ = to.CloseWithError(err) // nil is the end
	if storeErr := <-stored; storeErr != nil && (err == nil || errors.Is(err, storeErr)) {
		return storeErr
	}
	return err
}
