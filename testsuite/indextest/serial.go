package indextest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"imagebatch/activities"
	"imagebatch/workflows/contract"
)

// testSerialEquivalence proves the first two promises on drawn manifests: the
// index is what applying the lines one by one in order would have made, and the
// counts add up at every instant, whatever the order of commits, however often
// attempts overlap or are repeated, wherever a task is stopped or terminated, and
// whatever single operations come in between.
func testSerialEquivalence(t *testing.T, open Open) {
	w := newWorld(t, open, 10)
	drawnInstances := 0
	rapid.Check(t, func(rt *rapid.T) {
		drawnInstances++
		v := *w
		v.prover, v.instance = rt, fmt.Sprintf("drawn-%d", drawnInstances)
		v.create(v.instance, 1000)
		h := &history{world: &v}
		for range rapid.IntRange(1, 3).Draw(rt, "tasks") {
			h.operate(rt)
			h.runTask(rt)
		}
		h.finish()
		h.operate(rt)
	})
}

// step is what a line of a drawn manifest asks for.
type step struct{ verb, product, name string }

var anyStep = rapid.Custom(func(rt *rapid.T) step {
	return step{
		verb:    rapid.SampledFrom([]string{"add", "add", "add", "delete", "deleteProduct", "fail", "blank", "skip"}).Draw(rt, "verb"),
		product: rapid.SampledFrom([]string{"p", "q"}).Draw(rt, "product"),
		name:    rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "name"),
	}
})

func (s step) outcome(task, line int64) activities.Outcome {
	switch s.verb {
	case "add":
		return adds(line, s.product, s.name, byte(task))
	case "delete":
		return deletes(line, s.product, s.name)
	case "fail":
		return fails(line, contract.CodePictureError)
	case "blank":
		return blank(line)
	case "skip":
		return skips(line)
	}
	return deletesProduct(line)
}

// manifestTask is a task of a history and which of its lines were committed.
type manifestTask struct {
	id    int64
	list  contract.WorkList
	steps []step
	done  []bool
}

// history is the tasks of an instance, in order, and everything that has
// happened to it, by number.
type history struct {
	*world
	tasks      []*manifestTask
	events     []event
	operations []*operation
	last       int64 // the largest number that has been seen
}

// piece is a run of lines of one slice that an attempt commits together.
type piece struct{ slice, from, to int } // positions within the slice

const drawnSlice = 16

// runTask begins a task, commits its lines in adversarial order, and leaves it
// complete, stopped, or to be found terminated by the next.
func (h *history) runTask(rt *rapid.T) {
	steps := rapid.SliceOfN(anyStep, 1, 45).Draw(rt, "steps")
	blanks := 0
	for _, s := range steps {
		if s.verb == "blank" {
			blanks++
		}
	}
	task := &manifestTask{steps: steps, done: make([]bool, len(steps))}
	task.id, task.list = h.task(len(steps), blanks, drawnSlice)
	h.tasks, h.events = append(h.tasks, task), append(h.events, task)
	h.wantNext(task.id)
	if len(h.tasks) > 1 {
		h.checkCounts(h.tasks[len(h.tasks)-2])
	}

	pieces := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) piece {
		slice := rapid.IntRange(0, task.list.Slices-1).Draw(rt, "slice")
		lines := task.list.LinesOf(slice)
		from := rapid.IntRange(0, lines-1).Draw(rt, "from")
		return piece{slice, from, rapid.IntRange(from+1, lines).Draw(rt, "to")}
	}), 0, 10).Draw(rt, "pieces")
	for _, p := range pieces {
		h.commitPiece(task, p)
		h.operate(rt)
	}
	for _, older := range h.tasks[:len(h.tasks)-1] {
		h.commitLate(older)
	}
	switch rapid.SampledFrom([]string{"success", "success", "stop", "terminate"}).Draw(rt, "ending") {
	case "success":
		slices := make([]int, task.list.Slices)
		for i := range slices {
			slices[i] = i
		}
		for _, slice := range rapid.Permutation(slices).Draw(rt, "resumed") {
			h.commitPiece(task, piece{slice, 0, task.list.LinesOf(slice)})
			h.operate(rt)
		}
		h.end(task.id, contract.StateSuccess)
		h.checkCounts(task)
	case "stop":
		h.end(task.id, contract.StateStop)
		h.checkCounts(task)
		h.commitLate(task)
	}
	h.checkIndex()
}

// commitPiece commits what is not known as done when the attempt starts, as an
// activity does, and looks at the counts after every transaction. Deletions of
// products are calls of their own.
func (h *history) commitPiece(task *manifestTask, p piece) {
	h.Helper()
	first := task.list.FirstLine(p.slice)
	var together []activities.Outcome
	flush := func() {
		h.Helper()
		h.commit(task.id, task.list, p.slice, together...)
		for _, outcome := range together {
			task.done[outcome.Line-1] = true
		}
		together = nil
		h.checkCounts(task)
	}
	for n := p.from; n < p.to; n++ {
		line := first + int64(n)
		s := task.steps[line-1]
		if s.verb != "deleteProduct" {
			// Out of order within the batch too.
			together = append([]activities.Outcome{s.outcome(task.id, line)}, together...)
			continue
		}
		flush()
		h.deleteProduct(task.id, task.list, p.slice, line, s.product)
		task.done[line-1] = true
		h.checkCounts(task)
	}
	flush()
}

// commitLate is an attempt that outlived its task.
func (h *history) commitLate(task *manifestTask) {
	h.Helper()
	for i, s := range task.steps {
		line := int64(i + 1)
		batch := batchOf(task.id, task.list, i/drawnSlice, s.outcome(task.id, line))
		var err error
		if s.verb == "deleteProduct" {
			_, err = h.index.DeleteProduct(h.Context(), batch, s.product)
		} else if i%5 == 0 { // a few are enough
			_, err = h.index.Commit(h.Context(), batch)
		} else {
			continue
		}
		wantCode(h, err, contract.CodeFenceClosed)
	}
}

// finish begins one more task, so that one left open is found.
func (h *history) finish() {
	h.Helper()
	h.begin()
	for _, task := range h.tasks {
		h.checkCounts(task)
	}
	h.checkIndex()
}

// checkCounts compares the ledger with the lines that were committed.
func (h *history) checkCounts(task *manifestTask) {
	h.Helper()
	got := h.read(task.id)
	want := contract.Tally{}
	for i, s := range task.steps {
		if task.done[i] {
			want.Add(tallyOf(s))
		}
	}
	if got.State.Final() {
		want.Canceled = got.List.Lines - want.Done()
	}
	wantSame(h, fmt.Sprintf("tally of task %d", task.id), got.Tally, want)
	if got.Left() < 0 || got.State.Final() && got.Left() != 0 {
		h.Errorf("task %d is %s with %d lines left", task.id, got.State, got.Left())
	}
}

func tallyOf(s step) contract.Tally {
	switch s.verb {
	case "add":
		return contract.Tally{Counts: contract.Counts{Succeeded: 1}, Stages: contract.Stages{Fetched: 1, Validated: 1, Featurized: 1, Indexed: 1}}
	case "delete", "deleteProduct":
		return contract.Tally{Counts: contract.Counts{Succeeded: 1}, Stages: contract.Stages{Indexed: 1}}
	case "fail":
		return contract.Tally{Counts: contract.Counts{Failed: 1}, Stages: contract.Stages{Fetched: 1}, Codes: map[contract.Code]int64{contract.CodePictureError: 1}}
	case "skip":
		return contract.Tally{Counts: contract.Counts{Skipped: 1}, Stages: contract.Stages{Fetched: 1}}
	}
	return contract.Tally{}
}

// checkIndex compares the index with the plain map that everything makes when it
// is applied one by one, in order.
func (h *history) checkIndex() {
	h.Helper()
	plain := h.plain()
	vectors := make(map[[2]string][]byte)
	for _, product := range []string{"p", "q"} {
		for _, name := range []string{"a", "b", "c"} {
			want, there := plain[[2]string{product, name}]
			if !there {
				h.wantAbsent(product, name)
				continue
			}
			wantSame(h, fmt.Sprintf("picture %s/%s", product, name), h.picture(product, name), want.Picture)
			vectors[[2]string{product, name}] = want.Vector
		}
	}
	h.wantPictures(int64(len(plain)))
	query := vectorOf(1, 1)
	got, err := h.index.Search(h.Context(), h.instance, activities.SearchQuery{Vectors: []activities.QueryVector{{Vector: query}}, FeatureVersion: Features, Num: 100})
	h.must(err)
	wantSame(h, "search", hitsOf(got), ranking(vectors, query, 100))
}
