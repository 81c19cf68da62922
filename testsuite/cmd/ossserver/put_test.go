package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"imagebatch/testsuite/stack"
)

func TestPutWritesFilesAndFolders(t *testing.T) {
	t.Parallel()
	addresses, _ := launch(t, "--dir", t.TempDir(), "--listen", "127.0.0.1:0")
	dir := t.TempDir()
	for name, content := range map[string]string{"a.jpg": "A", "more/b c.jpg": "B", "more/deep/ü.png": "U"} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	do := func(args ...string) (string, error) {
		var out strings.Builder
		err := put(t.Context(), append([]string{"--endpoint", addresses[1]}, args...), &out, io.Discard)
		return out.String(), err
	}
	says, err := do(filepath.Join(dir, "a.jpg"), filepath.Join(dir, "more"), "oss://catalogue/first/")
	if err == nil || !strings.Contains(err.Error(), "no such bucket") {
		t.Errorf("a bucket that is not there: %q, %v", says, err)
	}
	addresses, _ = launch(t, "--dir", t.TempDir(), "--keys", keysWith(t, "catalogue"))
	objects, err := stack.Objects(t.Context(), addresses[1], stack.RootKey)
	if err != nil {
		t.Fatal(err)
	}
	for place, prefix := range map[string]string{"oss://catalogue/first/": "first/", "oss://catalogue": "", "oss://catalogue/a/b": "a/b/"} {
		says, err := do(filepath.Join(dir, "a.jpg"), filepath.Join(dir, "more"), place)
		if err != nil || !strings.HasPrefix(says, "3 files put to oss://catalogue/") {
			t.Fatalf("%s: %q, %v", place, says, err)
		}
		for name, want := range map[string]string{"a.jpg": "A", "b c.jpg": "B", "deep/ü.png": "U"} {
			info, err := objects.Head(t.Context(), "catalogue", prefix+name)
			if err != nil || info.Size != int64(len(want)) {
				t.Errorf("%s: %s%s is %+v, %v", place, prefix, name, info, err)
			}
		}
	}
	for name, args := range map[string][]string{
		"NoPlace": {filepath.Join(dir, "a.jpg")}, "NoScheme": {filepath.Join(dir, "a.jpg"), "catalogue/first"}, "NoBucket": {filepath.Join(dir, "a.jpg"), "oss://"},
		"NoFile": {filepath.Join(dir, "absent"), "oss://catalogue/first"}, "WrongPath": {filepath.Join(dir, "a.jpg"), "oss://catalogue/../x"},
		"WrongSecret": {"--secret", "wrong", filepath.Join(dir, "a.jpg"), "oss://catalogue/first"},
	} {
		if says, err := do(args...); err == nil {
			t.Errorf("%s: %q", name, says)
		}
	}
}

// keysWith is a file of keys for a store that has a bucket.
func keysWith(t *testing.T, bucket string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys.json")
	text := `{"keys":[{"id":"root","secret":"root-secret","rules":[{"actions":["*"],"resources":["*"]}]}],"buckets":{"` + bucket + `":""}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
