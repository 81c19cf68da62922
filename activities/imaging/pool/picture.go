package pool

import (
	"context"
	"errors"

	"imagebatch/activities"
)

// picture is an open picture. It has a place of the pool and, as long as that
// lives, a child with its bytes.
type picture struct {
	pool   *Pool
	data   []byte
	child  *process // nil for none
	header activities.Header
	deaths int  // of children that had it in hand
	alone  bool // it is decoded while no other is
	closed bool
}

// Header is what the picture's header says.
func (p *picture) Header() activities.Header { return p.header }

// Featurize decodes the picture in its child and computes its descriptor there.
func (p *picture) Featurize(ctx context.Context, view activities.View) (activities.Feature, error) {
	var feature activities.Feature
	err := p.decoding(ctx, func(child *process) (err error) {
		feature, err = child.featurize(view)
		return err
	})
	return feature, err
}

// decoding asks for something that takes the picture's pixels, when there is room
// for them.
func (p *picture) decoding(ctx context.Context, request func(*process) error) error {
	if p.closed {
		return errors.New("decode picture: it is closed")
	}
	count := min(max(1, int64(p.header.Width)*int64(p.header.Height)), p.pool.largest)
	if err := p.pool.pixels.Acquire(ctx, count); err != nil {
		return err
	}
	defer p.pool.pixels.Release(count)
	return p.ask(ctx, request)
}

// ask puts a request to a child that has the picture open. Should the child die
// of it, a fresh one is asked the same, until the picture has had its tries. After
// a child was killed the picture is tried alone: then its memory is no other
// picture's doing.
func (p *picture) ask(ctx context.Context, request func(*process) error) error {
	for {
		died, err := p.try(ctx, request)
		if died == nil {
			return err
		}
		p.pool.drop(p.child)
		p.child = nil
		if p.pool.closing.Err() != nil {
			return errClosed
		}
		p.deaths++
		again := died.killed && !p.alone
		p.alone = p.alone || died.killed
		if p.deaths >= died.tries() && !again {
			return died.verdict(p.pool.part())
		}
	}
}

// try asks once, when it is the picture's turn.
func (p *picture) try(ctx context.Context, request func(*process) error) (died *death, err error) {
	leave, err := p.pool.enter(ctx, p.alone)
	if err != nil {
		return nil, err
	}
	defer leave()
	if err = p.opened(ctx); err == nil {
		err = request(p.child)
	}
	errors.As(err, &died)
	return died, err
}

// opened sees to it that there is a child that has the picture open.
func (p *picture) opened(ctx context.Context) error {
	if p.child != nil {
		return nil
	}
	child, err := p.pool.take(ctx, p.deaths > 0)
	if err != nil {
		return err
	}
	p.child = child
	p.header, err = child.open(p.data)
	return err
}

// Close gives the child back to the pool.
func (p *picture) Close() {
	if p.closed {
		return
	}
	p.closed, p.data = true, nil
	if p.child != nil {
		p.pool.give(p.child)
		p.child = nil
	}
	p.pool.places.Release(1)
}
