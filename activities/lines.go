package activities

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// lineReader reads chosen lines of a task's work list again, in ascending order,
// at the version that the plan pinned. It jumps by the offset table where the
// next line lies in another slice.
type lineReader struct {
	objects Objects
	task    contract.Task
	offsets []int64
	body    io.ReadCloser
	scanner *manifest.Scanner
	at      int64 // number of the scanner's line
	lost    bool  // the manifest is not there any more as it was planned
}

// gone reports whether the manifest was found to be changed, or to be out of
// reach for good. It is safe on a nil reader.
func (r *lineReader) gone() bool { return r != nil && r.lost }

func newLineReader(ctx context.Context, objects Objects, results Results, task contract.Task) (*lineReader, error) {
	offsets, err := results.offsets(ctx, task.List.OffsetsKey, 0, task.List.Slices)
	if err != nil {
		return nil, err
	}
	return &lineReader{objects: objects, task: task, offsets: offsets}, nil
}

// line is the line of that number, which must not be smaller than the last one
// asked for. Its text is valid until the next call. A manifest that is no longer
// that of the plan is a contract.Error.
func (r *lineReader) line(ctx context.Context, number int64) (manifest.Line, error) {
	list := r.task.List
	slice := int((number - 1) / int64(list.SliceLines))
	if r.body == nil || r.at < list.FirstLine(slice)-1 {
		if err := r.open(ctx, slice); err != nil {
			return manifest.Line{}, err
		}
	}
	for r.at < number {
		if !r.scanner.Next() {
			if err := r.scanner.Err(); err != nil {
				return manifest.Line{}, fmt.Errorf("read manifest oss://%s/%s: %w", list.Bucket, list.Key, err)
			}
			return manifest.Line{}, fmt.Errorf("read manifest oss://%s/%s: it ends before line %d", list.Bucket, list.Key, number)
		}
		r.at++
	}
	return r.scanner.Line(), nil
}

// open goes to the first line of a slice.
func (r *lineReader) open(ctx context.Context, slice int) error {
	r.close()
	from := r.offsets[slice]
	body, err := r.bytes(ctx, Want{From: from})
	if err != nil {
		return err
	}
	first := r.task.List.FirstLine(slice)
	r.body = body
	r.scanner = manifest.NewScanner(exactly(body, r.task.List.Size-from), manifest.Position{Line: first, Offset: from})
	r.at = first - 1
	return nil
}

// bytes reads a part of the manifest as it was planned.
func (r *lineReader) bytes(ctx context.Context, part Want) (io.ReadCloser, error) {
	part.IfMatch = r.task.List.ETag
	body, _, err := r.objects.Open(ctx, r.task.List.Bucket, r.task.List.Key, part)
	if err != nil {
		err = manifestError(r.task, err)
		r.lost = r.lost || final(err)
		return nil, err
	}
	return body, nil
}

// copyLine writes a line byte for byte, however long it is, and a line feed.
func (r *lineReader) copyLine(ctx context.Context, line manifest.Line, to *bufio.Writer) error {
	if !line.TooLong {
		to.Write(line.Text) // its errors show in the next call
		return to.WriteByte('\n')
	}
	body, err := r.bytes(ctx, Want{From: line.Offset, To: line.Offset + int64(line.Length)})
	if err != nil {
		return err
	}
	defer body.Close()
	if _, err := io.Copy(to, exactly(body, int64(line.Length))); err != nil {
		return fmt.Errorf("copy line %d: %w", line.Number, err)
	}
	return to.WriteByte('\n')
}

// close is safe on a nil reader.
func (r *lineReader) close() {
	if r != nil && r.body != nil {
		r.body.Close()
		r.body = nil
	}
}
