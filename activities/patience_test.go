package activities_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// A store that refuses requests at random has every good picture in the index in
// the end, and none isolated: no run of bad luck is taken for a bad picture.
func TestSliceOfAStoreThatFailsAtRandom(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  error
		chance float64
	}{
		"Resets":    {errDown, 0.1},
		"Throttled": {activities.ErrThrottled, 0.5},
		"Strangers": {activities.ErrStranger, 0.57},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, contract.ServiceProduct, func(t *testing.T, w *world) {
				const pictures = 300
				task := w.begin(append(w.pictures(pictures), add("p", "gone.jpg"))...)
				list := w.plan(task, 1000)
				w.limits.Fetches = activities.NewFetchLimit(16, nil)
				var mu sync.Mutex
				random := rand.New(rand.NewPCG(1, 2))
				w.objects.Fault = func(_ context.Context, verb, in, key string) error {
					mu.Lock()
					defer mu.Unlock()
					if in == bucket && random.Float64() < test.chance {
						return test.fault
					}
					return nil
				}
				attempts := 0
				for whole := false; !whole; attempts++ {
					if attempts > 200 {
						t.Fatal("no end after 200 attempts")
					}
					result, err := execute(t.Context(), w, w.slices().Slice, contract.SliceInput{Task: task, List: list})
					if err != nil {
						wantTransient(t, err)
					}
					whole = result.Whole
				}
				failures := w.failures(task)
				if failures[pictures+1].Code != contract.CodeInvalidPicURL || len(failures) != 1 {
					t.Errorf("isolated %v; want the picture that is not there, and no other", failures)
				}
				for n := range pictures {
					if _, there := w.picture(fmt.Sprint("p", n), fmt.Sprintf("%d.jpg", n)); !there {
						t.Errorf("picture %d is not there", n)
					}
				}
				t.Logf("%d attempts", attempts)
			})
		})
	}
}
