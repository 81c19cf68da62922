package stack

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"imagebatch/activities"
	"imagebatch/activities/oss"
)

// Objects is the stack's object store as its owner sees it.
func (s *Stack) Objects(ctx context.Context) (activities.Objects, error) {
	identities, err := oss.New(oss.Config{
		Endpoint: s.OSS.Endpoint, Region: Region,
		AccessKeyID: RootKey.ID, AccessKeySecret: RootKey.Secret,
	})
	if err != nil {
		return nil, err
	}
	return identities.As(ctx, "")
}

// uploads is how many objects are written at a time.
const uploads = 16

// Upload writes every file below a folder to the catalogue bucket, below a prefix.
func (s *Stack) Upload(ctx context.Context, folder, prefix string) (files int, err error) {
	objects, err := s.Objects(ctx)
	if err != nil {
		return 0, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(uploads)
	walk := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		files++
		group.Go(func() error {
			file, err := os.Open(path)
			if err != nil {
				return err
			}
			defer file.Close()
			return objects.Put(ctx, Bucket, prefix+"/"+filepath.ToSlash(name), "application/octet-stream", file)
		})
		return ctx.Err()
	})
	if err := group.Wait(); err != nil {
		return 0, fmt.Errorf("upload %s: %w", folder, err)
	}
	if walk != nil {
		return 0, fmt.Errorf("upload %s: %w", folder, walk)
	}
	return files, nil
}
