package endtoend_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// dumpOf is the dump of an instance, and the flags that import it as it lies.
func dumpOf(t *testing.T, s *stack.Stack, instance string) (content []byte, importFlags []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), instance+".meta")
	told := must(t, s, exitDone, "instance", "dump", instance, "--file", file)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, command, ok := strings.Cut(told.stderr, "starter batch start INSTANCE ")
	if !ok {
		t.Fatalf("the dump does not say how it is imported: %q", told.stderr)
	}
	return content, strings.Fields(command)
}

// The way out of an instance, such as one whose features are of an older
// version: whatever the pictures came from, its dump stores them again.
func TestDumpStoresPicturesOfEveryOriginAgain(t *testing.T) {
	t.Parallel()
	// The worker's own key may not read the catalogue beyond shop/; the role may.
	s := ownStack(t, 1, map[string]string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID": stack.LeastKey.ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": stack.LeastKey.Secret,
	})
	createInstance(t, s, "origins")
	for n, key := range []string{"shop/spring/a.jpg", "shop/autumn/a.jpg", "shop/stray/c.jpg", "private/d.jpg", "shop/single/e.jpg", "private/f.jpg"} {
		put(t, s, key, picture(t, n))
	}
	folder := func(path string, lines ...string) {
		put(t, s, path+"/"+contract.ManifestName, []byte(strings.Join(lines, "\n")+"\n"))
	}
	folder("shop/spring", `{"OperationType":"ADD","ProductId":"spring","PicName":"a.jpg","CategoryId":1,"IntAttr2":7,"Crop":false}`)
	folder("shop/autumn", `{"OperationType":"ADD","ProductId":"autumn","PicName":"a.jpg","Region":"10,90,20,110"}`,
		`{"OperationType":"ADD","ProductId":"root","PicName":"shop/stray/c.jpg","StrAttr":"x"}`)
	folder("private", `{"OperationType":"ADD","ProductId":"role","PicName":"d.jpg"}`)
	start(t, s, exitDone, "origins", "shop/spring")
	start(t, s, exitDone, "origins", "shop/autumn", "--from-root")
	start(t, s, exitDone, "origins", "private", "--role-arn", stack.ReaderRole)
	must(t, s, exitDone, "instance", "rates", "origins", "--set", "AddImage=1000")
	must(t, s, exitDone, "image", "add", "origins", "file", "own.jpg", "--file", local(t, 6), "--custom-content", "from a file")
	must(t, s, exitDone, "image", "add", "origins", "object", "e.jpg", "--bucket", stack.Bucket, "--key", "shop/single/e.jpg")
	must(t, s, exitDone, "image", "add", "origins", "object", "f.jpg", "--bucket", stack.Bucket, "--key", "private/f.jpg", "--role-arn", stack.ReaderRole)
	must(t, s, exitDone, "image", "update", "origins", "spring", "a.jpg", "--custom-content", "later")

	first, importFlags := dumpOf(t, s, "origins")
	if lines := bytes.Count(first, []byte("\n")); lines != 7 {
		t.Fatalf("the dump has %d lines, want 7:\n%s", lines, first)
	}
	createInstance(t, s, "imported")
	must(t, s, exitDone, append([]string{"batch", "start", "imported", "--wait"}, importFlags...)...)
	again, _ := dumpOf(t, s, "imported")
	if diff := cmp.Diff(string(first), string(again)); diff != "" {
		t.Errorf("dump of the import (-original +import):\n%s", diff)
	}
	hits := decode[contract.SearchResult](t, must(t, s, exitDone, "image", "search", "imported", "--file", local(t, 6), "--output", "json")).Hits
	if len(hits) != 7 || hits[0].ProductID != "file" || hits[0].Score != 1 {
		t.Errorf("hits %+v; want the uploaded picture first, with 1", hits)
	}

	// The file may be imported from any folder too, by someone who vouches for it.
	folder("shop/copied", strings.TrimSuffix(string(first), "\n"))
	createInstance(t, s, "copied")
	start(t, s, exitDone, "copied", "shop/copied", "--dump")
	if again, _ := dumpOf(t, s, "copied"); !bytes.Equal(first, again) {
		t.Errorf("dump of the copy:\n%s", cmp.Diff(string(first), string(again)))
	}
	createInstance(t, s, "strange")
	if result := start(t, s, exitSomeFailed, "strange", "shop/copied"); result.Tally.Codes[contract.CodeInvalidPicURL] != 7 {
		t.Errorf("without --dump: %+v; want every picture looked for in the folder alone", result.Tally)
	}
	if checked := must(t, s, exitDone, "batch", "check", "--bucket", stack.Bucket, "--path", "shop/copied", "--dump"); checked.stdout != "7 lines: 7 to add, 0 to delete, 0 bad, 0 warnings\n" {
		t.Errorf("check: %q", checked.stdout)
	}
	listed := decode[contract.TaskList](t, must(t, s, exitDone, "batch", "list", "--instance", "imported", "--output", "json")).Tasks
	if len(listed) != 1 || !listed[0].Dump || listed[0].Bucket != stack.ResultsBucket {
		t.Errorf("the import is listed as %+v", listed)
	}
}
