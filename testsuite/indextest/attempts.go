package indextest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

func testAttempts(t *testing.T, open Open) {
	ledger, index := open(t)
	Attempts(t, Side{ledger, index}, Side{ledger, index})
}

// Attempts lets attempts at slices be opened, marked, closed and lost, each on
// the next side in turn: what one process leaves behind the next one finds.
func Attempts(t *testing.T, sides ...Side) {
	w := &world{prover: t, ledger: sides[0].Ledger, index: sides[0].Index, instance: "attempted", started: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	w.create(w.instance, 1000)
	task, list := w.task(20, 0, 10)
	h := &attempts{world: w, sides: sides, task: task, list: list}

	wantOpened(w, "a fresh slice", h.open(0, "a"), 0, nil)
	wantOpened(w, "the same attempt, repeated", h.open(0, "a"), 0, nil)
	h.close(0, "a")
	h.close(0, "a")
	wantOpened(w, "after a clean end", h.open(0, "b"), 0, nil)
	wantOpened(w, "while another is open", h.open(0, "c"), 1, nil)
	h.close(0, "b")
	wantOpened(w, "once that one has ended after all", h.open(0, "d"), 1, nil) // c is lost
	w.must(h.side().MarkLine(w.Context(), h.attempt(0, "d"), 7))
	w.must(h.side().MarkLine(w.Context(), h.attempt(0, "d"), 8))
	wantOpened(w, "after a loss with a mark", h.open(0, "e"), 2, map[int64]int{8: 1})
	w.must(h.side().MarkLine(w.Context(), h.attempt(0, "e"), 8))
	wantOpened(w, "after a second loss with that mark", h.open(0, "f"), 3, map[int64]int{8: 2})
	w.must(h.side().MarkLine(w.Context(), h.attempt(0, "f"), 3))
	h.close(0, "f")
	wantOpened(w, "after a clean end with a mark", h.open(0, "g"), 3, map[int64]int{8: 2})
	wantOpened(w, "another slice", h.open(1, "a"), 0, nil)

	record := w.commit(task, list, 0, adds(2, "p", "a", 0))
	opened := h.open(0, "h")
	wantSame(w, "the record", opened.SliceRecord, record)

	if err := h.side().MarkLine(w.Context(), h.attempt(0, "never opened"), 5); err == nil {
		w.Errorf("a line was marked by an attempt that is not open")
	}
	h.overlap()

	for line := int64(11); line <= 20; line++ {
		w.commit(task, list, 1, skips(line))
	}
	wantOpened(w, "a slice that is done", h.open(1, "late"), 0, nil)
	w.end(task, contract.StateStop)
	_, err := h.side().OpenSlice(w.Context(), h.attempt(0, "zombie"), 10)
	wantCode(w, err, contract.CodeFenceClosed)
	h.close(0, "h") // an attempt may outlive its task
	_, err = h.side().OpenSlice(w.Context(), activities.Attempt{Task: task + 1000, ID: "x"}, 10)
	wantCode(w, err, contract.CodeTaskNotFound)
}

// attempts are attempts at the slices of one task.
type attempts struct {
	*world
	sides []Side
	task  int64
	list  contract.WorkList
	turn  int
}

func (h *attempts) side() activities.Ledger {
	h.turn++
	return h.sides[h.turn%len(h.sides)].Ledger
}

func (h *attempts) attempt(slice int, id string) activities.Attempt {
	return activities.Attempt{Task: h.task, Slice: slice, ID: id}
}

func (h *attempts) open(slice int, id string) activities.OpenedSlice {
	h.Helper()
	opened, err := h.side().OpenSlice(h.Context(), h.attempt(slice, id), h.list.LinesOf(slice))
	h.must(err)
	return opened
}

func (h *attempts) close(slice int, id string) {
	h.Helper()
	h.must(h.side().CloseSlice(h.Context(), h.attempt(slice, id)))
}

// overlap opens and closes attempts on every side at once: none of them is lost
// in the end.
func (h *attempts) overlap() {
	h.Helper()
	var group sync.WaitGroup
	problems := make([]error, 4*len(h.sides))
	for n := range problems {
		ledger := h.sides[n%len(h.sides)].Ledger
		group.Go(func() {
			attempt := h.attempt(1, fmt.Sprint("overlapping ", n))
			if _, problems[n] = ledger.OpenSlice(h.Context(), attempt, h.list.LinesOf(1)); problems[n] == nil {
				problems[n] = ledger.CloseSlice(h.Context(), attempt)
			}
		})
	}
	group.Wait()
	for _, err := range problems {
		h.must(err)
	}
	wantOpened(h.world, "after attempts that overlapped", h.open(1, "after"), 1, nil) // the first one
	h.close(1, "after")
	h.close(1, "a")
	wantOpened(h.world, "after all have ended", h.open(1, "last"), 0, nil)
	h.close(1, "last")
}

func wantOpened(w *world, when string, got activities.OpenedSlice, unclean int, marked map[int64]int) {
	w.Helper()
	if got.Unclean != unclean {
		w.Errorf("%s: %d attempts count as lost, want %d", when, got.Unclean, unclean)
	}
	wantSame(w, when+": the marked lines", got.Marked, marked)
}
