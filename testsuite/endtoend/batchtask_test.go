package endtoend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"imagebatch/testsuite/stack"
	"imagebatch/workflows/contract"
)

// small is a way to cut tasks that makes even short manifests fan out.
var small = []string{"--slice-lines", "16", "--chunk-slices", "4", "--window", "3", "--continue-after-chunks", "3"}

// start starts a batch task and waits for its end, with the exit status that
// the end must have.
func start(t *testing.T, s *stack.Stack, exit int, instance, folder string, more ...string) contract.Task {
	t.Helper()
	arguments := append([]string{"batch", "start", instance, "--bucket", stack.Bucket, "--path", "/" + folder, "--wait", "--output", "json"}, more...)
	return decode[contract.Task](t, must(t, s, exit, arguments...))
}

func TestBatchIsolatesBadLinesAndImportsTheRest(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "isolates")
	planted := map[int]string{
		10: `{"OperationType":"ADD","ProductId":"x","PicName":"absent.jpg"}`,
		20: `{"OperationType":"ADD","ProductId":"x","PicName":"text.jpg"}`,
		30: `{"OperationType":"ADD","ProductId":"x","PicName":"p1.jpg"} {"OperationType":"DELETE","ProductId":"y"}`,
		40: `{"OperationType":"ADD","ProductId":"x","PicName":"p1.jpg","CategoryId":999}`,
		50: ``,
		60: `{"OperationType":"DELETE","ProductId":"product-5"}`,
		70: `{"OperationType":"DELETE","ProductId":"product-7","PicName":"p7.jpg"}`,
	}
	shelf(t, shared, "isolates", 100, planted)
	put(t, shared, "isolates/text.jpg", []byte("this is no picture"))
	result := start(t, shared, exitSomeFailed, "isolates", "isolates", small...)

	want := contract.Counts{Succeeded: 95, Failed: 4}
	if diff := cmp.Diff(want, result.Tally.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if result.List.Lines != 99 || result.Message != contract.PartialMessage {
		t.Errorf("total %d, message %q", result.List.Lines, result.Message)
	}
	conserved(t, result)

	got := map[int64]contract.Code{}
	records := report(t, shared, result.ID)
	for _, r := range records {
		if r.Line > 0 {
			got[r.Line] = r.Code
			if r.Raw != planted[int(r.Line)] {
				t.Errorf("line %d: raw %q", r.Line, r.Raw)
			}
		}
	}
	wantCodes := map[int64]contract.Code{
		10: contract.CodeInvalidPicURL, 20: contract.CodeUnsupportedPicFormat,
		30: contract.CodeInvalidMetaItem, 40: contract.CodeInvalidCategory,
	}
	if diff := cmp.Diff(wantCodes, got); diff != "" {
		t.Errorf("codes in the report (-want +got):\n%s", diff)
	}
	if last := records[len(records)-1]; last.Summary == nil {
		t.Errorf("the report does not end with a summary: %+v", last)
	}
	must(t, shared, exitError, "image", "get", "isolates", "product-5", "p5.jpg")
	must(t, shared, exitError, "image", "get", "isolates", "product-7", "p7.jpg")
	stored := decode[contract.Picture](t, must(t, shared, exitDone, "image", "get", "isolates", "product-8", "p8.jpg", "--output", "json"))
	if stored.CustomContent == nil || *stored.CustomContent != "line 8" || stored.CategoryID != contract.CategoryOthers {
		t.Errorf("stored picture %+v", stored)
	}
}

func TestSearchFindsTheVeryPictureFirst(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "finds")
	shelf(t, shared, "finds", distinct, nil)
	start(t, shared, exitDone, "finds", "finds")

	file := filepath.Join(t.TempDir(), "query.jpg")
	if err := os.WriteFile(file, picture(t, 3), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, source := range [][]string{{"--file", file}, {"--bucket", stack.Bucket, "--key", "finds/p3.jpg"}} {
		found := decode[contract.SearchResult](t, must(t, shared, exitDone,
			append([]string{"image", "search", "finds", "--num", "5", "--output", "json"}, source...)...))
		if len(found.Hits) != 5 || found.Searched != distinct {
			t.Fatalf("%v: %d hits of %d pictures", source, len(found.Hits), found.Searched)
		}
		if best := found.Hits[0]; best.PicName != "p3.jpg" || best.Score != 1 {
			t.Errorf("%v: best hit %+v", source, best)
		}
		if second := found.Hits[1].Score; second >= 1 {
			t.Errorf("%v: another picture scores %v", source, second)
		}
	}
}

func TestRestOfAReportIsAManifestThatCanBeStarted(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "rest")
	late := `{"OperationType":"ADD","ProductId":"late","PicName":"late.jpg"}`
	shelf(t, shared, "rest", 40, map[int]string{7: late})
	first := start(t, shared, exitSomeFailed, "rest", "rest")

	file := filepath.Join(t.TempDir(), contract.ManifestName)
	must(t, shared, exitDone, "batch", "report", fmt.Sprint(first.ID), "--rest", file)
	rest, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(rest) != late+"\n" {
		t.Fatalf("rest %q", rest)
	}
	put(t, shared, "rest/late.jpg", picture(t, 99))
	put(t, shared, "rest/"+contract.ManifestName, rest)
	second := start(t, shared, exitDone, "rest", "rest")
	if second.Tally.Succeeded != 1 {
		t.Errorf("second run %+v", second)
	}
	must(t, shared, exitDone, "image", "get", "rest", "late", "late.jpg")
}

func TestEmptyManifestSucceeds(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "empty")
	put(t, shared, "empty/"+contract.ManifestName, nil)
	result := start(t, shared, exitDone, "empty", "empty")
	if result.List.Lines != 0 || result.State != contract.StateSuccess || result.Message != contract.SuccessMessage {
		t.Errorf("result %+v", result)
	}
}

func TestCheckListsAllBadLinesAndTouchesNothing(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "checks")
	shelf(t, shared, "checks", 30, map[int]string{3: "no json", 9: `{"OperationType":"ADD","ProductId":"p","PicName":"/lead.jpg"}`})
	a := must(t, shared, exitSomeFailed, "batch", "check", "--bucket", stack.Bucket, "--path", "checks")
	for _, want := range []string{string(contract.CodeInvalidMetaItem), string(contract.CodeInvalidPicName)} {
		if !strings.Contains(a.stdout, want) {
			t.Errorf("the check does not name %s:\n%s", want, a.stdout)
		}
	}
	instance := decode[contract.Instance](t, must(t, shared, exitDone, "instance", "get", "checks", "--output", "json"))
	if instance.Pictures != 0 {
		t.Errorf("the check stored %d pictures", instance.Pictures)
	}
}
