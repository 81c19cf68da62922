package edits

import (
	"fmt"
	"image"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Photo is a JPEG file of a folder whose subfolders are categories.
type Photo struct {
	Path     string // of the file
	File     string // below the folder, with slashes
	Category string // the subfolder it is in, empty for none
	HeldOut  bool   // see HeldOut
}

// Photos are those of a folder, in the order of their names.
func Photos(dir string) ([]Photo, error) {
	var all []Photo
	err := filepath.WalkDir(dir, func(file string, found fs.DirEntry, err error) error {
		extension := strings.ToLower(filepath.Ext(file))
		if err != nil || found.IsDir() || extension != ".jpg" && extension != ".jpeg" {
			return err
		}
		below, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		p := Photo{Path: file, File: filepath.ToSlash(below), HeldOut: HeldOut(file)}
		if p.Category = path.Dir(p.File); p.Category == "." {
			p.Category = ""
		}
		all = append(all, p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list photos: %w", err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("list photos: %q holds no JPEG; give a folder with one folder of photos for each category", dir)
	}
	return all, nil
}

// Decode is the photo in full.
func (p Photo) Decode() (*image.RGBA, error) {
	file, err := os.Open(p.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	decoded, err := Decode(file)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", p.Path, err)
	}
	return decoded, nil
}
