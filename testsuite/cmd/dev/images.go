package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"imagebatch/testsuite/catalogue"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// upload puts a folder of pictures into the object store, under the folder's name,
// and says how they are imported. A folder without an increment.meta gets one that
// adds every picture; made is where that is put together.
func upload(ctx context.Context, s *stack.Stack, images, made string, out io.Writer) error {
	name := folderName(images)
	from := images
	switch _, err := os.Stat(filepath.Join(images, contract.ManifestName)); {
	case errors.Is(err, fs.ErrNotExist):
		from = filepath.Join(made, name)
		if _, err := catalogue.FromFolder(images, from); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("read folder of pictures: %w", err)
	}
	files, err := s.Upload(ctx, from, name)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, `
  %d files put to oss://%s/%s; import them with:
    starter instance create shop --region %s
    starter batch start shop --bucket %[2]s --path /%[3]s --wait
`, files, stack.Bucket, name, stack.Region)
	return nil
}

// folderName is the last part of a path, where a manifest's folder may be called
// that and needs no quotes in a shell.
func folderName(images string) string {
	whole, err := filepath.Abs(images)
	if err != nil {
		whole = images
	}
	name := filepath.Base(whole)
	if path, err := contract.NormalizePath(name); err != nil || path != "/"+name || strings.ContainsAny(name, " '\"$`&;|<>()*?") {
		return "pictures"
	}
	return name
}
