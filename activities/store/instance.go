package store

import (
	"time"

	"imagebatch/workflows/contract"
)

// Instance is an instance as the store keeps it.
type Instance struct {
	contract.Instance
	Number      int64 // what its rows are keyed by; names can be used again, numbers cannot
	NextPicture int64 // ordinal of the next new picture, from 1
	Dimensions  int   // bytes of each vector, 0 before the first
}

const instanceColumns = "id, name, public_id, region, service_type, capacity, pictures, features, created, next_picture, dimensions"

func (i *Instance) columns(created *int64) []any {
	return []any{&i.Number, &i.Name, &i.ID, &i.Region, &i.ServiceType, &i.Capacity, &i.Pictures, &i.Features, created, &i.NextPicture, &i.Dimensions}
}

// Instance is the living instance of a name. CodeInstanceNotFound.
func (t *Tx) Instance(name string) (Instance, error) {
	var instance Instance
	var created int64
	found, err := t.Row(instance.columns(&created), "SELECT "+instanceColumns+" FROM instance WHERE name = ? AND dead = 0", name)
	if err == nil && !found {
		err = contract.Errorf(contract.CodeInstanceNotFound, "there is no instance %q; create it, or list the instances to see which there are", name)
	}
	instance.CreatedAt = instant(created)
	return instance, err
}

// InstanceByNumber is an instance that a row refers to.
func (t *Tx) InstanceByNumber(number int64) (Instance, error) {
	var instance Instance
	var created int64
	found, err := t.Row(instance.columns(&created), "SELECT "+instanceColumns+" FROM instance WHERE id = ?", number)
	if err == nil && !found {
		err = contract.Errorf(contract.CodeInstanceNotFound, "the instance with number %d is gone", number)
	}
	instance.CreatedAt = instant(created)
	return instance, err
}

// Instances are the living instances, by name.
func (t *Tx) Instances() (all []Instance, err error) {
	err = t.Each(func(scan func(...any) error) error {
		var instance Instance
		var created int64
		err := scan(instance.columns(&created)...)
		instance.CreatedAt = instant(created)
		all = append(all, instance)
		return err
	}, "SELECT "+instanceColumns+" FROM instance WHERE dead = 0 ORDER BY name")
	return all, err
}

// Busy tells whether an instance has an open task: only then can effects come
// that are older than what has been applied.
func (t *Tx) Busy(instance int64) (busy bool, err error) {
	_, err = t.Row([]any{&busy}, "SELECT EXISTS (SELECT 1 FROM task WHERE instance = ? AND state = 'PROCESSING')", instance)
	return busy, err
}

// OpenTask is the open task of an instance, 0 if there is none.
func (t *Tx) OpenTask(instance int64) (task int64, err error) {
	_, err = t.Row([]any{&task}, "SELECT id FROM task WHERE instance = ? AND state = 'PROCESSING' ORDER BY id LIMIT 1", instance)
	return task, err
}

// instant is a time as rows hold it: nanoseconds since 1970, 0 for none.
func instant(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}
