package index

import (
	"context"

	"imagebatch/activities"
	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// AddImage stores a picture, as an ADD of a manifest does. CodeInstanceOverQuota,
// CodeFeatureVersion, CodeInstanceNotFound; refused, it has changed nothing.
func (x *Index) AddImage(ctx context.Context, runID, instance string, put activities.PutPicture, source contract.PicContent) error {
	return x.operate(ctx, runID, instance, func(a *applier, at version) error {
		if err := a.put(at, put); err != nil {
			return err
		}
		return keepSource(a.tx, at.task, source)
	})
}

// UpdateImage changes the fields of a picture that are not nil. An ADD of a task
// that began before, and is committed after, leaves these fields alone.
// CodePicNotExist, CodeInstanceNotFound.
func (x *Index) UpdateImage(ctx context.Context, runID string, ref contract.PictureRef, fields contract.Attributes) error {
	return x.operate(ctx, runID, ref.Instance, func(a *applier, at version) error {
		k := key{a.instance.Number, ref.ProductID, ref.PicName}
		var id int64
		found, err := a.tx.Row([]any{&id}, "SELECT id FROM picture WHERE instance = ? AND product = ? AND name = ?", k.instance, k.product, k.name)
		if err != nil {
			return err
		}
		if !found {
			return pictureNotFound(ref)
		}
		for field, value := range fieldValues(fields) {
			if err := a.setField(at, k, id, field, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// Vector is what a picture is found by, and the version of the instance's
// features. CodePicNotExist, CodeInstanceNotFound.
func (x *Index) Vector(ctx context.Context, ref contract.PictureRef) (vector []byte, featureVersion string, err error) {
	err = x.store.Read(ctx, func(t *store.Tx) error {
		instance, err := t.Instance(ref.Instance)
		if err != nil {
			return err
		}
		featureVersion = instance.Features
		found, err := t.Row([]any{&vector}, `SELECT vector FROM vector WHERE picture =
			(SELECT id FROM picture WHERE instance = ? AND product = ? AND name = ?)`, instance.Number, ref.ProductID, ref.PicName)
		if err == nil && !found {
			err = pictureNotFound(ref)
		}
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return vector, featureVersion, nil
}
