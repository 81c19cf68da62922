package index

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"sync"
	"time"

	"imagebatch/activities/store"
)

// Bounds of what is held in memory: a gallery of 20,000 vectors of 512 bytes is
// 10 MB, and enough for votes that a larger one would hardly change.
const (
	maxGalleries = 4
	maxGallery   = 20_000
	// A gallery is read again when the instance has grown or shrunk by a quarter,
	// so that an import of n pictures reads O(n) in all, and after galleryAge,
	// because a category can be given without any change of size.
	galleryGrowth = 4
	galleryStart  = 16 // pictures, while there are few
	galleryAge    = 10 * time.Minute
)

// gallery is the pictures of an instance whose category was given, or an even
// sample of them. It is not changed once it is read.
type gallery struct {
	read     time.Time
	next     int64         // of the instance, when it was read
	held     int64         // pictures of the instance
	total    int64         // labelled pictures, and
	counts   map[int]int64 // by category, those outside the sample too
	pictures []labelled    // the sample, by id
	vectors  []byte        // of the sample, behind each other
}

// labelled is a picture whose category was given.
type labelled struct {
	id       int64
	category int
	square   int64
	vector   []byte // until it is laid behind the others
}

// stale reports whether a gallery should be read again.
func (g *gallery) stale(target store.Instance, now time.Time) bool {
	moved := max(target.NextPicture-g.next, g.held-target.Pictures)
	return moved >= galleryStart+g.held/galleryGrowth || now.Sub(g.read) >= galleryAge
}

// galleries holds those of the instances that were asked for last.
type galleries struct {
	most    int64 // pictures in one
	mu      sync.Mutex
	shelves []*shelf // the last used one last
}

// shelf holds the gallery of one instance.
type shelf struct {
	instance int64
	turn     chan struct{} // holds a token while a goroutine reads
	mu       sync.Mutex
	current  *gallery
}

// of is the gallery of an instance. One that is stale is read again by one
// caller, while others go on with it as it is.
func (g *galleries) of(ctx context.Context, x *Index, target store.Instance) (*gallery, error) {
	s := g.shelf(target.Number)
	held := s.look()
	if held != nil && !held.stale(target, time.Now()) {
		return held, nil
	}
	if held != nil {
		select {
		case s.turn <- struct{}{}:
		default:
			return held, nil
		}
	} else {
		select {
		case s.turn <- struct{}{}:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	defer func() { <-s.turn }()
	if held = s.look(); held != nil && !held.stale(target, time.Now()) {
		return held, nil
	}
	fresh, err := x.readGallery(ctx, target)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = fresh
	return fresh, nil
}

// shelf is the place of an instance, which becomes the last used one.
func (g *galleries) shelf(instance int64) *shelf {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := slices.IndexFunc(g.shelves, func(s *shelf) bool { return s.instance == instance })
	if at < 0 {
		if len(g.shelves) == maxGalleries {
			g.shelves = slices.Delete(g.shelves, 0, 1)
		}
		at = len(g.shelves)
		g.shelves = append(g.shelves, &shelf{instance: instance, turn: make(chan struct{}, 1)})
	}
	s := g.shelves[at]
	g.shelves = append(slices.Delete(g.shelves, at, at+1), s)
	return s
}

func (s *shelf) look() *gallery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// readGallery counts the labelled pictures of an instance, then reads as many as
// may be held.
func (x *Index) readGallery(ctx context.Context, target store.Instance) (*gallery, error) {
	g := &gallery{read: time.Now(), next: target.NextPicture, held: target.Pictures, counts: make(map[int]int64)}
	var mu sync.Mutex
	if err := x.eachPage(ctx, target, func(t *store.Tx, first, end int64) error {
		return t.Each(func(scan func(...any) error) error {
			var category int
			var count int64
			err := scan(&category, &count)
			mu.Lock()
			defer mu.Unlock()
			g.counts[category] += count
			g.total += count
			return err
		}, "SELECT category, count(*) FROM picture WHERE id >= ? AND id < ? AND category_given = 1 GROUP BY category", first, end)
	}); err != nil {
		return nil, err
	}
	if g.total < fewestLabelled {
		return g, nil
	}
	// Which pictures are in the sample is spread over their ids and does not
	// follow the order in which they came; 65521 is a prime.
	most := x.galleries.most
	every := (g.total + most - 1) / most
	if err := x.eachPage(ctx, target, func(t *store.Tx, first, end int64) error {
		return t.Each(func(scan func(...any) error) error {
			var p labelled
			var vector sql.RawBytes
			if err := scan(&p.id, &p.category, &p.square, &vector); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if len(vector) == target.Dimensions && int64(len(g.pictures)) < most {
				p.vector = slices.Clone([]byte(vector))
				g.pictures = append(g.pictures, p)
			}
			return nil
		}, `SELECT picture.id, category, square, vector FROM picture CROSS JOIN vector ON vector.picture = picture.id
			WHERE picture.id >= ? AND picture.id < ? AND category_given = 1 AND picture.id % 65521 * 40503 % 65521 % ? = 0`, first, end, every)
	}); err != nil {
		return nil, err
	}
	slices.SortFunc(g.pictures, func(a, b labelled) int { return cmp.Compare(a.id, b.id) })
	g.vectors = make([]byte, 0, len(g.pictures)*target.Dimensions)
	for i := range g.pictures {
		g.vectors = append(g.vectors, g.pictures[i].vector...)
		g.pictures[i].vector = nil
	}
	return g, nil
}
