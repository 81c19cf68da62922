package index

import "context"

// LimitGallery makes the galleries of an index hold at most so many pictures.
func (x *Index) LimitGallery(pictures int64) { x.galleries.most = pictures }

// Gallery is the ordinals of the pictures that are held of an instance.
func (x *Index) Gallery(ctx context.Context, instance int64) (ordinals []int64) {
	for _, p := range x.galleries.shelf(instance).look().pictures {
		ordinals = append(ordinals, ordinalOf(p.id))
	}
	return ordinals
}
