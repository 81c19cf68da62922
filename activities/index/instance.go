package index

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// Index is the instances and pictures of a store. It is safe for concurrent use.
type Index struct {
	store     *store.Store
	galleries galleries // of which categories are guessed
}

// New is the index that lives in a store.
func New(s *store.Store) *Index { return &Index{store: s, galleries: galleries{most: maxGallery}} }

// CreateInstance makes an instance, once per request id: repeated, it returns
// the instance as it is by then. CodeInstanceAlreadyExists.
func (x *Index) CreateInstance(ctx context.Context, in contract.CreateInstanceInput, requestID string) (instance contract.Instance, err error) {
	if err := in.Validate(); err != nil {
		return contract.Instance{}, err
	}
	suffix := make([]byte, 4)
	if _, err := rand.Read(suffix); err != nil {
		return contract.Instance{}, fmt.Errorf("draw the id of instance %q: %w", in.Name, err)
	}
	publicID := "imagesearch-" + in.Region + "-" + hex.EncodeToString(suffix)
	err = x.store.Write(ctx, func(t *store.Tx) error {
		var number int64
		found, err := t.Row([]any{&number}, "SELECT id FROM instance WHERE request_id = ?", requestID)
		if err != nil {
			return err
		}
		if !found {
			if number, err = insertInstance(t, in, requestID, publicID); err != nil {
				return err
			}
		}
		made, err := t.InstanceByNumber(number)
		instance = made.Instance
		return err
	})
	return instance, err
}

func insertInstance(t *store.Tx, in contract.CreateInstanceInput, requestID, publicID string) (number int64, err error) {
	var taken bool
	if _, err := t.Row([]any{&taken}, "SELECT EXISTS (SELECT 1 FROM instance WHERE name = ? AND dead = 0)", in.Name); err != nil {
		return 0, err
	}
	if taken {
		return 0, contract.Errorf(contract.CodeInstanceAlreadyExists, "there is an instance %q already; use it, delete it, or choose another name", in.Name)
	}
	_, err = t.Row([]any{&number}, `INSERT INTO instance (name, public_id, request_id, region, service_type, capacity, created)
		VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		in.Name, publicID, requestID, in.Region, in.ServiceType, in.Capacity, time.Now().UnixNano())
	return number, err
}

// Instances are all instances, by name.
func (x *Index) Instances(ctx context.Context) (all []contract.Instance, err error) {
	err = x.store.Read(ctx, func(t *store.Tx) error {
		found, err := t.Instances()
		for _, instance := range found {
			all = append(all, instance.Instance)
		}
		return err
	})
	return all, err
}

// Instance is the instance of a name. CodeInstanceNotFound.
func (x *Index) Instance(ctx context.Context, name string) (instance contract.Instance, err error) {
	err = x.store.Read(ctx, func(t *store.Tx) error {
		found, err := t.Instance(name)
		instance = found.Instance
		return err
	})
	return instance, err
}

// sweepPictures is how many pictures a transaction removes of a deleted
// instance or product: few enough that other writers wait for milliseconds.
const sweepPictures = 1000

// DeleteInstance removes an instance with its pictures; its tasks stay listed.
// The name is free at once, the rows go some at a time. Repeated by the same run
// it goes on where it stopped, and leaves alone an instance that has taken the
// name since. CodeInstanceStatusError while a task is open, CodeInstanceNotFound
// for a name that no instance ever had.
func (x *Index) DeleteInstance(ctx context.Context, runID, name string) error {
	var dead []int64
	if err := x.store.Write(ctx, func(t *store.Tx) error {
		if err := markDead(t, runID, name); err != nil {
			return err
		}
		dead = nil
		return t.Each(func(scan func(...any) error) error {
			var number int64
			err := scan(&number)
			dead = append(dead, number)
			return err
		}, "SELECT id FROM instance WHERE name = ? AND dead = 1 AND swept = 0", name)
	}); err != nil {
		return err
	}
	for _, number := range dead {
		if err := x.sweep(ctx, number); err != nil {
			return err
		}
	}
	return nil
}

// markDead marks the instance of a name, once for a run.
func markDead(t *store.Tx, runID, name string) error {
	operation, err := t.Operate(runID, name, nil)
	if contract.IsCode(err, contract.CodeInstanceNotFound) {
		var known bool
		if _, asked := t.Row([]any{&known}, "SELECT EXISTS (SELECT 1 FROM instance WHERE name = ? AND dead = 1)", name); asked != nil || known {
			return asked // what is left of it is swept
		}
	}
	if err != nil || operation.Done {
		return err
	}
	number := operation.Instance.Number
	open, err := t.OpenTask(number)
	if err != nil {
		return err
	}
	if open != 0 {
		return contract.Errorf(contract.CodeInstanceStatusError,
			"instance %q has open task %d; stop it with: starter batch cancel %d, or, where its workflow was terminated in Temporal, close it with: starter batch get %d; then delete the instance", name, open, open, open)
	}
	if err := t.DropRates(number); err != nil {
		return err
	}
	if _, err := t.Exec("UPDATE instance SET dead = 1 WHERE id = ?", number); err != nil {
		return err
	}
	return operation.Record(struct{}{}, true)
}

// sweep removes what a dead instance left.
func (x *Index) sweep(ctx context.Context, number int64) error {
	first, last := pictureID(number, 0), pictureID(number+1, 0)-1
	statements := []string{
		`DELETE FROM source WHERE operation IN (SELECT task FROM picture WHERE line = 0 AND id IN
			(SELECT id FROM picture WHERE id BETWEEN ?2 AND ?3 ORDER BY id LIMIT ?4)) AND ?1 > 0`,
		`DELETE FROM line_source WHERE (task, line) IN (SELECT task, line FROM picture WHERE id IN
			(SELECT id FROM picture WHERE id BETWEEN ?2 AND ?3 ORDER BY id LIMIT ?4)) AND ?1 > 0`,
		"DELETE FROM vector WHERE picture IN (SELECT id FROM picture WHERE id BETWEEN ?2 AND ?3 ORDER BY id LIMIT ?4) AND ?1 > 0",
		"DELETE FROM picture WHERE id IN (SELECT id FROM picture WHERE id BETWEEN ?2 AND ?3 ORDER BY id LIMIT ?4) AND ?1 > 0",
		`DELETE FROM field WHERE (instance, product, name, field) IN
			(SELECT instance, product, name, field FROM field f WHERE instance = ?1 AND ?2 < ?3 LIMIT ?4)`,
		"DELETE FROM picture_tombstone WHERE id IN (SELECT id FROM picture_tombstone WHERE instance = ?1 AND ?2 < ?3 LIMIT ?4)",
		"DELETE FROM product_tombstone WHERE id IN (SELECT id FROM product_tombstone WHERE instance = ?1 AND ?2 < ?3 LIMIT ?4)",
	}
	for left := true; left; {
		if err := x.store.Write(ctx, func(t *store.Tx) error {
			left = false
			for _, statement := range statements {
				rows, err := t.Exec(statement, number, first, last, sweepPictures)
				if err != nil {
					return err
				}
				left = left || rows == sweepPictures
			}
			if left {
				return nil
			}
			_, err := t.Exec("UPDATE instance SET swept = 1, pictures = 0 WHERE id = ?", number)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
