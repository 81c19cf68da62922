package activities

import (
	"context"
	"encoding/binary"
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
}

func newLineReader(ctx context.Context, objects Objects, results Results, task contract.Task) (*lineReader, error) {
	body, _, err := results.Objects.Open(ctx, results.Bucket, task.List.OffsetsKey, Want{})
	if err != nil {
		return nil, fmt.Errorf("read offset table %s/%s: %w", results.Bucket, task.List.OffsetsKey, err)
	}
	defer body.Close()
	table := make([]byte, task.List.Slices*offsetSize)
	if _, err := io.ReadFull(body, table); err != nil {
		return nil, fmt.Errorf("read offset table %s/%s: %w", results.Bucket, task.List.OffsetsKey, err)
	}
	r := &lineReader{objects: objects, task: task, offsets: make([]int64, task.List.Slices)}
	for slice := range r.offsets {
		r.offsets[slice] = int64(binary.BigEndian.Uint64(table[slice*offsetSize:]))
	}
	return r, nil
}

// line is the line of that number, which must not be smaller than the last one
// asked for. Its text is valid until the next call.
func (r *lineReader) line(ctx context.Context, number int64) (manifest.Line, error) {
	slice := int((number - 1) / int64(r.task.List.SliceLines))
	first := r.task.List.FirstLine(slice)
	if r.scanner == nil || r.at < first-1 {
		if err := r.open(ctx, slice, first); err != nil {
			return manifest.Line{}, err
		}
	}
	for r.at < number {
		if !r.scanner.Next() {
			if err := r.scanner.Err(); err != nil {
				return manifest.Line{}, fmt.Errorf("read manifest oss://%s/%s: %w", r.task.List.Bucket, r.task.List.Key, err)
			}
			return manifest.Line{}, fmt.Errorf("read manifest oss://%s/%s: it ends before line %d", r.task.List.Bucket, r.task.List.Key, number)
		}
		r.at++
	}
	return r.scanner.Line(), nil
}

func (r *lineReader) open(ctx context.Context, slice int, first int64) error {
	r.close()
	list := r.task.List
	body, _, err := r.objects.Open(ctx, list.Bucket, list.Key, Want{From: r.offsets[slice], IfMatch: list.ETag})
	if err != nil {
		return manifestError(r.task, err)
	}
	r.body = body
	r.scanner = manifest.NewScanner(body, manifest.Position{Line: first, Offset: r.offsets[slice]})
	r.at = first - 1
	return nil
}

func (r *lineReader) close() {
	if r.body != nil {
		r.body.Close()
		r.body = nil
	}
}
