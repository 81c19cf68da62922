package imaging

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// gate bounds what is decoded at once, in pixels: a worker that may decode eight
// small pictures at a time would otherwise not survive eight large ones.
type gate struct {
	free *semaphore.Weighted
	size int64
}

func newGate(pixels int64) *gate {
	return &gate{free: semaphore.NewWeighted(pixels), size: pixels}
}

// enter waits until the picture fits. One that is larger than the gate goes
// alone. The caller must call leave, once.
func (g *gate) enter(ctx context.Context, pixels int64) (leave func(), err error) {
	pixels = min(pixels, g.size)
	if err := g.free.Acquire(ctx, pixels); err != nil {
		return nil, err
	}
	return func() { g.free.Release(pixels) }, nil
}
