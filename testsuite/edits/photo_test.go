package edits_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/edits"
)

func TestHeldOutIsAFifthWhateverTheFolder(t *testing.T) {
	t.Parallel()
	held := 0
	const count = 10_000
	for n := range count {
		name := fmt.Sprintf("photo-%d.jpg", n)
		if edits.HeldOut(name) {
			held++
		}
		if edits.HeldOut(name) != edits.HeldOut(filepath.Join("some", "where", name)) {
			t.Fatalf("%s is judged by in one folder and learned from in another", name)
		}
	}
	if held < count*18/100 || held > count*22/100 {
		t.Errorf("%d of %d are held out, want a fifth", held, count)
	}
	// The table of the product was learned by this very rule.
	for name, want := range map[string]bool{"5.jpg": false, "hat/6.jpg": true, "7.jpg": false} {
		if got := edits.HeldOut(name); got != want {
			t.Errorf("HeldOut(%q) is %t, want %t", name, got, want)
		}
	}
}

func TestSeededDependsOnEveryName(t *testing.T) {
	t.Parallel()
	want := edits.Seeded(1, "a", "b").Uint64()
	if got := edits.Seeded(1, "a", "b").Uint64(); got != want {
		t.Errorf("the same names gave %d and %d", want, got)
	}
	for name, got := range map[string]uint64{
		"Seed":  edits.Seeded(2, "a", "b").Uint64(),
		"Name":  edits.Seeded(1, "a", "c").Uint64(),
		"Parts": edits.Seeded(1, "ab").Uint64(),
	} {
		if got == want {
			t.Errorf("%s: another source gave the same number", name)
		}
	}
}

func TestPhotos(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, file := range []string{"shoes/b.JPG", "shoes/a.jpeg", "hat/c.jpg", "d.jpg", "hat/notes.txt"} {
		path := filepath.Join(dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, edits.Encode(ramp(16, 24), 90), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	photos, err := edits.Photos(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range photos {
		got = append(got, p.File+" "+p.Category)
		decoded, err := p.Decode()
		if err != nil {
			t.Fatal(err)
		}
		if decoded.Rect.Dx() != 16 || decoded.Rect.Dy() != 24 {
			t.Errorf("%s is %v large, want 16×24", p.File, decoded.Rect.Size())
		}
		if p.HeldOut != edits.HeldOut(p.File) {
			t.Errorf("%s is held out: %t", p.File, p.HeldOut)
		}
	}
	if diff := cmp.Diff([]string{"d.jpg ", "hat/c.jpg hat", "shoes/a.jpeg shoes", "shoes/b.JPG shoes"}, got); diff != "" {
		t.Errorf("photos differ (-want +got):\n%s", diff)
	}
}

func TestPhotosSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	empty, damaged := t.TempDir(), t.TempDir()
	if _, err := edits.Photos(empty); err == nil || !strings.Contains(err.Error(), "holds no JPEG") {
		t.Errorf("an empty folder gave %v", err)
	}
	if _, err := edits.Photos(filepath.Join(empty, "absent")); err == nil {
		t.Error("an absent folder gave no error")
	}
	path := filepath.Join(damaged, "x.jpg")
	if err := os.WriteFile(path, []byte("not a picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	photos, err := edits.Photos(damaged)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := photos[0].Decode(); err == nil || !strings.Contains(err.Error(), "x.jpg") {
		t.Errorf("a damaged file gave %v", err)
	}
}
