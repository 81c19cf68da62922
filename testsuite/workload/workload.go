// Package workload prepares what measurements run over: pictures in the catalogue
// bucket of a stack, drawn or given, and manifests that name them again and again.
//
// Only commands and tests below testsuite may import it. Catalogues with a story
// to tell are in package catalogue; manifests whose every line works on what the
// lines before it did are there too.
package workload

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

// Workload is pictures, repeated to so many lines. Lines count from 0.
type Workload struct {
	Folder   string   // in the catalogue bucket
	Pictures []string // names below the folder
	Files    []string // their paths on this machine
	Lines    int
}

// Prepare draws pictures, or takes those of a folder, into a folder of this
// machine, and uploads them. There are at least as many lines as pictures.
func Prepare(ctx context.Context, s *stack.Stack, folder, images, scratch string, lines int) (Workload, error) {
	if images == "" {
		images = filepath.Join(scratch, "drawn")
		if _, err := catalogue.Draw(images, catalogue.Options{Seed: 1}); err != nil {
			return Workload{}, err
		}
		if err := os.RemoveAll(filepath.Join(images, "spoiled")); err != nil {
			return Workload{}, fmt.Errorf("leave out the spoiled pictures: %w", err)
		}
	}
	made := filepath.Join(scratch, "pictures")
	if _, err := catalogue.FromFolder(images, made); err != nil {
		return Workload{}, err
	}
	w := Workload{Folder: folder}
	err := filepath.WalkDir(made, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == contract.ManifestName {
			return err
		}
		name, err := filepath.Rel(made, path)
		if err != nil {
			return err
		}
		w.Files, w.Pictures = append(w.Files, path), append(w.Pictures, filepath.ToSlash(name))
		return nil
	})
	if err != nil {
		return Workload{}, fmt.Errorf("list the pictures: %w", err)
	}
	slices.Sort(w.Files)
	slices.Sort(w.Pictures)
	w.Lines = max(lines, len(w.Pictures))
	_, err = s.Upload(ctx, made, folder)
	return w, err
}

// Product is the product of a line: every line is another key.
func (w Workload) Product(line int) string { return fmt.Sprintf("product-%07d", line) }

// Picture is the picture of a line.
func (w Workload) Picture(line int) string { return w.Pictures[line%len(w.Pictures)] }

// File is where the picture of a line is on this machine.
func (w Workload) File(line int) string { return w.Files[line%len(w.Files)] }

// Add is the line that adds the line's picture to its product.
func (w Workload) Add(line int) any {
	return map[string]any{"OperationType": "ADD", "ProductId": w.Product(line), "PicName": w.Picture(line)}
}

// Manifest is a manifest of so many lines.
func Manifest(lines int, entry func(line int) any) ([]byte, error) {
	var manifest bytes.Buffer
	encoder := json.NewEncoder(&manifest)
	for line := range lines {
		if err := encoder.Encode(entry(line)); err != nil {
			return nil, fmt.Errorf("write manifest: %w", err)
		}
	}
	return manifest.Bytes(), nil
}
