package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// fetchStage fetches pictures until there are no more.
func (p *pipeline) fetchStage(adds <-chan addition, fetched chan<- addition) {
	for a := range adds {
		if p.work.Err() != nil {
			continue
		}
		var ok bool
		p.isolating(a, NoStage, contract.CodePictureError, func() {
			p.timed(Fetched, func() { ok = p.fetchLine(&a) })
		})
		if ok {
			fetched <- a // its receivers drain it
		}
	}
}

// fetchLine fetches the picture of a line, again where that may help. It reports
// whether the line goes on to the next stage.
//
// A line is isolated for trouble that may pass only when its last attempts stand
// between good answers of the store about the manifest: otherwise the store is
// in trouble, not the picture, and the slice fails as a whole, to be tried again.
func (p *pipeline) fetchLine(a *addition) bool {
	for tries := (patience{}); ; {
		a.attempts++
		place, err := p.fetchPicture(a)
		if err == nil {
			return true
		}
		failed := time.Now()
		code, message, passing := p.fetchProblem(place, err)
		if errors.Is(err, ErrNoSuchObject) {
			message = p.missing(a.entry)
		}
		if passing && p.more.Err() != nil {
			return false // the line stays undone, for whoever goes on
		}
		pause, probe, last := tries.spend(err)
		if errors.Is(err, ErrDenied) || errors.Is(err, ErrRefused) || passing && probe {
			if err := p.source.reachable(p.work, failed); err != nil {
				p.fail(fmt.Errorf("fetch oss://%s/%s: %w", place.Bucket, place.Key, err))
				return false
			}
		}
		if !passing || last {
			p.refuse(*a, NoStage, code, message)
			return false
		}
		if !p.wait(pause) {
			return false
		}
	}
}

// wait reports whether the attempt goes on after a pause.
func (p *pipeline) wait(pause time.Duration) bool {
	select {
	case <-time.After(pause):
		return true
	case <-p.more.Done():
	}
	return false
}

// places are the objects that the picture of a line may be in, the first one
// first: those of its source or, where the line names none, the one in the
// manifest's folder and, where the task says so, from the bucket's root.
func (p *pipeline) places(entry manifest.Entry) []contract.PicContent {
	if entry.Source != nil {
		return entry.Source.Places()
	}
	folder := manifest.Source{Bucket: p.task.Bucket, Key: contract.PictureKey(p.task.Path, entry.PicName), RoleARN: p.task.RoleARN}
	if p.task.FromRoot && folder.Key != entry.PicName {
		folder.OrKey = entry.PicName
	}
	return folder.Places()
}

// fetchPicture looks for the picture where it may be. It names the object that
// it tried last.
func (p *pipeline) fetchPicture(a *addition) (place contract.PicContent, err error) {
	places := p.places(a.entry)
	if err := p.Limits.Fetches.Acquire(p.more); err != nil {
		return places[0], err
	}
	defer func() { p.Limits.Fetches.Release(errors.Is(err, ErrThrottled)) }()
	for _, place = range places {
		var objects Objects
		if objects, place.Bucket, err = locate(p.work, p.Identities, p.Results, place); err != nil {
			return place, err
		}
		if a.data, a.release, err = fetch(p.work, objects, p.Limits, place.Bucket, place.Key); !errors.Is(err, ErrNoSuchObject) {
			break
		}
	}
	return place, err
}

// locate is the object store that a picture is read from, and the bucket in it.
func locate(ctx context.Context, identities Identities, results Results, content contract.PicContent) (Objects, string, error) {
	if !content.Uploaded {
		objects, err := identities.As(ctx, content.RoleARN)
		return objects, content.Bucket, err
	}
	// The results bucket holds more than uploads.
	if name, ok := strings.CutPrefix(content.Key, uploads); !ok || name == "" || strings.Contains(name, "/") {
		return nil, results.Bucket, contract.Errorf(contract.CodeInvalidPicURL, "%q is no uploaded picture; ask for a place to upload to first", content.Key)
	}
	return results.Objects, results.Bucket, nil
}

// fetchProblem says what a failed fetch means for its line, and whether it may
// pass.
func (p *pipeline) fetchProblem(place contract.PicContent, err error) (code contract.Code, message string, passing bool) {
	var refusal *contract.Error
	if errors.As(err, &refusal) {
		return refusal.Code, refusal.Message, false
	}
	return fetchProblem(place.Bucket, place.Key, p.Limits.Transfer, err)
}

// missing says which objects are not there, which one is that may have been meant,
// and what to do.
func (p *pipeline) missing(entry manifest.Entry) string {
	places := p.places(entry)
	hint := ""
	for n, place := range places {
		objects, bucket, err := locate(p.work, p.Identities, p.Results, place)
		if err != nil {
			break
		}
		places[n].Bucket = bucket
		if hint = p.others.hint(p.more, objects, bucket, place.Key); hint != "" {
			break
		}
	}
	text := fmt.Sprintf("there is no oss://%s/%s", places[0].Bucket, places[0].Key)
	if len(places) > 1 {
		text = fmt.Sprintf("there is neither oss://%s/%s nor oss://%[1]s/%[3]s", places[0].Bucket, places[0].Key, places[1].Key)
	}
	if address := manifest.AddressRemedy(entry.PicName, p.task.Bucket, p.task.Path); address != "" && hint == "" {
		return text + ": " + address
	}
	return text + hint + "; upload the picture or correct PicName"
}

func fetchProblem(bucket, key string, limit time.Duration, err error) (code contract.Code, message string, passing bool) {
	object := fmt.Sprintf("oss://%s/%s", bucket, key)
	var large tooLarge
	switch {
	case errors.Is(err, ErrNoSuchObject):
		return contract.CodeInvalidPicURL, "there is no " + object + "; upload the picture or correct PicName", false
	case errors.Is(err, ErrNoSuchBucket):
		return contract.CodeInvalidPicURL, fmt.Sprintf("there is no bucket %q; check its name", bucket), true
	case errors.Is(err, ErrDenied):
		return contract.CodeNoPermission, fmt.Sprintf("reading %s was denied: %s", object, told(err, "grant oss:GetObject on it")), false
	case errors.Is(err, ErrTurnedAway):
		return contract.CodeNoPermission, fmt.Sprintf("reading %s: the object store turned the worker away: %s", object, told(err, "check the worker's access key")), true
	case errors.Is(err, ErrRefused):
		return contract.CodePictureError, fmt.Sprintf("the object store does not read %s: %s", object, told(err, "look at the object with the store's own tools")), false
	case errors.As(err, &large):
		return contract.CodeInvalidPicContent, large.Error() + ": compress it", false
	case errors.Is(err, errSlow):
		return contract.CodeTimeoutForTransferImage, fmt.Sprintf("the picture did not arrive within %s; make it smaller or try again when the object store is less busy", limit), true
	}
	return contract.CodePictureError, fmt.Sprintf("reading %s: %s", object, told(err, "try again")), true
}

// tooLarge is a picture of more bytes than are accepted.
type tooLarge struct {
	size  int64
	least bool // the object is longer than size; nobody counted how much
}

func (e tooLarge) Error() string {
	atLeast := ""
	if e.least {
		atLeast = "at least "
	}
	return fmt.Sprintf("the picture has %s%d bytes; at most %d (4 MiB) are accepted", atLeast, e.size, contract.MaxPictureBytes)
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
	if info.Size > contract.MaxPictureBytes {
		return nil, nil, tooLarge{size: info.Size}
	}
	if !clock.Stop() {
		return nil, nil, errSlow
	}
	used := time.Since(start)
	room := info.Size
	if room < 0 {
		room = contract.MaxPictureBytes + 1
	}
	if err := limits.Bytes.Acquire(ctx, room); err != nil {
		return nil, nil, err
	}
	buffer := pictureBuffers.take(int(room))
	give := sync.OnceFunc(func() {
		pictureBuffers.put(buffer)
		limits.Bytes.Release(room)
	})
	defer func() {
		if release == nil { // the picture is not handed over, be it for a panic of the store's client
			give()
		}
	}()
	clock.Reset(max(limits.Transfer-used, time.Millisecond))
	n, err := readPicture(body, buffer, info.Size)
	if err != nil {
		return nil, nil, slowOr(transfer, err)
	}
	return buffer[:n], give, nil
}

// readPicture fills the buffer. When the size is not known, less is enough, and
// a full buffer is one byte too many.
func readPicture(body io.Reader, buffer []byte, size int64) (n int, err error) {
	if size >= 0 {
		return io.ReadFull(body, buffer)
	}
	for n < len(buffer) && err == nil {
		var more int
		more, err = body.Read(buffer[n:])
		n += more
	}
	switch {
	case n == len(buffer):
		return n, tooLarge{size: int64(n), least: true}
	case err == io.EOF:
		return n, nil
	}
	return n, err
}

// slowOr is errSlow where that is why the transfer ended, else the error.
func slowOr(transfer context.Context, err error) error {
	if errors.Is(context.Cause(transfer), errSlow) {
		return errSlow
	}
	return err
}
