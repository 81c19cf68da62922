package stack

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"imagebatch/activities"
	"imagebatch/activities/oss"
	"imagebatch/testsuite/ossserver"
)

// Objects is the stack's object store as its owner sees it.
func (s *Stack) Objects(ctx context.Context) (activities.Objects, error) {
	return Objects(ctx, s.OSS.Endpoint, RootKey)
}

// Objects is a development object store as the owner of a key sees it.
func Objects(ctx context.Context, endpoint string, key ossserver.Key) (activities.Objects, error) {
	identities, err := oss.New(oss.Config{
		Endpoint: endpoint, Region: Region,
		AccessKeyID: key.ID, AccessKeySecret: key.Secret,
	})
	if err != nil {
		return nil, err
	}
	return identities.As(ctx, "")
}

// Upload writes every file below a folder to the catalogue bucket, below a prefix.
func (s *Stack) Upload(ctx context.Context, folder, prefix string) (files int, err error) {
	objects, err := s.Objects(ctx)
	if err != nil {
		return 0, err
	}
	return Upload(ctx, objects, Bucket, prefix, folder)
}

// uploads is how many objects are written at a time.
const uploads = 16

// Upload writes files to a bucket, below a prefix: a file under its own name, and
// of a folder every file below it, under its path from there.
func Upload(ctx context.Context, objects activities.Objects, bucket, prefix string, sources ...string) (files int, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(uploads)
	for _, source := range sources {
		err = filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name, err := filepath.Rel(source, path)
			if err != nil {
				return err
			}
			if name == "." { // the source is a file
				name = filepath.Base(path)
			}
			files++
			key := strings.TrimPrefix(strings.Trim(prefix, "/")+"/"+filepath.ToSlash(name), "/")
			group.Go(func() error { return put(ctx, objects, bucket, key, path) })
			return ctx.Err()
		})
		if err != nil {
			break
		}
	}
	// What failed in an upload is the cause of what ended the walk.
	if failed := group.Wait(); failed != nil {
		return 0, fmt.Errorf("upload to oss://%s/%s: %w", bucket, prefix, failed)
	}
	if err != nil {
		return 0, fmt.Errorf("upload to oss://%s/%s: %w", bucket, prefix, err)
	}
	return files, nil
}

func put(ctx context.Context, objects activities.Objects, bucket, key, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return objects.Put(ctx, bucket, key, "application/octet-stream", file)
}
