package catalogue_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"imagebatch/testsuite/catalogue"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

func write(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFromFolderTakesEveryPictureOnce(t *testing.T) {
	t.Parallel()
	images := t.TempDir()
	write(t, images, "top.JPG", "shoes/1.png", "shoes/1.jpg", "shoes/red/1.webp", "shoes-red/1.tif", "b\\ad.jpg", "control\x01.gif", "notUTF8\xff.bmp",
		"readme.txt", "shoes/noextension", ".jpg", "increment.meta")
	if err := os.Symlink(filepath.Join(images, "top.JPG"), filepath.Join(images, "linked.ppm")); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(images, "catalogue") // below the pictures, as people may well do

	for range 2 { // again over what is there
		made, err := catalogue.FromFolder(images, dir)
		if err != nil {
			t.Fatal(err)
		}
		if made.Lines != 10 || made.Skipped != 3 {
			t.Errorf("%d lines, %d skipped; want 10 and 3", made.Lines, made.Skipped)
		}
	}

	text, err := os.ReadFile(filepath.Join(dir, contract.ManifestName))
	if err != nil {
		t.Fatal(err)
	}
	groups, contents := map[string]string{}, map[string]bool{}
	summary, err := manifest.Check(bytes.NewReader(text), manifest.Rules{}, func(f manifest.Finding) error {
		t.Errorf("line %d: %s", f.Line, f.Message)
		return nil
	})
	if err != nil || summary.Adds != 10 {
		t.Errorf("summary = %+v, %v; want 10 adds", summary, err)
	}
	for scan := manifest.NewScanner(bytes.NewReader(text), manifest.Position{}); scan.Next(); {
		entry, _, _ := manifest.Parse(scan.Line().Text, manifest.Rules{})
		groups[entry.ProductID] = ""
		if entry.StrAttrs[0] != nil {
			groups[entry.ProductID] = *entry.StrAttrs[0]
		}
		file, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(entry.PicName)))
		if err != nil {
			t.Error(err)
		}
		contents[string(file)] = true
	}
	want := map[string]string{
		"top": "", "linked": "", "shoes-1": "shoes", "shoes-1-2": "shoes", "shoes-red-1": "shoes", "shoes-red-1-2": "shoes-red",
	}
	for id, group := range want {
		if got, ok := groups[id]; !ok || got != group {
			t.Errorf("product %q has group %q (there: %t); want %q", id, got, ok, group)
		}
	}
	if len(groups) != 10 {
		t.Errorf("%d products %v; want 10", len(groups), groups)
	}
	if len(contents) != 9 { // the link shows what it leads to
		t.Errorf("%d different files; want 9", len(contents))
	}
}

func TestFromFolderRefuses(t *testing.T) {
	t.Parallel()
	images := t.TempDir()
	write(t, images, "readme.txt")
	for name, test := range map[string]struct{ images, dir string }{
		"NoPicture":  {images, t.TempDir()},
		"SameFolder": {images, images},
		"NoFolder":   {filepath.Join(images, "missing"), t.TempDir()},
	} {
		if made, err := catalogue.FromFolder(test.images, test.dir); err == nil {
			t.Errorf("%s: made %+v; want an error", name, made)
		}
	}
}
