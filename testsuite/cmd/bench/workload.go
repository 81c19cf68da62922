package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"imagebatch/testsuite/catalogue"
	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// folder is where the pictures of all measurements lie in the bucket.
const folder = "bench"

// workload is the pictures of a run, repeated to so many lines.
type workload struct {
	pictures []string // names below the folder
	files    []string // paths on this machine
	repeated int      // lines
}

func (w workload) lines() int { return w.repeated }

// product is the product of a line: every line is another key.
func (w workload) product(line int) string { return fmt.Sprintf("product-%07d", line) }

func (w workload) picture(line int) string { return w.pictures[line%len(w.pictures)] }

// prepare draws or collects the pictures and uploads them.
func (b *bench) prepare(ctx context.Context) (workload, error) {
	source := b.images
	if source == "" {
		source = filepath.Join(b.state, "drawn")
		if _, err := catalogue.Draw(source, catalogue.Options{Seed: 1}); err != nil {
			return workload{}, err
		}
		if err := os.RemoveAll(filepath.Join(source, "spoiled")); err != nil {
			return workload{}, fmt.Errorf("leave out the spoiled pictures: %w", err)
		}
	}
	made := filepath.Join(b.state, "pictures")
	if _, err := catalogue.FromFolder(source, made); err != nil {
		return workload{}, err
	}
	w := workload{repeated: b.lines}
	err := filepath.WalkDir(made, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == contract.ManifestName {
			return err
		}
		name, err := filepath.Rel(made, path)
		if err != nil {
			return err
		}
		w.files, w.pictures = append(w.files, path), append(w.pictures, filepath.ToSlash(name))
		return nil
	})
	if err != nil {
		return workload{}, fmt.Errorf("list the pictures: %w", err)
	}
	slices.Sort(w.files)
	slices.Sort(w.pictures)
	w.repeated = max(w.repeated, len(w.pictures))
	if _, err := b.stack.Upload(ctx, made, folder); err != nil {
		return workload{}, err
	}
	return w, b.putManifest(ctx, folder, w.repeated, w.addLine)
}

func (w workload) addLine(line int) any {
	return map[string]any{"OperationType": "ADD", "ProductId": w.product(line), "PicName": w.picture(line)}
}

// putManifest writes a manifest of so many lines.
func (b *bench) putManifest(ctx context.Context, folder string, lines int, entry func(int) any) error {
	var manifest bytes.Buffer
	encoder := json.NewEncoder(&manifest)
	for line := range lines {
		if err := encoder.Encode(entry(line)); err != nil {
			return fmt.Errorf("write manifest: %w", err)
		}
	}
	objects, err := b.stack.Objects(ctx)
	if err != nil {
		return err
	}
	return objects.Put(ctx, stack.Bucket, folder+"/"+contract.ManifestName, "application/x-ndjson", &manifest)
}
