package ossserver_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/ossserver"
)

func TestRestartKeepsWhatWasStored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys := []string{"a", "a/", "a/b", "图", strings.Repeat("k", 1023)}
	first := start(t, ossserver.Options{Dir: dir, Buckets: map[string]string{bucketName: "", "elsewhere": "cn-hangzhou"}})
	b := rootBucket(t, first)
	for _, key := range append(keys, "gone", "a") {
		if err := b.PutObject(key, strings.NewReader("content of "+key)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.DeleteObject("gone"); err != nil {
		t.Fatal(err)
	}
	before, err := b.GetObjectDetailedMeta("a/b")
	if err != nil {
		t.Fatal(err)
	}

	// Nothing is closed: a killed server closes nothing either. What it was
	// writing stays behind.
	if err := os.WriteFile(filepath.Join(dir, bucketName, "partial", "put-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	second := start(t, ossserver.Options{Dir: dir, Buckets: map[string]string{}})
	if diff := cmp.Diff(slices.Sorted(slices.Values(keys)), second.Keys(bucketName, "")); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	b = rootBucket(t, second)
	for _, key := range keys {
		if got, err := get(b, key); err != nil || got != "content of "+key {
			t.Errorf("%q is %q, %v", key, got, err)
		}
	}
	after, err := b.GetObjectDetailedMeta("a/b")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []string{"ETag", "Last-Modified", "Content-Type", "X-Oss-Hash-Crc64ecma"} {
		if before.Get(h) != after.Get(h) {
			t.Errorf("%s was %q and is %q", h, before.Get(h), after.Get(h))
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, bucketName, "partial", "*")); err != nil || len(left) != 0 {
		t.Errorf("left over: %q, %v", left, err)
	}
	if location, err := client(t, second.Endpoint(), ossserver.Root).GetBucketLocation("elsewhere"); err != nil || location != "oss-cn-hangzhou" {
		t.Errorf("location is %q, %v", location, err)
	}
}

func TestDamagedFilesAreSkipped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := ossserver.New(ossserver.Options{Dir: dir, Buckets: map[string]string{bucketName: ""}})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"whole", "short", "long", "empty"} {
		if err := first.PutObject(bucketName, key, "", []byte("content")); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, bucketName, "objects", "*", "*"))
	if err != nil || len(files) != 4 {
		t.Fatalf("files are %q, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.Contains(string(text), `"short"`):
			text = text[1:]
		case strings.Contains(string(text), `"long"`):
			text = append(text, 'x')
		case strings.Contains(string(text), `"empty"`):
			text = nil
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	second, err := ossserver.New(ossserver.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if got := second.Keys(bucketName, ""); len(got) != 1 || got[0] != "whole" {
		t.Errorf("keys are %q, want the whole one", got)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]ossserver.Options{
		"NoFolder":  {},
		"BadBucket": {Dir: t.TempDir(), Buckets: map[string]string{"B": ""}},
		"NoSecret":  {Dir: t.TempDir(), Keys: []ossserver.Key{{ID: "a"}}},
		"NoARN":     {Dir: t.TempDir(), Roles: []ossserver.Role{{}}},
	} {
		if _, err := ossserver.New(opt); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
