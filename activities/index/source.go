package index

import (
	"context"

	"imagebatch/activities/store"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// Source is where the bytes of a picture were when it was stored: the object
// that was named to AddImage or by the line of a dump or, of any other line, the
// one in the manifest's folder, or from the bucket's root where the task looked
// there too. CodePicNotExist when it is not known.
func (x *Index) Source(ctx context.Context, picture contract.Picture) (source manifest.Source, err error) {
	err = x.store.Read(ctx, func(t *store.Tx) error {
		found, err := (&sources{tx: t}).of(picture)
		if err != nil {
			return err
		}
		if found == nil {
			return contract.Errorf(contract.CodePicNotExist, "it is not known where picture %q of product %q was stored from; it may have been replaced or deleted meanwhile, look it up again",
				picture.PicName, picture.ProductID)
		}
		source = *found
		return nil
	})
	return source, err
}

// sources looks up where pictures come from, within one transaction. It reads
// each task once.
type sources struct {
	tx    *store.Tx
	tasks map[int64]*folder
}

// folder is where a task looked for pictures whose lines named no source.
type folder struct {
	bucket, path, role string
	fromRoot           bool
}

// of is nil when the source is not known.
func (s *sources) of(picture contract.Picture) (*manifest.Source, error) {
	var source manifest.Source
	if picture.Line == 0 {
		found, err := s.tx.Row([]any{&source.Bucket, &source.Key, &source.RoleARN, &source.Uploaded},
			"SELECT bucket, key, role, uploaded FROM source WHERE operation = ?", picture.Task)
		if err != nil || !found {
			return nil, err
		}
		return &source, nil
	}
	found, err := s.tx.Row([]any{&source.Bucket, &source.Key, &source.OrKey, &source.RoleARN, &source.Uploaded},
		"SELECT bucket, key, or_key, role, uploaded FROM line_source WHERE task = ? AND line = ?", picture.Task, picture.Line)
	if err != nil || found {
		return &source, err
	}
	from, err := s.folder(picture.Task)
	if err != nil || from == nil {
		return nil, err
	}
	source = manifest.Source{Bucket: from.bucket, Key: contract.PictureKey(from.path, picture.PicName), RoleARN: from.role}
	if from.fromRoot && source.Key != picture.PicName {
		source.OrKey = picture.PicName
	}
	return &source, nil
}

func (s *sources) folder(task int64) (*folder, error) {
	if known, ok := s.tasks[task]; ok {
		return known, nil
	}
	var from folder
	found, err := s.tx.Row([]any{&from.bucket, &from.path, &from.role, &from.fromRoot},
		"SELECT bucket, path, role, from_root FROM task WHERE id = ?", task)
	if err != nil || !found {
		return nil, err
	}
	if s.tasks == nil {
		s.tasks = map[int64]*folder{}
	}
	s.tasks[task] = &from
	return &from, nil
}

// keepSource remembers where the picture came from that an operation stores.
func keepSource(t *store.Tx, operation int64, content contract.PicContent) error {
	_, err := t.Exec("INSERT INTO source (operation, bucket, key, role, uploaded) VALUES (?, ?, ?, ?, ?)",
		operation, content.Bucket, content.Key, content.RoleARN, content.Uploaded)
	return err
}

// keepLineSource remembers it of a line that named where its picture is.
func keepLineSource(t *store.Tx, at version, source *manifest.Source) error {
	if source == nil {
		return nil
	}
	_, err := t.Exec("INSERT OR REPLACE INTO line_source (task, line, bucket, key, or_key, role, uploaded) VALUES (?, ?, ?, ?, ?, ?, ?)",
		at.task, at.line, source.Bucket, source.Key, source.OrKey, source.RoleARN, source.Uploaded)
	return err
}

// dropSource forgets it when the picture with this base version goes.
func dropSource(t *store.Tx, base version) error {
	if base.line != 0 {
		_, err := t.Exec("DELETE FROM line_source WHERE task = ? AND line = ?", base.task, base.line)
		return err
	}
	_, err := t.Exec("DELETE FROM source WHERE operation = ?", base.task)
	return err
}
