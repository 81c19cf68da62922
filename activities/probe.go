package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"imagebatch/workflows/contract"
)

// probe asks whether the object store can be reached at all, by the manifest.
type probe struct {
	objects Objects
	task    contract.Task
	turn    chan struct{} // holds a token while somebody asks
	good    time.Time     // when the last question that was answered well was asked
}

func newProbe(objects Objects, task contract.Task) *probe {
	return &probe{objects: objects, task: task, turn: make(chan struct{}, 1)}
}

// probeTimeout is how long the store has to answer.
const probeTimeout = 5 * time.Second

// reachable returns an error unless the store has answered a question that was
// asked after since. Pictures that fail at the same time share one.
func (p *probe) reachable(ctx context.Context, since time.Time) error {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.turn }()
	if p.good.After(since) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	asked := time.Now()
	err := p.ask(ctx)
	switch {
	case errors.Is(err, ErrNoSuchBucket):
		return manifestError(p.task, err)
	case err != nil:
		// Even where it is said to be missing or denied: the slice's next attempt
		// reads the manifest and will know.
		return fmt.Errorf("the manifest cannot be reached either: %w", err)
	}
	p.good = asked
	return nil
}

// ask reads a byte of the manifest. It asks as pictures are asked for: what stands
// in front of the store may let a HEAD through and answer each GET itself.
func (p *probe) ask(ctx context.Context) error {
	body, _, err := p.objects.Open(ctx, p.task.Bucket, contract.ManifestKey(p.task.Path), Want{To: 1})
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(io.Discard, body)
	return err
}
