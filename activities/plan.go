package activities

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// Plans reads work lists once, before anything is done with their lines.
type Plans struct {
	Ledger     Ledger
	Index      Index
	Identities Identities
	Results    Results
}

// Plan counts the lines of the task's manifest, notes where every slice begins
// and pins the version. What is no manifest at all is refused, CodeInvalidManifest,
// and so is one that would delete too much, before anything is written,
// CodeTooManyDeletes. Memory is eight bytes a slice, and
// what deleteGuard says. Safe to repeat: the first plan stays. An attempt that is
// given up because its worker stops keeps what it has, see planned.
func (p *Plans) Plan(ctx context.Context, in contract.PlanInput) (_ contract.WorkList, err error) {
	mark, marked := lastMark(ctx)
	stopBeats := beat(ctx, marked...)
	defer stopBeats()
	ctx, end := yielding(ctx)
	defer end(&err)
	task, err := p.Ledger.Task(ctx, in.Task)
	if err != nil {
		return contract.WorkList{}, err
	}
	if task.Planned {
		return task.List, nil
	}
	objects, err := p.Identities.As(ctx, task.RoleARN)
	if err != nil {
		return contract.WorkList{}, err
	}
	if !task.Dump { // the pictures of a dump are elsewhere than the dump
		if err := checkRegion(ctx, objects, task); err != nil {
			return contract.WorkList{}, err
		}
	}
	soFar := p.resume(ctx, task, in, mark)
	list, offsets, err := p.read(ctx, objects, task, in, soFar)
	if stoppedBy(ctx, err) {
		stopBeats() // they would say less than the mark
		p.keep(ctx, task, soFar)
	}
	if err != nil {
		return contract.WorkList{}, err
	}
	if err := p.Results.put(ctx, list.OffsetsKey, "application/octet-stream", bytes.NewReader(encodeOffsets(offsets))); err != nil {
		return contract.WorkList{}, err
	}
	return p.Ledger.SetPlan(ctx, in.Task, list)
}

// checkRegion refuses a bucket of another region than the instance's. Whoever
// may not ask where the bucket is goes on: the store itself will answer.
func checkRegion(ctx context.Context, objects Objects, task contract.Task) error {
	region, err := objects.Region(ctx, task.Bucket)
	switch {
	case errors.Is(err, ErrNoSuchBucket):
		return manifestError(task, err)
	case err != nil || region == "" || region == task.Region:
		return nil
	}
	return contract.Errorf(contract.CodeBucketRegion,
		"bucket %q is in %s but instance %q is in %s; use a bucket of %s, or an instance of %s",
		task.Bucket, region, task.Instance, task.Region, task.Region, region)
}

// read reads the manifest from where the plan has come to.
func (p *Plans) read(ctx context.Context, objects Objects, task contract.Task, in contract.PlanInput, soFar *planned) (contract.WorkList, []int64, error) {
	key := contract.ManifestKey(task.Path)
	body, info, err := objects.Open(ctx, task.Bucket, key, Want{From: soFar.at.Offset, IfMatch: soFar.etag})
	if errors.Is(err, ErrChanged) { // while nobody read it
		*soFar = *p.begin(task, in)
		body, info, err = objects.Open(ctx, task.Bucket, key, Want{})
	}
	if err != nil {
		return contract.WorkList{}, nil, firstReadError(ctx, objects, task, err)
	}
	defer body.Close()

	var content io.Reader = body
	if soFar.at.Offset == 0 {
		soFar.etag, soFar.size = info.ETag, info.Size
	}
	if soFar.size >= 0 {
		content = exactly(body, soFar.size-soFar.at.Offset)
	}
	if soFar.at.Offset == 0 {
		var foreign string
		if content, foreign = manifest.Recognize(content); foreign != "" {
			return contract.WorkList{}, nil, contract.Errorf(contract.CodeInvalidManifest, "oss://%s/%s %s", task.Bucket, key, foreign)
		}
	}
	scanner := manifest.NewScanner(soFar.hashing(content), soFar.at)
	for scanner.Next() {
		if err := soFar.see(ctx, scanner); err != nil {
			return contract.WorkList{}, nil, err
		}
		if len(soFar.cuts.coarse) > maxSlices {
			return contract.WorkList{}, nil, contract.Errorf(contract.CodeBadRequest,
				"oss://%s/%s has more than %d slices of %d lines; split it, or leave the size of slices out", task.Bucket, key, maxSlices, in.Sizes.SliceLinesFor(soFar.cuts.lines))
		}
	}
	if err := scanner.Err(); err != nil {
		return contract.WorkList{}, nil, fmt.Errorf("read manifest oss://%s/%s: %w", task.Bucket, key, err)
	}
	if err := soFar.guard.judge(ctx); err != nil {
		return contract.WorkList{}, nil, err
	}
	sliceLines, offsets := soFar.cuts.offsets()
	list := contract.WorkList{
		Bucket: task.Bucket, Key: key, ETag: soFar.etag, Size: scanner.Position().Offset,
		Lines: soFar.lines, RawLines: soFar.cuts.lines, SliceLines: sliceLines, Slices: len(offsets),
		Digest: hex.EncodeToString(soFar.digest.Sum(nil)),
	}
	// The digest and the size of slices are part of the key: an attempt that read
	// another version of the manifest must not replace the table of the plan.
	list.OffsetsKey = p.Results.taskKey(task, fmt.Sprintf("offsets-%s-%d", list.Digest[:16], sliceLines))
	return list, offsets, nil
}

// maxSlices bounds the memory of a plan to some tens of megabytes: four thousand
// million lines in slices of the usual size.
const maxSlices = 4 << 20

// cutter notes where slices begin before it is known how long they are: the
// size of a slice follows from the number of lines, which is known at the end.
type cutter struct {
	sizes  contract.Sizes
	lines  int64
	every  []int64 // each line, while the default size of a slice is still open
	coarse []int64 // each line that begins a slice of the largest size
}

// settled is the number of lines from which on slices have their largest size.
const settled = 64 * contract.MaxSliceLines

func (c *cutter) add(offset int64) {
	largest := int64(contract.MaxSliceLines)
	if c.sizes.SliceLines > 0 {
		largest = int64(c.sizes.SliceLines)
	} else if c.lines < settled {
		c.every = append(c.every, offset)
	} else {
		c.every = nil
	}
	if c.lines%largest == 0 {
		c.coarse = append(c.coarse, offset)
	}
	c.lines++
}

func (c *cutter) offsets() (sliceLines int, offsets []int64) {
	sliceLines = c.sizes.SliceLinesFor(c.lines)
	if c.every == nil {
		return sliceLines, c.coarse
	}
	for n := 0; n < len(c.every); n += sliceLines {
		offsets = append(offsets, c.every[n])
	}
	return sliceLines, offsets
}

// firstReadError says for good what keeps a manifest from being read for the
// first time, where it is not mere trouble of the store. A key or an address that
// the store does not serve then is a mistake.
func firstReadError(ctx context.Context, objects Objects, task contract.Task, err error) error {
	if errors.Is(err, ErrNoSuchObject) {
		key := contract.ManifestKey(task.Path)
		if hint := newOtherNames(requestGuesses).hint(ctx, objects, task.Bucket, key); hint != "" {
			return contract.Errorf(contract.CodeNoSuchManifest, "there is no oss://%s/%s%s; upload the manifest under exactly that name, or give the folder that holds it",
				task.Bucket, key, hint)
		}
	}
	if errors.Is(err, ErrTurnedAway) {
		return contract.Errorf(contract.CodeConsoleNoPermission, "reading oss://%s/%s: the object store turned the worker away: %s",
			task.Bucket, contract.ManifestKey(task.Path), told(err, "check the worker's access key and endpoint"))
	}
	return manifestError(task, err)
}

// manifestError says for good what keeps the manifest of a task from being read
// again. The worker being turned away is none of it: it was not at first, so keys
// were changed since, and workers are given others.
func manifestError(task contract.Task, err error) error {
	key := contract.ManifestKey(task.Path)
	switch {
	case errors.Is(err, ErrNoSuchObject):
		return contract.Errorf(contract.CodeNoSuchManifest,
			"there is no oss://%s/%s; upload the manifest under exactly that name, or give the folder that holds it", task.Bucket, key)
	case errors.Is(err, ErrNoSuchBucket):
		return contract.Errorf(contract.CodeNoSuchBucket, "there is no bucket %q; check its name and the region of the endpoint", task.Bucket)
	case errors.Is(err, ErrDenied):
		return contract.Errorf(contract.CodeConsoleNoPermission, "reading oss://%s/%s was denied: %s", task.Bucket, key,
			told(err, fmt.Sprintf("grant oss:GetObject on %s/%s to the worker's credentials or the task's role", task.Bucket, contract.PictureKey(task.Path, "*"))))
	case errors.Is(err, ErrRefused):
		return contract.Errorf(contract.CodeBadRequest, "the object store does not read oss://%s/%s: %s", task.Bucket, key,
			told(err, "check the worker's endpoint and region, and that the bucket is there"))
	case errors.Is(err, ErrChanged):
		return contract.Errorf(contract.CodeManifestChanged,
			"oss://%s/%s was changed while the task ran; what was done is kept: leave the manifest alone until a task has ended, and start the task again", task.Bucket, key)
	}
	return fmt.Errorf("read manifest oss://%s/%s: %w", task.Bucket, key, err)
}
