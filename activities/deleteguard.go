package activities

import (
	"context"
	"fmt"
	"strings"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// deleteGuard counts the pictures that a manifest would delete of those that the
// instance holds before the task, and refuses more than are allowed. A picture
// counts once, however often it or its product is deleted, and also when the
// manifest adds it again.
//
// Its memory is one bit for each picture that the instance ever held, in pieces
// that are made when they are needed: 12 MB for 10^8 pictures.
type deleteGuard struct {
	index Index
	task  contract.Task
	limit contract.Threshold
	rules manifest.Rules

	pending []DeletePicture // not looked up yet
	seen    map[int64]*[guardPage / 64]uint64
	count   int64
}

const (
	guardPage  = 1 << 15 // pictures a piece: 4 KB
	guardBatch = 500     // names that are looked up together
)

// guard is nil when the task may delete as much as it likes.
func (p *Plans) guard(task contract.Task, limit contract.Threshold) *deleteGuard {
	if limit == "" {
		return nil
	}
	return &deleteGuard{
		index: p.Index, task: task, limit: limit, rules: rulesOf(task),
		seen: map[int64]*[guardPage / 64]uint64{},
	}
}

// see looks at a line as its slice will. Lines that it will refuse delete nothing.
func (g *deleteGuard) see(ctx context.Context, line manifest.Line) error {
	if g == nil || line.Blank || line.TooLong || !manifest.MayDelete(line.Text) {
		return nil
	}
	entry, _, problem := manifest.Parse(line.Text, g.rules)
	if problem != nil || entry.Operation != manifest.Delete {
		return nil
	}
	// Cloned, because the parser's strings keep the whole line.
	g.pending = append(g.pending, DeletePicture{Product: strings.Clone(entry.ProductID), Picture: strings.Clone(entry.PicName)})
	if len(g.pending) < guardBatch {
		return nil
	}
	return g.lookUp(ctx)
}

func (g *deleteGuard) lookUp(ctx context.Context) error {
	if err := g.index.Named(ctx, g.task.Instance, g.pending, g.mark); err != nil {
		return err // the names stay: those that were marked can be marked again
	}
	g.pending = g.pending[:0]
	return nil
}

// mark counts a picture that has not been counted.
func (g *deleteGuard) mark(number int64) {
	page := g.seen[number/guardPage]
	if page == nil {
		page = new([guardPage / 64]uint64)
		g.seen[number/guardPage] = page
	}
	word, bit := &page[number%guardPage/64], uint64(1)<<(number%64)
	if *word&bit == 0 {
		*word |= bit
		g.count++
	}
}

// judge refuses the manifest, once all its lines have been seen, if it would
// delete too much. CodeTooManyDeletes.
func (g *deleteGuard) judge(ctx context.Context) error {
	if g == nil {
		return nil
	}
	if err := g.lookUp(ctx); err != nil {
		return err
	}
	instance, err := g.index.Instance(ctx, g.task.Instance)
	if err != nil {
		return err
	}
	allowed, limited := g.limit.Of(instance.Pictures)
	if !limited || g.count <= allowed {
		return nil
	}
	limit := fmt.Sprint(allowed)
	if limit != string(g.limit) {
		limit += fmt.Sprintf(" (%s)", g.limit)
	}
	return contract.Errorf(contract.CodeTooManyDeletes,
		"the manifest would delete %d of the %d pictures of instance %q, more than the limit of %s; nothing was changed: check its DELETE lines, and the lines without PicName, which delete whole products, or start the task with a higher --max-deletes",
		g.count, instance.Pictures, g.task.Instance, limit)
}
