package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"imagebatch/workflows/contract"
)

func TestInstanceRates(t *testing.T) {
	t.Parallel()
	list := contract.RateList{Rates: []contract.Rate{{Operation: "AddImage", PerSecond: 5}, {Operation: "UpdateImage", PerSecond: 0.5, Adjusted: true}}}
	var sent any
	f := &fakeServer{operate: answering(t, "InstanceRates", &sent, list, nil)}
	try(t, f, "instance rates shop --set UpdateImage=0.5 --set AddImage=0").want(t, exitDone, rows(
		"OPERATION    A SECOND",
		"AddImage     5",
		"UpdateImage  0.5       set",
	), "")
	want := contract.RatesInput{Instance: "shop", Set: []contract.Rate{{Operation: "AddImage"}, {Operation: "UpdateImage", PerSecond: 0.5}}}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	for line, says := range map[string]string{"--set UpdateImage": "UpdateImage", "--set UpdateImage=fast": "fast", "--set UpdateImage=-1": "not valid"} {
		if got := try(t, &fakeServer{}, "instance rates shop "+line); got.status != exitUsage || !strings.Contains(got.stderr, says) {
			t.Errorf("%q: exit status %d, %q", line, got.status, got.stderr)
		}
	}
}

// Looking twice within a second is no mistake that a person has to hear of.
func TestInstanceGetWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	for denials, want := range map[int]int{0: exitDone, 3: exitDone, 4: exitError} {
		synctest.Test(t, func(t *testing.T) {
			asked, began := 0, time.Now()
			f := &fakeServer{operate: func(context.Context, string, time.Duration, any) (any, error) {
				if asked++; asked <= denials {
					return nil, contract.Errorf(contract.CodeDeniedRequest, "try again in 1s")
				}
				return contract.InstanceDetail{Instance: anInstance(), Rates: []contract.Rate{{Operation: contract.RateSearch, PerSecond: 5}}}, nil
			}}
			got := try(t, f, "instance get shop")
			if got.status != want || asked != min(denials+1, describeTries) || time.Since(began) != time.Duration(asked-1)*describePause {
				t.Errorf("%d denials: exit status %d after %d tries and %s: %s", denials, got.status, asked, time.Since(began), got.stderr)
			}
		})
	}
}

func TestInstanceDump(t *testing.T) {
	t.Parallel()
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}\n{}\n") }))
	t.Cleanup(store.Close)
	dumped := contract.DumpMetaResult{Pictures: 2, URL: store.URL + "/dumps/1.ndjson", Expires: began, Bucket: "results", Path: "/dumps/1"}
	var sent any
	f := &fakeServer{operate: answering(t, "DumpMeta", &sent, dumped, nil)}
	try(t, f, "instance dump shop").want(t, exitDone, rows(
		"pictures          2",
		"manifest          "+dumped.URL,
		"link valid until  2025-05-04 03:02:01",
		"store again with  starter batch start INSTANCE --bucket results --path /dumps/1 --dump",
	), "")
	if sent != (contract.DumpMetaInput{Instance: "shop"}) {
		t.Errorf("input %+v", sent)
	}
	try(t, f, "instance dump shop --file -").want(t, exitDone, "{}\n{}\n", "")
	file := filepath.Join(t.TempDir(), "out.ndjson")
	tryArgs(t, t.Context(), f, []string{"instance", "dump", "shop", "--file", file}).want(t, exitDone, "", fmt.Sprintf("2 pictures saved to %s\n", file)+
		"store them in another instance with: starter batch start INSTANCE --bucket results --path /dumps/1 --dump\n")
	if saved, err := os.ReadFile(file); err != nil || string(saved) != "{}\n{}\n" {
		t.Errorf("saved %q, %v", saved, err)
	}
	if got := try(t, f, "instance dump no.name"); got.status != exitUsage {
		t.Errorf("a bad name: %+v", got)
	}
}

// A second dump of an instance is refused by Temporal itself.
func TestSecondDumpIsRefused(t *testing.T) {
	t.Parallel()
	var asked *workflowservice.StartWorkflowExecutionRequest
	s := serve(t, frontend{
		"StartWorkflowExecution": func(request any) (any, error) {
			asked = request.(*workflowservice.StartWorkflowExecutionRequest)
			return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("already started", "request", "run")
		},
	})
	err := s.Operate(t.Context(), "DumpMeta", time.Minute, contract.DumpMetaInput{Instance: "shop"}, new(contract.DumpMetaResult))
	if !errors.Is(err, &contract.Error{Code: contract.CodeTaskAlreadyExist}) || !strings.Contains(err.Error(), "dump-meta.shop") {
		t.Errorf("error = %v; want TaskAlreadyExist and the workflow's id", err)
	}
	if asked.WorkflowId != "dump-meta.shop" || asked.WorkflowIdConflictPolicy != enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL {
		t.Errorf("request %v; want one at a time", asked)
	}
}
