package indextest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// Side is one of several views of the same store, such as that of one process.
type Side struct {
	Ledger activities.Ledger
	Index  Index
}

func testConcurrency(t *testing.T, open Open) {
	ledger, index := open(t)
	Concurrency(t, Side{ledger, index}, Side{ledger, index}, Side{ledger, index})
}

// Concurrency lets every side work on the same task at once: each is an attempt
// of every slice, in an order of its own. It ends with what one attempt in file
// order would have ended with, and every look at the counts is consistent.
func Concurrency(t *testing.T, sides ...Side) {
	w := &world{prover: t, ledger: sides[0].Ledger, index: sides[0].Index, instance: "shared", started: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	w.create(w.instance, 1000)
	random := rand.New(rand.NewPCG(3, 4))
	verbs := []string{"add", "add", "add", "add", "delete", "deleteProduct", "fail", "skip"}
	task := &manifestTask{steps: make([]step, 150)}
	for i := range task.steps {
		task.steps[i] = step{verbs[random.IntN(len(verbs))], []string{"p", "q"}[random.IntN(2)], []string{"a", "b", "c"}[random.IntN(3)]}
	}
	task.id, task.list = w.task(len(task.steps), 0, drawnSlice)

	ctx, stop := context.WithCancel(t.Context())
	var watcher, attempts sync.WaitGroup
	problems := make([]error, len(sides)+1)
	watcher.Go(func() { problems[len(sides)] = watchCounts(ctx, sides[len(sides)-1].Ledger, task.id) })
	for n, side := range sides {
		order := random.Perm(task.list.Slices)
		attempts.Go(func() { problems[n] = attempt(t.Context(), side.Index, task, order, 3+n) })
	}
	attempts.Wait()
	stop()
	watcher.Wait()
	w.must(errors.Join(problems...))

	w.end(task.id, contract.StateSuccess)
	task.done = make([]bool, len(task.steps))
	for i := range task.done {
		task.done[i] = true
	}
	h := &history{world: w, tasks: []*manifestTask{task}, events: []event{task}}
	h.checkCounts(task)
	h.checkIndex()
}

// attempt commits every line of every slice, so many at a time.
func attempt(ctx context.Context, index activities.Index, task *manifestTask, order []int, together int) error {
	for _, slice := range order {
		first := task.list.FirstLine(slice)
		var batch []activities.Outcome
		for n := range task.list.LinesOf(slice) {
			line := first + int64(n)
			s := task.steps[line-1]
			if s.verb == "deleteProduct" {
				if _, err := index.DeleteProduct(ctx, batchOf(task.id, task.list, slice, deletesProduct(line)), s.product); err != nil {
					return err
				}
				continue
			}
			batch = append(batch, s.outcome(task.id, line))
			if len(batch) == together {
				if _, err := index.Commit(ctx, batchOf(task.id, task.list, slice, batch...)); err != nil {
					return err
				}
				batch = nil
			}
		}
		if _, err := index.Commit(ctx, batchOf(task.id, task.list, slice, batch...)); err != nil {
			return err
		}
	}
	return nil
}

// watchCounts reads the counts until the context ends: they never go back and
// never exceed the total.
func watchCounts(ctx context.Context, ledger activities.Ledger, task int64) error {
	last := contract.Counts{}
	for ctx.Err() == nil {
		got, err := ledger.Task(context.WithoutCancel(ctx), task) // the last look is whole, too
		if err != nil {
			return err
		}
		now := got.Tally.Counts
		if now.Succeeded < last.Succeeded || now.Failed < last.Failed || now.Skipped < last.Skipped || got.Left() < 0 {
			return fmt.Errorf("watch the counts: %+v after %+v, %d left", now, last, got.Left())
		}
		last = now
	}
	return nil
}
