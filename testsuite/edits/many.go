package edits

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Sample draws n of many, or all of them in some order when there are fewer. The
// same seed and purpose draw the same.
func Sample[S ~[]E, E any](of S, n int, seed uint64, purpose string) S {
	drawn := make(S, 0, min(n, len(of)))
	for _, at := range Seeded(seed, purpose).Perm(len(of))[:min(n, len(of))] {
		drawn = append(drawn, of[at])
	}
	return drawn
}

// InParallel does n pieces of work on all cores. Each piece writes to places of
// its own, so that the result does not depend on who was first.
func InParallel(ctx context.Context, n int, work func(n int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for at := range n {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return work(at)
		})
	}
	return group.Wait()
}
