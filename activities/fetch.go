package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"imagebatch/workflows/contract"
)

// fetchAttempts is how often a picture is tried before the trouble is taken to
// be its own.
const fetchAttempts = 4

// fetchStage fetches pictures until there are no more.
func (p *pipeline) fetchStage(adds <-chan addition, fetched chan<- addition) {
	for a := range adds {
		if p.work.Err() != nil {
			continue
		}
		var ok bool
		p.timed(Fetched, func() { ok = p.fetchLine(&a) })
		if !ok {
			continue
		}
		select {
		case fetched <- a:
		case <-p.work.Done():
			a.release()
		}
	}
}

// fetchLine fetches the picture of a line, again where that may help. A line
// whose picture cannot be had is isolated only once the manifest, which is known
// to be there, can be reached the same way: else the store is in trouble, not
// the picture, and the attempt fails as a whole. It reports whether the line
// goes on to the next stage.
func (p *pipeline) fetchLine(a *addition) bool {
	pause := 100 * time.Millisecond
	for {
		a.attempts++
		err := p.fetchPicture(a)
		if err == nil {
			return true
		}
		code, message, passing := p.fetchProblem(*a, err)
		if passing && a.attempts < fetchAttempts {
			if errors.Is(err, ErrThrottled) {
				pause *= 2
			}
			select {
			case <-time.After(pause + rand.N(pause)):
				pause *= 2
				continue
			case <-p.feed.Done():
				return false // the line stays undone, for whoever goes on
			case <-p.work.Done():
				return false
			}
		}
		if passing || code == contract.CodeNoPermission {
			if err := p.source.reachable(p.work); err != nil {
				p.fail(fmt.Errorf("fetch oss://%s/%s: %w", p.task.Bucket, contract.PictureKey(p.task.Path, a.entry.PicName), err))
				return false
			}
		}
		p.refuse(*a, NoStage, code, message)
		return false
	}
}

// fetchPicture looks for the picture in the manifest's folder and, where the
// task says so, from the bucket's root.
func (p *pipeline) fetchPicture(a *addition) error {
	err := p.fetchKey(a, contract.PictureKey(p.task.Path, a.entry.PicName))
	if errors.Is(err, ErrNoSuchObject) && p.task.FromRoot && p.task.Path != "/" {
		return p.fetchKey(a, a.entry.PicName)
	}
	return err
}

func (p *pipeline) fetchKey(a *addition, key string) error {
	data, release, err := fetch(p.work, p.objects, p.Limits, p.task.Bucket, key)
	if err == nil {
		a.data, a.release = data, release
	}
	return err
}

// tooLarge is a picture of more bytes than are accepted.
type tooLarge struct{ size int64 }

func (e tooLarge) Error() string {
	return fmt.Sprintf("picture of %d bytes, more than %d", e.size, contract.MaxPictureBytes)
}

// errSlow ends a transfer that takes too long.
var errSlow = errors.New("picture did not arrive in time")

// fetch reads a picture into memory that is counted against the process's limit
// until release is called. The size is checked before the body is read. The
// clock of the transfer stands still while the fetch waits for memory.
func fetch(ctx context.Context, objects Objects, limits Limits, bucket, key string) (data []byte, release func(), err error) {
	transfer, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clock := time.AfterFunc(limits.Transfer, func() { cancel(errSlow) })
	defer clock.Stop()
	start := time.Now()

	body, info, err := objects.Open(transfer, bucket, key, Want{})
	if err != nil {
		return nil, nil, slowOr(transfer, err)
	}
	defer body.Close()
	size := info.Size
	if size > contract.MaxPictureBytes {
		return nil, nil, tooLarge{size}
	}
	if size < 0 {
		size = contract.MaxPictureBytes + 1
	}
	if clock.Stop() {
		used := time.Since(start)
		if err := limits.Bytes.Acquire(ctx, size); err != nil {
			return nil, nil, err
		}
		clock.Reset(max(limits.Transfer-used, time.Millisecond))
	} else {
		return nil, nil, errSlow
	}
	buffer := pictureBuffers.take(int(size))
	release = sync.OnceFunc(func() {
		pictureBuffers.put(buffer)
		limits.Bytes.Release(size)
	})
	n, err := io.ReadFull(body, buffer)
	switch {
	case info.Size < 0 && err == nil:
		err = tooLarge{int64(n)}
	case info.Size < 0 && errors.Is(err, io.ErrUnexpectedEOF), info.Size < 0 && errors.Is(err, io.EOF):
		err = nil
	}
	if err != nil {
		release()
		return nil, nil, slowOr(transfer, err)
	}
	return buffer[:n], release, nil
}

// slowOr is errSlow where that is why the transfer ended, else the error.
func slowOr(transfer context.Context, err error) error {
	if errors.Is(context.Cause(transfer), errSlow) {
		return errSlow
	}
	return err
}

// fetchProblem says what a failed fetch means for its line, and whether it may
// pass.
func (p *pipeline) fetchProblem(a addition, err error) (code contract.Code, message string, passing bool) {
	return fetchProblem(p.task.Bucket, contract.PictureKey(p.task.Path, a.entry.PicName), p.Limits.Transfer, err)
}

func fetchProblem(bucket, key string, limit time.Duration, err error) (code contract.Code, message string, passing bool) {
	object := fmt.Sprintf("oss://%s/%s", bucket, key)
	var large tooLarge
	switch {
	case errors.Is(err, ErrNoSuchObject):
		return contract.CodeInvalidPicURL, "there is no " + object + "; upload the picture or correct PicName", false
	case errors.Is(err, ErrNoSuchBucket):
		return contract.CodeInvalidPicURL, fmt.Sprintf("there is no bucket %q", bucket), true
	case errors.Is(err, ErrDenied):
		return contract.CodeNoPermission, "reading " + object + " was denied; grant oss:GetObject on it", false
	case errors.As(err, &large):
		return contract.CodeInvalidPicContent, fmt.Sprintf("the picture has %d bytes; at most %d (4 MiB) are accepted: compress it", large.size, contract.MaxPictureBytes), false
	case errors.Is(err, errSlow):
		return contract.CodeTimeoutForTransferImage, fmt.Sprintf("the picture did not arrive within %s; make it smaller or try again when the object store is less busy", limit), true
	}
	return contract.CodePictureError, fmt.Sprintf("reading %s: %v; try again", object, err), true
}

// probe asks whether the object store can be reached at all, by the manifest,
// and remembers a good answer for a moment.
type probe struct {
	objects Objects
	task    contract.Task

	mu   sync.Mutex
	good time.Time
}

// probeValid is how long a good answer counts.
const probeValid = time.Second

func (p *probe) reachable(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.good) < probeValid {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := p.objects.Head(ctx, p.task.Bucket, contract.ManifestKey(p.task.Path))
	switch {
	case errors.Is(err, ErrNoSuchObject), errors.Is(err, ErrNoSuchBucket):
		return manifestError(p.task, err)
	case err != nil:
		return fmt.Errorf("the manifest cannot be reached either: %w", err)
	}
	p.good = time.Now()
	return nil
}
