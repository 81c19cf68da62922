package oss

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"net/http"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

var errDamaged = errors.New("damaged on the way: its checksum differs from the store's")

// body is an object being read. It ends with io.EOF only when it is complete
// and, as far as the store lets us know, intact.
type body struct {
	call   call
	rc     io.ReadCloser
	left   int64       // bytes to come; below zero when the store did not say
	limit  int64       // bytes to give at most; below zero: all
	intact func() bool // of all that was read; nil where nothing tells
}

// expect makes the body, a whole object, be compared with what the store says of
// it: OSS's own checksum, else the ETag of a store that looks like it.
func (b *body) expect(got *oss.GetObjectResult, h http.Header) {
	switch want := contentMD5(h); {
	case h.Get(oss.HTTPHeaderOssCRC64) != "":
		sum := got.ClientCRC // the SDK sums up what was not asked for by range
		if sum == nil {
			sum = crc64.New(oss.CrcTable())
			b.rc = summed{io.TeeReader(b.rc, sum), b.rc}
		}
		b.intact = func() bool { return sum.Sum64() == got.Response.ServerCRC }
	case want != "":
		sum := md5.New()
		b.rc = summed{io.TeeReader(b.rc, sum), b.rc}
		b.intact = func() bool { return want == hex.EncodeToString(sum.Sum(nil)) }
	}
}

type summed struct {
	io.Reader
	io.Closer
}

func (b *body) Read(p []byte) (int, error) {
	if b.limit == 0 {
		return 0, io.EOF
	}
	if b.limit > 0 && int64(len(p)) > b.limit {
		p = p[:b.limit]
	}
	n, err := b.rc.Read(p)
	if b.limit > 0 {
		b.limit -= int64(n)
	}
	if b.left >= 0 {
		b.left -= int64(n)
	}
	switch {
	case err != nil && err != io.EOF:
		return n, fmt.Errorf("%s: %w", b.call, withoutURL(err))
	case err == io.EOF && b.left > 0:
		return n, fmt.Errorf("%s: %w with %d bytes to come", b.call, io.ErrUnexpectedEOF, b.left)
	case b.limit == 0 && b.intact != nil:
		// More was sent than is wanted, and only all of it can be checked.
		rest, err := io.Copy(io.Discard, b.rc)
		if err == nil && b.left > rest {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", b.call, withoutURL(err))
		}
		b.left = 0
	}
	complete := b.left == 0 || b.left < 0 && err == io.EOF
	if complete && b.intact != nil && !b.intact() {
		// Without the last bytes: a reader that has all it asked for would not
		// look at the error.
		return 0, fmt.Errorf("%s: %w", b.call, errDamaged)
	}
	return n, err
}

func (b *body) Close() error { return b.rc.Close() }

// impatient is a body that ends when nothing comes for a while: TCP waits for
// ever for a peer that is there and silent. Only a Read is timed, not what the
// reader does between two of them.
type impatient struct {
	io.ReadCloser
	limit  time.Duration
	cancel func()      // ends the request, and with it a Read
	clock  *time.Timer // of the Read under way; nil before the first
}

func (i *impatient) Read(p []byte) (int, error) {
	if i.clock == nil {
		i.clock = time.AfterFunc(i.limit, i.cancel)
	} else {
		i.clock.Reset(i.limit)
	}
	n, err := i.ReadCloser.Read(p)
	if !i.clock.Stop() && err != io.EOF {
		return n, fmt.Errorf("no byte for %s", i.limit)
	}
	return n, err
}

func (i *impatient) Close() error {
	defer i.cancel()
	return i.ReadCloser.Close()
}
