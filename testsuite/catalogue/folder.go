package catalogue

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

// Folder is what FromFolder made of a folder of pictures.
type Folder struct {
	Lines   int64 // of increment.meta, one a picture
	Skipped int64 // files without the extension of a picture
	Query   Query // the first picture; it has no expected look-alikes
}

// pictureExtensions are those of files that are taken for pictures.
var pictureExtensions = map[string]bool{
	".jpg": true, ".jpeg": true, ".png": true, ".bmp": true, ".gif": true, ".webp": true, ".tif": true, ".tiff": true, ".ppm": true,
}

// FromFolder makes a folder that adds every picture found in another one and its
// subfolders. Pictures are linked, or copied where that does not work. A picture's
// product is named after its path, and no two have the same; the subfolder it is
// in becomes StrAttr. Whether a picture is any good is left to the batch task.
func FromFolder(images, dir string) (Folder, error) {
	f := folder{images: images, dir: dir, taken: map[string]bool{}}
	if err := f.open(); err != nil {
		return Folder{}, fmt.Errorf("make manifest of folder %q: %w", images, err)
	}
	err := filepath.WalkDir(images, f.visit)
	if err = errors.Join(err, f.manifest.Close()); err != nil {
		return Folder{}, fmt.Errorf("make manifest of folder %q: %w", images, err)
	}
	if f.made.Lines == 0 {
		return Folder{}, fmt.Errorf("make manifest of folder %q: it holds no picture; give one with files such as 1.jpg or 2.png", images)
	}
	return f.made, nil
}

type folder struct {
	images, dir string
	own         fs.FileInfo // dir, which may lie below images
	manifest    *os.File
	taken       map[string]bool // product ids
	made        Folder
}

func (f *folder) open() error {
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return err
	}
	source, err := os.Stat(f.images)
	if err != nil {
		return err
	}
	if f.own, err = os.Stat(f.dir); err != nil {
		return err
	}
	if os.SameFile(source, f.own) {
		return errors.New("it is the folder to write to; give another one")
	}
	f.manifest, err = os.Create(filepath.Join(f.dir, contract.ManifestName))
	return err
}

func (f *folder) visit(path string, found fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if found.IsDir() {
		if info, err := found.Info(); err == nil && os.SameFile(info, f.own) {
			return fs.SkipDir
		}
		return nil
	}
	info, err := os.Stat(path) // of what a symbolic link leads to
	if err != nil || !info.Mode().IsRegular() || !pictureExtensions[strings.ToLower(filepath.Ext(path))] {
		f.made.Skipped++
		return nil
	}
	relative, err := filepath.Rel(f.images, path)
	if err != nil {
		return err
	}
	entry := f.entry(filepath.ToSlash(relative))
	if err := place(path, filepath.Join(f.dir, filepath.FromSlash(entry.PicName))); err != nil {
		return err
	}
	f.made.Lines++
	if f.made.Lines == 1 {
		f.made.Query = Query{Picture: Key{entry.ProductID, entry.PicName}, File: entry.PicName}
	}
	_, err = f.manifest.Write(append(manifest.Append(nil, entry), '\n'))
	return err
}

// entry is the line of a picture. A path that a manifest cannot hold gets a name
// of its own.
func (f *folder) entry(path string) manifest.Entry {
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	entry := manifest.Entry{
		Operation: manifest.Add,
		ProductID: f.unique(strings.ReplaceAll(stem, "/", "-")),
		PicName:   path,
	}
	if group, _, inside := strings.Cut(path, "/"); inside {
		entry.StrAttrs[0] = &group
	}
	read, _, problem := manifest.Parse(manifest.Append(nil, entry), manifest.Rules{})
	if problem == nil && read.PicName == path {
		f.taken[entry.ProductID] = true
		return entry
	}
	n := strconv.FormatInt(f.made.Lines+1, 10)
	entry = manifest.Entry{
		Operation: manifest.Add,
		ProductID: f.unique("picture-" + n),
		PicName:   "renamed/" + n + strings.ToLower(filepath.Ext(path)),
	}
	f.taken[entry.ProductID] = true
	return entry
}

// unique is the id, with a number behind it where it is taken.
func (f *folder) unique(id string) string {
	for n, free := 2, id; ; n++ {
		if !f.taken[free] {
			return free
		}
		free = id + "-" + strconv.Itoa(n)
	}
}

// place makes a file appear under another name.
func place(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if resolved, err := filepath.EvalSymlinks(from); err == nil && os.Link(resolved, to) == nil {
		return nil
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
