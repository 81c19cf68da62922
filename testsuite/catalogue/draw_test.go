package catalogue_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"imagebatch/testsuite/catalogue"
	"imagebatch/testsuite/oracle"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

func drawn(t testing.TB, options catalogue.Options) (dir string, plan catalogue.Plan, text []byte) {
	t.Helper()
	dir = t.TempDir()
	plan, err := catalogue.Draw(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(filepath.Join(dir, contract.ManifestName)); err != nil {
		t.Fatal(err)
	}
	return dir, plan, text
}

func TestDrawPlansEveryFailureThatIsThere(t *testing.T) {
	t.Parallel()
	dir, plan, text := drawn(t, catalogue.Options{Products: 17, Seed: 1})
	failures := map[int64]contract.Code{}
	extensions := map[string]int{}
	var lines int64
	for scan := manifest.NewScanner(bytes.NewReader(text), manifest.Position{}); scan.Next(); {
		lines++
		entry, warnings, problem := manifest.Parse(scan.Line().Text, manifest.Rules{Strict: true})
		if len(warnings) > 0 {
			t.Errorf("line %d: warnings %v; want none", lines, warnings)
		}
		switch {
		case problem != nil:
			failures[lines] = problem.Code
		case entry.Operation == manifest.Add:
			if code := inspect(t, filepath.Join(dir, filepath.FromSlash(entry.PicName)), entry.Region); code != "" {
				failures[lines] = code
				continue
			}
			extensions[filepath.Ext(entry.PicName)]++
		}
	}
	if lines != plan.Lines {
		t.Errorf("%d lines; want the %d of the plan", lines, plan.Lines)
	}
	if diff := cmp.Diff(plan.Failures, failures); diff != "" {
		t.Errorf("failures (-planned +found):\n%s", diff)
	}
	planned := slices.Sorted(maps.Values(plan.Failures))
	if kinds := slices.Compact(planned); len(planned) != 13 || len(kinds) != 10 {
		t.Errorf("%d lines fail with %d codes %v; want 13 with 10", len(planned), len(kinds), kinds)
	}
	for _, extension := range []string{".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tiff", ".ppm"} {
		if extensions[extension] == 0 {
			t.Errorf("no picture is a %s", extension)
		}
	}
}

// inspect judges a file as a batch task must, by means of the standard library.
func inspect(t *testing.T, path string, region *manifest.Region) contract.Code {
	t.Helper()
	file, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return contract.CodeInvalidPicURL
	case err != nil:
		t.Fatal(err)
	case len(file) > contract.MaxPictureBytes:
		return contract.CodeInvalidPicContent
	case bytes.Contains(file, []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00")):
		if _, _, err := image.Decode(bytes.NewReader(file)); err != nil {
			t.Errorf("decode %s: %v; want a picture that is only rotated", path, err)
		}
		return contract.CodeIncorrectOrientation
	}
	size, err := decode(file)
	switch {
	case err != nil:
		return contract.CodeUnsupportedPicFormat
	case min(size.X, size.Y) < 100 || max(size.X, size.Y) > 4096:
		return contract.CodeUnsupportedPicPixels
	case region != nil && !region.Within(size.X, size.Y):
		return contract.CodeInvalidRegion
	}
	return ""
}

func decode(file []byte) (image.Point, error) {
	if bytes.HasPrefix(file, []byte("P")) {
		var kind, depth string
		var size image.Point
		header := strings.Replace(string(file[:min(len(file), 60)]), "# drawn\n", "", 1)
		if _, err := fmt.Sscan(header, &kind, &size.X, &size.Y, &depth); err != nil {
			return size, err
		}
		numbers := len(bytes.Fields(file)) - 4 - 2 // of a P3; the comment is two words
		if body := size.X * size.Y * 3; kind == "P6" && len(file) < body || kind == "P3" && numbers != body {
			return size, fmt.Errorf("%s of %v has %d bytes", kind, size, len(file))
		}
		return size, nil
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return image.Point{}, err
	}
	return picture.Bounds().Size(), nil
}

func TestDrawPlansTheIndexOfAnIndependentReader(t *testing.T) {
	t.Parallel()
	_, plan, text := drawn(t, catalogue.Options{Products: 8, Seed: 2})
	index, err := oracle.Serial(text, func(line int64) bool { return plan.Failures[line] != "" })
	if err != nil {
		t.Fatal(err)
	}
	want := map[catalogue.Key]bool{}
	renewed := 0
	for key, picture := range index {
		want[catalogue.Key(key)] = true
		if strings.Contains(*picture.CustomContent, "renewed") {
			renewed++
		}
	}
	got := map[catalogue.Key]bool{}
	for _, key := range plan.Keys {
		got[key] = true
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) != len(plan.Keys) {
		t.Errorf("%d keys (-independent +planned):\n%s", len(plan.Keys), diff)
	}
	if renewed != 1 {
		t.Errorf("%d keys hold what the repeated ADD says; want 1", renewed)
	}
	for _, key := range append(plan.Query.LookAlikes, plan.Query.Picture) {
		if !got[key] {
			t.Errorf("the query names %v, which is not in the index", key)
		}
	}
}

func TestDrawIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	digest := func(seed uint64) string {
		dir, plan, _ := drawn(t, catalogue.Options{Products: 5, Seed: seed})
		sum := sha256.New()
		fmt.Fprint(sum, plan)
		err := filepath.WalkDir(dir, func(path string, found fs.DirEntry, err error) error {
			if err != nil || found.IsDir() {
				return err
			}
			file, err := os.ReadFile(path)
			fmt.Fprintf(sum, "%s %x\n", strings.TrimPrefix(path, dir), file)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%x", sum.Sum(nil))
	}
	third := digest(3)
	if third != digest(3) {
		t.Error("two drawings with seed 3 differ")
	}
	if third == digest(4) {
		t.Error("the drawings with seeds 3 and 4 are the same")
	}
}

func TestDrawRefusesTooFewProducts(t *testing.T) {
	t.Parallel()
	if _, err := catalogue.Draw(t.TempDir(), catalogue.Options{Products: 4}); err == nil {
		t.Error("four products were drawn; want an error")
	}
}

func TestDefaultSizeGivesSeveralChunks(t *testing.T) {
	t.Parallel()
	plan := catalogue.Design(catalogue.Options{Products: catalogue.DefaultProducts})
	clamp := func(n, low, high int64) int64 { return max(low, min(n, high)) }
	above := func(n, per int64) int64 { return (n + per - 1) / per }
	slices := above(plan.Lines, clamp(plan.Lines/64, 64, 1000))
	if chunks := above(slices, clamp(slices/8, 4, 100)); chunks < 4 {
		t.Errorf("%d lines give %d slices and %d chunks; want at least 4", plan.Lines, slices, chunks)
	}
	if len(plan.Query.LookAlikes) != 4 {
		t.Errorf("%d look-alikes of the query; want 4", len(plan.Query.LookAlikes))
	}
}

func BenchmarkDraw(b *testing.B) {
	for b.Loop() {
		drawn(b, catalogue.Options{})
	}
}
