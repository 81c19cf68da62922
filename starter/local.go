package main

import (
	"context"
	"io"
	"os"
)

// openLocal opens a file of this machine for reading. A FIFO that nobody writes to
// keeps one waiting, for the open and for every read: both end with the context.
func openLocal(ctx context.Context, name string) (io.ReadCloser, error) {
	type opened struct {
		file *os.File
		err  error
	}
	answer := make(chan opened, 1)
	go func() {
		file, err := os.Open(name)
		answer <- opened{file, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err() // what waits goes with the process
	case o := <-answer:
		if o.err != nil {
			return nil, o.err
		}
		if info, err := o.file.Stat(); err == nil && info.Mode().IsRegular() {
			return o.file, nil
		}
		return struct {
			io.Reader
			io.Closer
		}{interruptible(ctx, o.file), o.file}, nil
	}
}

// interruptible is a reader whose reads end with the context, though those of the
// reader below it may wait for ever. Without a context nothing ends them.
func interruptible(ctx context.Context, from io.Reader) io.Reader {
	if ctx == nil {
		return from
	}
	return &waiting{ctx: ctx, from: from}
}

type waiting struct {
	ctx    context.Context
	from   io.Reader
	buffer []byte
	unread []byte
	err    error
}

// readAtOnce is how much is read at a time.
const readAtOnce = 64 << 10

// Read reads into a buffer of its own: whoever gave up on a read may not have its
// memory written to later.
func (w *waiting) Read(into []byte) (int, error) {
	for len(w.unread) == 0 {
		if w.err != nil {
			return 0, w.err
		}
		if w.buffer == nil {
			w.buffer = make([]byte, readAtOnce)
		}
		type got struct {
			n   int
			err error
		}
		answer := make(chan got, 1)
		go func(buffer []byte) {
			n, err := w.from.Read(buffer)
			answer <- got{n, err}
		}(w.buffer)
		select {
		case <-w.ctx.Done():
			w.err = w.ctx.Err()
		case g := <-answer:
			w.unread, w.err = w.buffer[:g.n], g.err
		}
	}
	n := copy(into, w.unread)
	w.unread = w.unread[n:]
	return n, nil
}
