package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// spool collects an object in a temporary file, whose size does not matter to
// the memory, and writes it whole once fill has succeeded.
func (r Results) spool(ctx context.Context, key, contentType string, fill func(io.Writer) error) error {
	file, err := os.CreateTemp("", "imagebatch-*")
	if err != nil {
		return fmt.Errorf("make temporary file: %w", diskError(err))
	}
	defer file.Close()
	// The file goes with its last descriptor, even if the process is killed.
	if err := os.Remove(file.Name()); err != nil {
		return fmt.Errorf("unlink temporary file: %w", err)
	}
	if err := fill(file); err != nil {
		return diskError(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("rewind temporary file: %w", err)
	}
	return r.put(ctx, key, contentType, file)
}

// diskError adds the remedy to an error of a full disk, once, however many spools
// it passes through.
func diskError(err error) error {
	if full := (fullDisk{}); errors.As(err, &full) {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fullDisk{err}
	}
	return err
}

// fullDisk is an error of the folder for temporary files, with its remedy.
type fullDisk struct{ cause error }

func (e fullDisk) Error() string {
	return fmt.Sprintf("%v; free some of %s on the worker, or set TMPDIR to a folder with more", e.cause, os.TempDir())
}

func (e fullDisk) Unwrap() error { return e.cause }
