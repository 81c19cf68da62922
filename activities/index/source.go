package index

import (
	"context"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
)

// Source is where the bytes of a picture were when it was stored: the object
// that was named to AddImage or, of a picture that a task has stored, the one in
// the manifest's folder. A task that looked from the bucket's root too may have
// found the picture there instead. CodePicNotExist when it is not known.
func (x *Index) Source(ctx context.Context, picture contract.Picture) (content contract.PicContent, err error) {
	err = x.store.Read(ctx, func(t *store.Tx) error {
		var found bool
		if picture.Line == 0 {
			found, err = t.Row([]any{&content.Bucket, &content.Key, &content.RoleARN, &content.Uploaded},
				"SELECT bucket, key, role, uploaded FROM source WHERE operation = ?", picture.Task)
		} else {
			var path string
			found, err = t.Row([]any{&content.Bucket, &path, &content.RoleARN}, "SELECT bucket, path, role FROM task WHERE id = ?", picture.Task)
			content.Key = contract.PictureKey(path, picture.PicName)
		}
		if err == nil && !found {
			err = contract.Errorf(contract.CodePicNotExist, "it is not known where picture %q of product %q was stored from; it may have been replaced or deleted meanwhile, look it up again",
				picture.PicName, picture.ProductID)
		}
		return err
	})
	if err != nil {
		return contract.PicContent{}, err
	}
	return content, nil
}

// keepSource remembers where the picture came from that an operation stores.
func keepSource(t *store.Tx, operation int64, content contract.PicContent) error {
	_, err := t.Exec("INSERT INTO source (operation, bucket, key, role, uploaded) VALUES (?, ?, ?, ?, ?)",
		operation, content.Bucket, content.Key, content.RoleARN, content.Uploaded)
	return err
}

// dropSource forgets it when the picture with this base version goes. What a
// task has stored has no such row.
func dropSource(t *store.Tx, base version) error {
	if base.line != 0 {
		return nil
	}
	_, err := t.Exec("DELETE FROM source WHERE operation = ?", base.task)
	return err
}
