package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"imagebatch/activities"
	"imagebatch/testsuite/workload"
	"imagebatch/workflows/manifest"
)

// naiveDesign is (d): the same stage functions, but each an activity of its own
// for each picture, as one would first write it. Pictures travel between the
// activities as payloads.
func (b *bench) naiveDesign(ctx context.Context, round int) (Figure, error) {
	job, err := b.newPlainJob(ctx, fmt.Sprintf("naive-%d", round))
	if err != nil {
		return Figure{}, err
	}
	defer job.ledger.Close()
	temporal, err := b.stack.Dial(ctx)
	if err != nil {
		return Figure{}, err
	}
	defer temporal.Close()

	queue := fmt.Sprintf("naive-%d", round)
	steps := &naiveSteps{job: job, work: b.work}
	polling := worker.New(temporal, queue, worker.Options{})
	polling.RegisterWorkflowWithOptions(naiveBatch, workflow.RegisterOptions{Name: "NaiveBatch"})
	for name, step := range map[string]any{"NaiveFetch": steps.fetch, "NaiveValidate": steps.validate, "NaiveFeaturize": steps.featurize, "NaiveIndex": steps.index} {
		polling.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
	}
	if err := polling.Start(); err != nil {
		return Figure{}, err
	}
	defer polling.Stop()
	others := map[string]int{"temporal": b.stack.Temporal.PID(), "ossserver": b.stack.OSS.PID()}
	var events histories
	figure, err := measure(ctx, b.naive, others, func() error {
		run, err := temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, "NaiveBatch", b.naive)
		if err != nil {
			return err
		}
		if err := run.Get(ctx, nil); err != nil {
			return err
		}
		events, err = b.events(ctx, queue, run.GetRunID())
		return err
	})
	figure.EventsPerThousand = float64(events.count) * 1000 / float64(b.naive)
	return figure, err
}

// naiveWindow is how many pictures are under way at a time: enough to keep every
// core and the server busy.
const naiveWindow = 32

// naiveBatch runs four activities for each line.
func naiveBatch(ctx workflow.Context, lines int) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	window := workflow.NewSemaphore(ctx, naiveWindow)
	group := workflow.NewWaitGroup(ctx)
	var failed error
	for line := range lines {
		if err := window.Acquire(ctx, 1); err != nil {
			return err
		}
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			defer window.Release(1)
			if err := naiveLine(ctx, line); err != nil {
				failed = err
			}
		})
	}
	group.Wait(ctx)
	return failed
}

func naiveLine(ctx workflow.Context, line int) error {
	var data []byte
	if err := workflow.ExecuteActivity(ctx, "NaiveFetch", line).Get(ctx, &data); err != nil {
		return err
	}
	if err := workflow.ExecuteActivity(ctx, "NaiveValidate", data).Get(ctx, nil); err != nil {
		return err
	}
	var put activities.PutPicture
	if err := workflow.ExecuteActivity(ctx, "NaiveFeaturize", line, data).Get(ctx, &put); err != nil {
		return err
	}
	return workflow.ExecuteActivity(ctx, "NaiveIndex", line, put).Get(ctx, nil)
}

// naiveSteps are the four activities.
type naiveSteps struct {
	job  *plainJob
	work workload.Workload
}

func (s *naiveSteps) fetch(ctx context.Context, line int) ([]byte, error) {
	data, release, err := activities.FetchPicture(ctx, s.job.objects, s.job.limits, s.job.task.Bucket, folder+"/"+s.work.Picture(line))
	if err != nil {
		return nil, err
	}
	defer release()
	return append([]byte(nil), data...), nil
}

func (s *naiveSteps) validate(ctx context.Context, data []byte) error {
	_, err := activities.ValidatePicture(ctx, s.job.imager, s.job.task.ServiceType, data)
	return err
}

func (s *naiveSteps) featurize(ctx context.Context, line int, data []byte) (*activities.PutPicture, error) {
	if err := s.job.limits.Cores.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer s.job.limits.Cores.Release(1)
	header, feature, err := activities.AnalysePicture(ctx, s.job.imager, s.job.task.ServiceType, data)
	if err != nil {
		return nil, err
	}
	entry := manifest.Entry{Operation: manifest.Add, ProductID: s.work.Product(line), PicName: s.work.Picture(line)}
	return activities.PutOf(s.job.task.ServiceType, s.job.imager, entry, header, feature), nil
}

func (s *naiveSteps) index(ctx context.Context, line int, put *activities.PutPicture) error {
	return s.job.commit(ctx, []activities.Outcome{{Line: int64(line + 1), Stage: activities.Indexed, Put: put}})
}
