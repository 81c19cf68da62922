package endtoend_test

import (
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.temporal.io/sdk/client"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// unlimited lifts the rates that a test is not about.
func unlimited(t *testing.T, instance string) {
	t.Helper()
	must(t, shared, exitDone, "instance", "rates", instance, "--set", "AddImage=1000", "--set", "SearchImage=1000",
		"--set", "CompareImages=1000", "--set", "UpdateImage=1000", "--set", "DescribeInstance=1000", "--set", "DumpMeta=1000")
}

// local writes a picture to a file of this machine.
func local(t *testing.T, number int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.jpg", number))
	if err := os.WriteFile(file, picture(t, number), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// found runs a search and returns what it found.
func found(t *testing.T, instance string, more ...string) contract.SearchResult {
	t.Helper()
	return decode[contract.SearchResult](t, must(t, shared, exitDone, append([]string{"image", "search", instance, "--output", "json"}, more...)...))
}

// shown is a picture as the starter prints it.
type shown struct {
	ProductID     string  `json:"ProductId"`
	CategoryID    int     `json:"CategoryId"`
	CustomContent *string `json:"CustomContent"`
	IntAttr       *int32  `json:"IntAttr"`
	StrAttr2      *string `json:"StrAttr2"`
	Task          int64   `json:"taskId"`
	Line          int64   `json:"line"`
}

func TestAddedPictureIsFoundUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "single-image")
	unlimited(t, "single-image")
	fill(t, shared, "single-image")
	object := []string{"--bucket", stack.Bucket, "--key", "single-image/p3.jpg"}
	must(t, shared, exitDone, append([]string{"image", "add", "single-image", "shirt", "p3.jpg", "--category", "Tops", "--int-attr", "7",
		"--custom-content", "a shirt"}, object...)...)
	must(t, shared, exitDone, "image", "add", "single-image", "shoe", "p4.jpg", "--file", local(t, 4), "--no-crop")

	for _, source := range [][]string{{"--file", local(t, 3)}, object, {"--name", "shirt", "p3.jpg"}} {
		got := found(t, "single-image", source...)
		if len(got.Hits) != 2 || got.Hits[0].ProductID != "shirt" || got.Hits[0].Score != 1 || got.Hits[1].Score >= 1 {
			t.Errorf("%v: hits %+v; want the shirt with 1, then the shoe", source, got.Hits)
		}
		if got.PicInfo == nil || len(got.PicInfo.AllCategories) != 14 || got.Head.DocsFound != 2 || got.Head.DocsReturn != 2 || got.Expanded {
			t.Errorf("%v: head %+v, picture %+v, expanded %t", source, got.Head, got.PicInfo, got.Expanded)
		}
	}
	shirt := decode[shown](t, must(t, shared, exitDone, "image", "get", "single-image", "shirt", "p3.jpg", "--output", "json"))
	if shirt.CategoryID != 0 || *shirt.IntAttr != 7 || *shirt.CustomContent != "a shirt" || shirt.Line != 0 {
		t.Errorf("stored picture %+v", shirt)
	}
	if got := must(t, shared, exitDone, "image", "compare", "single-image", local(t, 3), "oss://"+stack.Bucket+"/single-image/p3.jpg"); got.stdout != "1.0000\n" {
		t.Errorf("the same bytes compare as %q", got.stdout)
	}
	if got := must(t, shared, exitDone, "image", "compare", "single-image", local(t, 3), local(t, 4)); got.stdout == "1.0000\n" {
		t.Errorf("different pictures compare as %q", got.stdout)
	}

	must(t, shared, exitDone, "image", "delete", "single-image", "shirt", "p3.jpg")
	must(t, shared, exitDone, "image", "delete", "single-image", "shirt", "p3.jpg") // absent is success
	if got := found(t, "single-image", object...); len(got.Hits) != 1 || got.Hits[0].ProductID != "shoe" {
		t.Errorf("hits %+v after the deletion; want the shoe", got.Hits)
	}
	must(t, shared, exitUsage, "image", "delete", "single-image", "shoe") // a whole product: nobody can be asked
	must(t, shared, exitDone, "image", "delete", "single-image", "shoe", "--yes")
	if got := found(t, "single-image", object...); len(got.Hits) != 0 {
		t.Errorf("hits %+v in an empty instance", got.Hits)
	}
}

func TestUpdateDuringABatchSurvivesIt(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "updates")
	shelf(t, shared, "updates", 3000, nil)
	start(t, shared, exitDone, "updates", "updates")
	id := begun(t, shared, "updates", "updates") // stores every picture again
	changed := map[int]string{1: "", 1500: "", 3000: ""}
	for n := range changed {
		name := fmt.Sprintf("p%d.jpg", n%distinct)
		must(t, shared, exitDone, "image", "update", "updates", fmt.Sprintf("product-%d", n), name, "--custom-content", "changed", "--str-attr2", "kept")
		changed[n] = name
	}
	must(t, shared, exitDone, "batch", "watch", fmt.Sprint(id))
	for n, name := range changed {
		got := decode[shown](t, must(t, shared, exitDone, "image", "get", "updates", fmt.Sprintf("product-%d", n), name, "--output", "json"))
		if *got.CustomContent != "changed" || got.StrAttr2 == nil || *got.StrAttr2 != "kept" || got.Task != id {
			t.Errorf("picture of line %d is %+v; want it from task %d, with the fields of the update", n, got, id)
		}
	}
	other := decode[contract.Picture](t, must(t, shared, exitDone, "image", "get", "updates", "product-2", "p2.jpg", "--output", "json"))
	if *other.CustomContent != "line 2" {
		t.Errorf("a picture that nobody updated has %q", *other.CustomContent)
	}
}

func TestSearchByNameFilterThresholdAndProduct(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "searches")
	unlimited(t, "searches")
	fill(t, shared, "searches")
	var manifest strings.Builder
	for n := range distinct {
		fmt.Fprintf(&manifest, "{\"OperationType\":\"ADD\",\"ProductId\":\"pair-%d\",\"PicName\":\"p%d.jpg\",\"IntAttr\":%d,\"StrAttr\":\"s%d\"}\n", n/2, n, n, n%3)
	}
	put(t, shared, "searches/"+contract.ManifestName, []byte(manifest.String()))
	start(t, shared, exitDone, "searches", "searches")

	alone := found(t, "searches", "--filter", `int_attr >= 20 AND str_attr != "s0"`)
	var names []string
	for _, hit := range alone.Hits {
		names = append(names, hit.PicName)
	}
	if got := strings.Join(names, " "); got != "p20.jpg p22.jpg p23.jpg" || alone.PicInfo != nil || alone.Head.DocsReturn != 3 {
		t.Errorf("the filter selects %s, head %+v", got, alone.Head)
	}
	name := []string{"--name", "pair-5", "p10.jpg", "--num", "100"}
	if got := found(t, "searches", name...); len(got.Hits) != distinct || got.Hits[0].PicName != "p10.jpg" || got.Hits[0].Score != 1 {
		t.Errorf("by name: %d hits, first %+v", len(got.Hits), got.Hits[0])
	}
	if got := found(t, "searches", append(name, "--filter", "int_attr in (3,4)")...); len(got.Hits) != 2 || got.Searched != 2 {
		t.Errorf("by name and filter: %+v", got)
	}
	if got := found(t, "searches", append(name, "--threshold", "1.00")...); len(got.Hits) != 1 || got.Head.DocsReturn != 1 {
		t.Errorf("above a threshold: %+v", got)
	}
	distinctly := found(t, "searches", append(name, "--distinct")...)
	products := map[string]bool{}
	for _, hit := range distinctly.Hits {
		products[hit.ProductID] = true
	}
	if len(distinctly.Hits) != distinct/2 || len(products) != distinct/2 || distinctly.Hits[0].PicName != "p10.jpg" {
		t.Errorf("one of each product: %d hits of %d products", len(distinctly.Hits), len(products))
	}
	page := found(t, "searches", "--name", "pair-5", "p10.jpg", "--num", "3", "--start", "2")
	whole := found(t, "searches", name...)
	for n, hit := range page.Hits {
		if hit.PicName != whole.Hits[n+2].PicName {
			t.Errorf("hit %d of the page is %s, of the whole %s", n, hit.PicName, whole.Hits[n+2].PicName)
		}
	}
	for _, wrong := range [][]string{{"--filter", "int_attr >"}, {"--threshold", "0.123", "--name", "a", "b.jpg"}, {"--num", "101", "--name", "a", "b.jpg"}} {
		must(t, shared, exitUsage, append([]string{"image", "search", "searches"}, wrong...)...)
	}
	a := must(t, shared, exitError, "image", "search", "searches", "--name", "nobody", "b.jpg")
	if !strings.Contains(a.stderr, string(contract.CodePicNotExist)) {
		t.Errorf("a name that is not stored: %q", a.stderr)
	}
	removed := decode[contract.DeleteImageResult](t, must(t, shared, exitDone, "image", "delete", "searches", "--filter", `str_attr = "s1"`, "--yes", "--output", "json"))
	if removed.Deleted != distinct/3 || len(removed.PicNames) != distinct/3 {
		t.Errorf("deleted by filter: %+v", removed)
	}
}

func TestSheetShowsTheHits(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "sheets")
	shelf(t, shared, "sheets", distinct, nil)
	start(t, shared, exitDone, "sheets", "sheets")
	file := filepath.Join(t.TempDir(), "sheet.jpg")
	must(t, shared, exitDone, "image", "search", "sheets", "--file", local(t, 5), "--num", "7", "--sheet", file, "--explain")
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sheet, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if size := sheet.Bounds().Size(); size.X < 6*160 || size.Y < 2*160 {
		t.Errorf("the sheet of a query and seven hits is %v", size)
	}
}

// A service in another language may get a type wrong: that ends the operation at
// once instead of being tried for ever.
func TestWronglyTypedInputEndsTheOperation(t *testing.T) {
	t.Parallel()
	in := map[string]any{"instance": "nobody", "ProductId": "p", "PicName": "p.jpg", "IntAttrs": []any{"seven"}}
	run, err := temporalClient(t, shared).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: contract.DefaultTaskQueue}, contract.UpdateImage.Name, in)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Get(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "IntAttrs") {
		t.Errorf("the operation ended with %v; want an error that names the field", err)
	}
}
