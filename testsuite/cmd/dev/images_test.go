package main

import "testing"

func TestFolderNameIsOneThatAManifestCanLieIn(t *testing.T) {
	t.Parallel()
	for images, want := range map[string]string{
		"/home/you/shoes": "shoes", "shoes/": "shoes", "../shoes/.": "shoes", "/": "pictures", "/a/my shoes": "pictures", `/a/b\c`: "pictures", "/a/裙子": "裙子",
		"/a/increment.meta": "pictures", "/a/$HOME": "pictures",
	} {
		if got := folderName(images); got != want {
			t.Errorf("folderName(%q) = %q, want %q", images, got, want)
		}
	}
}
