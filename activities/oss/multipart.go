package oss

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"imagebatch/activities"
)

// Objects of any length are put in parts, one after the other, so that the memory
// they take is that of a part. Parts become longer on the way: an upload has
// 10,000 of them at most, and 8 MiB each would end at 80 GB.
// Source: https://www.alibabacloud.com/help/en/oss/user-guide/multipart-upload
const (
	firstPart  = 8 << 20
	largerFrom = 1000     // after so many parts they are twice as long,
	lengths    = 4        // so many lengths in all: the last one is 64 MiB
	mostParts  = 10_000   // some 500 GB
	onePut     = 64 << 20 // bytes
)

// Trouble in the middle of many gigabytes is not left to whoever began them: a
// part is put again, for some ten seconds in all.
const (
	partTries = 6
	partPause = 300 * time.Millisecond // doubles
)

// abortTimeout bounds taking back what was put of an upload that failed.
const abortTimeout = 10 * time.Second

// partLength is the length of a part, counted from 1.
func (o *objects) partLength(number int) int64 {
	return o.firstPart << min((number-1)/largerFrom, lengths-1)
}

// putStream puts what has no length that is known and small: at once when it
// turns out to be no more than a part, else in parts.
func (o *objects) putStream(ctx context.Context, c call, options []oss.Option, body io.Reader) error {
	var part bytes.Buffer
	if err := fillPart(&part, body, o.partLength(1)); err != nil {
		return fmt.Errorf("%s: %w", c, err)
	}
	if int64(part.Len()) < o.partLength(1) {
		return o.putOnce(ctx, c, options, bytes.NewReader(part.Bytes()))
	}
	var made oss.InitiateMultipartUploadResult
	err := o.persist(ctx, c, func(s *session, b *oss.Bucket) (err error) {
		made, err = b.InitiateMultipartUpload(c.key, options...)
		return err
	})
	if err != nil {
		return err
	}
	if err := o.putParts(ctx, c, made, &part, body); err != nil {
		o.abort(ctx, c, made)
		return err
	}
	return nil
}

// fillPart reads so many bytes, or fewer where the body ends.
func fillPart(part *bytes.Buffer, body io.Reader, length int64) error {
	part.Reset()
	_, err := io.CopyN(part, body, length)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (o *objects) putParts(ctx context.Context, c call, upload oss.InitiateMultipartUploadResult, part *bytes.Buffer, body io.Reader) error {
	var parts []oss.UploadPart
	whole := crc64.New(oss.CrcTable())
	for number := 1; part.Len() > 0; number++ {
		if number > mostParts {
			return fmt.Errorf("%s: %w: it has more than %d parts", c, activities.ErrTooLarge, mostParts)
		}
		whole.Write(part.Bytes())
		put, err := o.putPart(ctx, c, upload, part.Bytes(), number)
		if err != nil {
			return err
		}
		parts = append(parts, put)
		if err := fillPart(part, body, o.partLength(number+1)); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
	}
	return o.persist(ctx, c, func(s *session, b *oss.Bucket) error {
		var h http.Header
		if _, err := b.CompleteMultipartUpload(upload, slices.Clone(parts), oss.WithContext(ctx), oss.GetResponseHeader(&h)); err != nil {
			return err
		}
		if sum := h.Get(oss.HTTPHeaderOssCRC64); sum != "" && sum != strconv.FormatUint(whole.Sum64(), 10) {
			return errDamaged
		}
		return nil
	})
}

func (o *objects) putPart(ctx context.Context, c call, upload oss.InitiateMultipartUploadResult, part []byte, number int) (put oss.UploadPart, err error) {
	sum := md5.Sum(part)
	err = o.persist(ctx, c, func(s *session, b *oss.Bucket) (err error) {
		var h http.Header
		put, err = b.UploadPart(upload, bytes.NewReader(part), int64(len(part)), number, oss.WithContext(ctx), oss.GetResponseHeader(&h))
		if want := contentMD5(h); err == nil && want != "" && want != hex.EncodeToString(sum[:]) {
			return errDamaged
		}
		return err
	})
	return put, err
}

// abort frees what was put. Where it fails, a lifecycle rule of the bucket does.
func (o *objects) abort(ctx context.Context, c call, upload oss.InitiateMultipartUploadResult) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	_ = o.do(ctx, c, always, func(s *session) error {
		b, err := s.bucket(c)
		if err != nil {
			return err
		}
		return b.AbortMultipartUpload(upload, oss.WithContext(ctx))
	})
}

// persist makes a call again after trouble that may pass.
func (o *objects) persist(ctx context.Context, c call, run func(*session, *oss.Bucket) error) error {
	for try, pause := 1, partPause; ; try, pause = try+1, pause*2 {
		err := o.do(ctx, c, always, func(s *session) error {
			b, err := s.bucket(c)
			if err != nil {
				return err
			}
			return run(s, b)
		})
		if err == nil || try == partTries || ctx.Err() != nil || !passing(err) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// passing tells what the same call may be spared by waiting. An upload that is
// gone is not: it has to be made anew.
func passing(err error) bool {
	var a *answer
	if errors.As(err, &a) {
		return a.code != codeNoSuchUpload && (a.kind == nil || a.kind == activities.ErrThrottled || a.kind == activities.ErrStranger)
	}
	return !errors.Is(err, activities.ErrNoSuchObject) && !errors.Is(err, activities.ErrNoSuchBucket)
}

const codeNoSuchUpload = "NoSuchUpload"
