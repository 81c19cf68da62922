package pool

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"golang.org/x/sync/semaphore"

	"imagebatch/activities"
)

// Pool decodes pictures in child processes. They are started when there is work
// for them and kept until the pool is closed.
type Pool struct {
	config   Config
	launcher *launcher
	places   *semaphore.Weighted // one for each picture that is open
	turns    *semaphore.Weighted // one for each request; all of them for one that is alone
	pixels   *semaphore.Weighted
	largest  int64 // that pixels lets in at a time

	mu   sync.Mutex
	idle []*process // the last one was used last
	busy map[*process]bool

	closing context.Context // ends when the pool closes
	stop    context.CancelFunc
	retired sync.WaitGroup // children on their way out
}

var _ activities.Imager = (*Pool)(nil)

// errClosed is what a closed pool answers: nothing about the picture.
var errClosed = errors.New("the pool of imaging processes is closed")

// New makes a pool. It starts no child yet. A kernel that cannot confine children
// fully is told of in the log.
func New(config Config) (*Pool, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("configure imaging processes: %w", err)
	}
	config = config.withDefaults()
	if err := unsealable(); err != nil {
		config.Logger.Warn("imaging processes keep every system call of their user, network and files included: run on Linux 4.14 or later with seccomp filters",
			"error", err)
	}
	p := &Pool{
		config: config, launcher: newLauncher(config),
		places: semaphore.NewWeighted(int64(config.Processes)), turns: semaphore.NewWeighted(int64(config.Processes)),
		largest: config.MaxPixelsInFlight,
		busy:    map[*process]bool{},
	}
	if p.largest == 0 {
		p.largest = math.MaxInt64
	}
	p.pixels = semaphore.NewWeighted(p.largest)
	p.closing, p.stop = context.WithCancel(context.Background())
	return p, nil
}

// FeatureVersion is that of the configuration.
func (p *Pool) FeatureVersion() string { return p.config.FeatureVersion }

// Open waits for a child and has it read the header of a picture. The child is
// the picture's until Close. Waiting ends with the context; a request to the
// child ends with its deadline only.
func (p *Pool) Open(ctx context.Context, data []byte) (activities.OpenPicture, error) {
	if len(data) > longestRequest {
		return nil, fmt.Errorf("%w: it has %d bytes, more than %d; compress it", activities.ErrUnsupportedFormat, len(data), longestRequest)
	}
	if err := p.places.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	opened := &picture{pool: p, data: data}
	if err := opened.ask(ctx, func(*process) error { return nil }); err != nil {
		opened.Close()
		return nil, err
	}
	return opened, nil
}

// take is a child for a picture that has a place, the one used last if there is
// one: few busy children are better than many that are half idle. Whoever wants
// a fresh one gets one.
func (p *Pool) take(ctx context.Context, fresh bool) (*process, error) {
	for !fresh {
		child := p.takeIdle()
		if child == nil {
			break
		}
		if !child.over() {
			return child, nil
		}
		p.drop(child) // it died of something else than a picture
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.closing, func() { cancel(errClosed) })()
	child, err := p.launcher.launch(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.busy[child] = true
	late := p.closing.Err() != nil
	p.mu.Unlock()
	if late {
		p.drop(child)
		return nil, errClosed
	}
	return child, nil
}

// enter waits for the turn of a request, which ends with leave. One that is alone
// waits for those under way, and later ones wait for it; children that have
// nothing to do are gone by then, and what they held of memory with them.
func (p *Pool) enter(ctx context.Context, alone bool) (leave func(), err error) {
	turns := int64(1)
	if alone {
		turns = int64(p.config.Processes)
	}
	if err := p.turns.Acquire(ctx, turns); err != nil {
		return nil, err
	}
	for alone {
		child := p.takeIdle()
		if child == nil {
			break
		}
		p.drop(child)
		<-child.ended
	}
	return func() { p.turns.Release(turns) }, nil
}

// part is an equal part of the memory for the worker and each of its children, in bytes.
func (p *Pool) part() int64 { return p.launcher.shortage.total / int64(p.config.Processes+1) }

func (p *Pool) takeIdle() *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	child := p.idle[last]
	p.idle = p.idle[:last]
	p.busy[child] = true
	return child
}

// give takes a child back that has answered everything it was asked.
func (p *Pool) give(child *process) {
	p.mu.Lock()
	keep := p.closing.Err() == nil && child.served < p.config.Recycle && !child.over()
	if keep {
		delete(p.busy, child)
		p.idle = append(p.idle, child)
	}
	p.mu.Unlock()
	if !keep {
		p.drop(child)
	}
}

// drop lets go of a child. It has nothing in hand, or has died of it.
func (p *Pool) drop(child *process) {
	p.mu.Lock()
	delete(p.busy, child)
	late := p.closing.Err() != nil
	if !late {
		p.retired.Add(1) // under the lock: Close does not wait yet
	}
	p.mu.Unlock()
	if late {
		child.retire()
		return
	}
	go func() {
		defer p.retired.Done()
		child.retire()
	}()
}

// Close ends every child and waits until they are gone. Pictures that are still
// open fail with an error that says nothing about them.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.stop()
	left := p.idle
	p.idle = nil
	for child := range p.busy {
		child.kill()
		left = append(left, child)
	}
	p.mu.Unlock()
	var ending sync.WaitGroup
	for _, child := range left {
		ending.Go(child.retire)
	}
	ending.Wait()
	p.retired.Wait()
	p.launcher.close()
	return nil
}
