package catalogue_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"imagebatch/testsuite/catalogue"
	"imagebatch/testsuite/oracle"
	"imagebatch/workflows/contract"
	"imagebatch/workflows/manifest"
)

func TestRandomLinesAreWhatTheyClaim(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mix := catalogue.Mix{
			Products: rapid.IntRange(1, 20).Draw(t, "products"), Pictures: rapid.IntRange(1, 4).Draw(t, "pictures"),
			Bad: rapid.Bool().Draw(t, "bad"), Blank: rapid.Bool().Draw(t, "blank"),
		}
		lines := rapid.IntRange(0, 300).Draw(t, "lines")
		batch, err := catalogue.Random(rapid.Uint64().Draw(t, "seed"), lines, mix)
		if err != nil {
			t.Fatal(err)
		}
		var physical, counted int64
		for scan := manifest.NewScanner(bytes.NewReader(batch.Manifest), manifest.Position{}); scan.Next(); {
			line := scan.Line()
			physical++
			if line.Blank {
				continue
			}
			counted++
			entry, warnings, problem := manifest.Parse(line.Text, manifest.Rules{})
			if len(warnings) > 0 {
				t.Fatalf("line %d: warnings %v", line.Number, warnings)
			}
			var got contract.Code
			switch {
			case problem != nil:
				got = problem.Code
			case entry.Operation == manifest.Add && batch.Pictures[entry.PicName] == nil:
				got = contract.CodeInvalidPicURL
			case entry.Region != nil && !entry.Region.Within(100, 100):
				got = contract.CodeInvalidRegion
			}
			if got != batch.Failures[line.Number] {
				t.Fatalf("line %d fails with %q; want %q: %s", line.Number, got, batch.Failures[line.Number], line.Text)
			}
		}
		if physical != int64(lines) || counted != batch.Lines {
			t.Fatalf("%d lines, %d not blank; want %d and %d", physical, counted, lines, batch.Lines)
		}
		if _, err := oracle.Serial(batch.Manifest, func(line int64) bool { return batch.Failures[line] != "" }); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRandomStirsEnough(t *testing.T) {
	t.Parallel()
	batch, err := catalogue.Random(1, 2000, catalogue.Mix{Bad: true, Blank: true})
	if err != nil {
		t.Fatal(err)
	}
	again, err := catalogue.Random(1, 2000, catalogue.Mix{Bad: true, Blank: true})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(batch, again) {
		t.Error("the same seed gives another batch")
	}
	seen := map[string]bool{}
	for _, file := range batch.Pictures {
		seen[string(file)] = true
	}
	if len(batch.Pictures) != 40 || len(seen) != 40 {
		t.Errorf("%d pictures, %d different; want 40", len(batch.Pictures), len(seen))
	}
	index, err := oracle.Serial(batch.Manifest, func(line int64) bool { return batch.Failures[line] != "" })
	if err != nil {
		t.Fatal(err)
	}
	overwrites, keys := 0, map[catalogue.Key]bool{}
	for scan := manifest.NewScanner(bytes.NewReader(batch.Manifest), manifest.Position{}); scan.Next(); {
		entry, _, problem := manifest.Parse(scan.Line().Text, manifest.Rules{})
		if problem != nil || entry.Operation != manifest.Add {
			continue
		}
		key := catalogue.Key{ProductID: entry.ProductID, PicName: entry.PicName}
		if keys[key] {
			overwrites++
		}
		keys[key] = true
	}
	if len(index) < 20 || overwrites < 200 || len(keys)-len(index) < 100 {
		t.Errorf("%d pictures remain of %d keys after %d overwrites; want some of each", len(index), len(keys), overwrites)
	}
	if len(batch.Failures) < 50 || batch.Lines > 1950 {
		t.Errorf("%d lines fail and %d are not blank; want about one in 16 of each kind", len(batch.Failures), batch.Lines)
	}
}

func TestSaveWritesEverything(t *testing.T) {
	t.Parallel()
	batch, err := catalogue.Random(2, 30, catalogue.Mix{Pictures: 3})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := batch.Save(dir); err != nil {
		t.Fatal(err)
	}
	batch.Pictures[contract.ManifestName] = batch.Manifest
	for name, want := range batch.Pictures {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(want))
		}
	}
}
