package index

import "imagebatch/activities/store"

// version orders effects: by task or operation number, then by line.
type version struct{ task, line int64 }

func (v version) newerThan(other version) bool {
	return v.task > other.task || v.task == other.task && v.line > other.line
}

// key names a picture within the store.
type key struct {
	instance      int64
	product, name string
}

// buried is the newest version that was deleted of a picture, by its own key or
// with its product; zero if nothing remembers a deletion.
func buried(t *store.Tx, k key) (newest version, err error) {
	err = t.Each(func(scan func(...any) error) error {
		var v version
		if err := scan(&v.task, &v.line); err != nil {
			return err
		}
		if v.newerThan(newest) {
			newest = v
		}
		return nil
	}, `SELECT task, line FROM picture_tombstone WHERE instance = ?1 AND product = ?2 AND name = ?3
		UNION ALL SELECT task, line FROM product_tombstone WHERE instance = ?1 AND product = ?2`, k.instance, k.product, k.name)
	return newest, err
}

// ordinalBits is the width of a picture's ordinal in its id.
const ordinalBits = 40

func pictureID(instance, ordinal int64) int64 { return instance<<ordinalBits | ordinal }
