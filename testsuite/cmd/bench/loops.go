package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"imagebatch/activities"
	"imagebatch/activities/imaging"
	"imagebatch/activities/index"
	"imagebatch/activities/store"
	"imagebatch/testsuite/stack"
	"imagebatch/testsuite/workload"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// loadOnly is (a): what libvips alone can do, on all cores, from memory.
func (b *bench) loadOnly(ctx context.Context, _ int) (Figure, error) {
	contents := make([][]byte, len(b.work.Files))
	for n, file := range b.work.Files {
		content, err := os.ReadFile(file)
		if err != nil {
			return Figure{}, err
		}
		contents[n] = content
	}
	return measure(ctx, b.work.Lines, nil, func() error {
		var next atomic.Int64
		group, ctx := errgroup.WithContext(ctx)
		for range runtime.NumCPU() {
			group.Go(func() error {
				for ctx.Err() == nil {
					line := int(next.Add(1)) - 1
					if line >= b.work.Lines {
						return nil
					}
					if err := imaging.LoadOnly(contents[line%len(contents)]); err != nil {
						return fmt.Errorf("load %s: %w", b.work.Files[line%len(contents)], err)
					}
				}
				return ctx.Err()
			})
		}
		return group.Wait()
	})
}

// plainLoop is (b): the stages of a slice in one loop, connections kept alive,
// commits of 64, no Temporal.
func (b *bench) plainLoop(ctx context.Context, round int) (Figure, error) {
	job, err := b.newPlainJob(ctx, fmt.Sprintf("plain-%d", round))
	if err != nil {
		return Figure{}, err
	}
	defer job.ledger.Close()
	return measure(ctx, b.work.Lines, map[string]int{"ossserver": b.stack.OSS.PID()}, func() error { return job.run(ctx, b.work) })
}

// plainJob is what a loop without Temporal needs: a task of its own in a
// database of its own.
type plainJob struct {
	ledger  *store.Store
	index   *index.Index
	imager  activities.Imager
	objects activities.Objects
	limits  activities.Limits
	task    contract.Task
}

func (b *bench) newPlainJob(ctx context.Context, name string) (*plainJob, error) {
	imager, err := imaging.New(imaging.Config{})
	if err != nil {
		return nil, err
	}
	objects, err := b.stack.Objects(ctx)
	if err != nil {
		return nil, err
	}
	ledger, err := store.Open(ctx, filepath.Join(b.state, name+".db"))
	if err != nil {
		return nil, err
	}
	job := &plainJob{ledger: ledger, index: index.New(ledger), imager: imager, objects: objects, limits: limits()}
	create := contract.CreateInstanceInput{Name: name, Region: stack.Region, Capacity: 1 << 40}
	if _, err := job.index.CreateInstance(ctx, create, name); err != nil {
		return nil, err
	}
	begun, err := ledger.Begin(ctx, contract.BeginInput{
		Kind: contract.KindBatchTask, WorkflowID: name, RunID: name, Instance: name, Bucket: stack.Bucket, Path: "/" + folder,
	}, nil)
	if err != nil {
		return nil, err
	}
	list := contract.WorkList{
		Bucket: stack.Bucket, Key: folder + "/" + contract.ManifestName, ETag: "-", Lines: int64(b.work.Lines), RawLines: int64(b.work.Lines),
		SliceLines: b.work.Lines, Slices: 1, OffsetsKey: "-", Digest: "-",
	}
	if _, err := ledger.SetPlan(ctx, begun.Task, list); err != nil {
		return nil, err
	}
	job.task, err = ledger.Task(ctx, begun.Task)
	return job, err
}

// run takes every line through the stages. Fetching, decoding and committing
// overlap, as far as a plain program makes them.
func (j *plainJob) run(ctx context.Context, work workload.Workload) error {
	outcomes := make(chan activities.Outcome, j.limits.CommitLines)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return j.commitAll(ctx, outcomes) })
	var next atomic.Int64
	var workers sync.WaitGroup
	// As many as fetch in a slice; the gate on the cores bounds what decodes.
	for range j.limits.Fetchers {
		workers.Add(1)
		group.Go(func() error {
			defer workers.Done()
			for {
				line := int(next.Add(1)) - 1
				if line >= work.Lines {
					return nil
				}
				outcome, err := j.one(ctx, work, line)
				if err != nil {
					return err
				}
				select {
				case outcomes <- outcome:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		})
	}
	go func() {
		workers.Wait()
		close(outcomes)
	}()
	return group.Wait()
}

// one takes a line through fetch, validate and featurize.
func (j *plainJob) one(ctx context.Context, work workload.Workload, line int) (activities.Outcome, error) {
	outcome := activities.Outcome{Line: int64(line + 1), Stage: activities.Indexed}
	key := contract.PictureKey(j.task.Path, work.Picture(line))
	data, release, err := activities.FetchPicture(ctx, j.objects, j.limits, j.task.Bucket, key)
	if err != nil {
		return outcome, fmt.Errorf("fetch %s: %w", key, err)
	}
	defer release()
	if err := j.limits.Cores.Acquire(ctx, 1); err != nil {
		return outcome, err
	}
	defer j.limits.Cores.Release(1)
	header, feature, err := activities.AnalysePicture(ctx, j.imager, j.task.ServiceType, data)
	if err != nil {
		return outcome, fmt.Errorf("featurize %s: %w", key, err)
	}
	entry := manifest.Entry{Operation: manifest.Add, ProductID: work.Product(line), PicName: work.Picture(line)}
	outcome.Put = activities.PutOf(j.task.ServiceType, j.imager, entry, header, feature)
	return outcome, nil
}

func (j *plainJob) commitAll(ctx context.Context, outcomes <-chan activities.Outcome) error {
	pending := make([]activities.Outcome, 0, j.limits.CommitLines)
	for outcome := range outcomes {
		if pending = append(pending, outcome); len(pending) < cap(pending) {
			continue
		}
		if err := j.commit(ctx, pending); err != nil {
			return err
		}
		pending = pending[:0]
	}
	return j.commit(ctx, pending)
}

func (j *plainJob) commit(ctx context.Context, outcomes []activities.Outcome) error {
	if len(outcomes) == 0 {
		return nil
	}
	_, err := j.index.Commit(ctx, activities.Batch{
		Task: j.task.ID, First: 1, Lines: j.task.List.SliceLines, Outcomes: outcomes,
	})
	return err
}
