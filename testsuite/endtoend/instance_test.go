package endtoend_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"imagebatch/workflows/contract"
)

// However many ask at once, through Temporal as other services do, no more are
// let through than the rate allows, and the others are told why.
func TestRateIsKeptThroughTemporal(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "limited")
	shelf(t, shared, "limited", 1, nil)
	start(t, shared, exitDone, "limited", "limited")
	const rate, requests = 5, 40
	must(t, shared, exitDone, "instance", "rates", "limited", "--set", fmt.Sprintf("UpdateImage=%d", rate))
	detail := decode[contract.InstanceDetail](t, must(t, shared, exitDone, "instance", "get", "limited", "--output", "json"))
	for _, r := range detail.Rates {
		if want := r.Operation == contract.RateUpdate; r.Adjusted != want || want && r.PerSecond != rate {
			t.Errorf("rate %+v", r)
		}
	}
	if detail.QPS != 5 || detail.TotalCount != 1 {
		t.Errorf("detail %+v", detail)
	}

	sdk := temporalClient(t, shared)
	began := time.Now()
	var mu sync.Mutex
	var asking sync.WaitGroup
	outcomes := map[string]int{}
	for n := range requests {
		asking.Go(func() {
			// Plain JSON, as a service in another language would send it.
			in := map[string]any{"instance": "limited", "ProductId": "product-1", "PicName": "p1.jpg", "IntAttrs": []any{n, nil, nil, nil}}
			run, err := sdk.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: contract.DefaultTaskQueue}, contract.UpdateImage.Name, in)
			if err == nil {
				err = run.Get(t.Context(), nil)
			}
			outcome := "done"
			var failure *temporal.ApplicationError
			if errors.As(err, &failure) {
				outcome = failure.Type()
			} else if err != nil {
				outcome = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			outcomes[outcome]++
		})
	}
	asking.Wait()
	most := rate + int(rate*time.Since(began).Seconds()) + 1 // what an idle instance may use at once, and what came in since
	done, denied := outcomes["done"], outcomes[string(contract.CodeDeniedRequest)]
	if done < 1 || done > most || denied < 1 || done+denied != requests {
		t.Errorf("of %d requests at once %v; want at most %d done and the others denied", requests, outcomes, most)
	}
}

func TestDumpIsAManifestThatStoresTheSameAgain(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "dumped")
	unlimited(t, "dumped")
	shelf(t, shared, "dumped", 60, map[int]string{
		5: `{"OperationType":"ADD","ProductId":"fünf \"5\"","PicName":"p5.jpg","CategoryId":20,"Crop":false,"IntAttr3":-7,"StrAttr4":"a\\b"}`,
		6: `{"OperationType":"ADD","ProductId":"six","PicName":"p6.jpg","Region":"10,90,20,110"}`,
	})
	start(t, shared, exitDone, "dumped", "dumped")
	must(t, shared, exitDone, "image", "update", "dumped", "six", "p6.jpg", "--custom-content", "later")

	dump := func(instance string) []byte {
		t.Helper()
		file := filepath.Join(t.TempDir(), instance+".ndjson")
		must(t, shared, exitDone, "instance", "dump", instance, "--file", file)
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	first := dump("dumped")
	if lines := bytes.Count(first, []byte("\n")); lines != 60 {
		t.Errorf("the dump has %d lines, want 60", lines)
	}
	createInstance(t, shared, "restored")
	unlimited(t, "restored")
	put(t, shared, "restored/"+contract.ManifestName, first)
	start(t, shared, exitDone, "restored", "restored", "--dump")
	if diff := cmp.Diff(string(first), string(dump("restored"))); diff != "" {
		t.Errorf("dump of the copy (-original +copy):\n%s", diff)
	}
}

// Whoever has terminated the workflow of a task in Temporal is told how to go on.
func TestDeletingAnInstanceAfterTerminateNamesTheCommandThatHelps(t *testing.T) {
	t.Parallel()
	createInstance(t, shared, "abandoned")
	shelf(t, shared, "abandoned", 3000, nil)
	id := begun(t, shared, "abandoned", "abandoned")
	if err := temporalClient(t, shared).TerminateWorkflow(t.Context(), contract.BatchTaskWorkflowID("abandoned"), "", "a test"); err != nil {
		t.Fatal(err)
	}
	refused := must(t, shared, exitError, "instance", "delete", "abandoned", "--yes")
	helps := fmt.Sprintf("starter batch get %d", id)
	if !strings.Contains(refused.stderr, helps) {
		t.Fatalf("the refusal does not name %q: %s", helps, refused.stderr)
	}
	must(t, shared, exitDone, strings.Fields(helps)[1:]...)
	must(t, shared, exitDone, "instance", "delete", "abandoned", "--yes")
}
