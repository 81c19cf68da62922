package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
)

// beatEvery is how often a long activity tells the server that it lives, and so
// how soon it can learn that it is to stop.
const beatEvery = time.Second

// beat sends heartbeats until the returned function is called. They come from a
// goroutine and a context of their own: a busy pipeline must not delay them, and
// an activity that was told to stop still has work in hand to commit. Details
// are what the next attempt shall know.
func beat(ctx context.Context, details ...any) (stop func()) {
	alive, end := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-alive.Done():
				return
			case <-tick.C:
				activity.RecordHeartbeat(alive, details...)
			}
		}
	})
	return func() {
		end()
		group.Wait()
	}
}
