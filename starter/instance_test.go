package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"imagebatch/workflows/contract"
)

func anInstance() contract.Instance {
	return contract.Instance{
		Name: "shop", ID: "imagesearch-1", Region: "cn-shanghai", ServiceType: contract.ServiceFabric,
		Capacity: 1_000_000, Pictures: 12_345, CreatedAt: began, Features: "v1",
	}
}

func TestInstanceCreate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line string
		env  string
		want contract.CreateInstanceInput
	}{
		"Defaults": {"instance create shop", "X=", contract.CreateInstanceInput{Name: "shop", Region: "cn-shanghai", Capacity: 1_000_000}},
		"Region":   {"instance create shop", "IMAGEBATCH_REGION=cn-beijing", contract.CreateInstanceInput{Name: "shop", Region: "cn-beijing", Capacity: 1_000_000}},
		"Word": {
			"instance create shop --region eu-central-1 --service-type fabric --capacity 5", "X=",
			contract.CreateInstanceInput{Name: "shop", Region: "eu-central-1", ServiceType: contract.ServiceFabric, Capacity: 5},
		},
		"Number": {"instance create shop --service-type 7", "X=", contract.CreateInstanceInput{Name: "shop", Region: "cn-shanghai", ServiceType: 7, Capacity: 1_000_000}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent any
			made := anInstance()
			made.Features, made.Pictures = "", 0 // which its first picture gives it
			f := &fakeServer{operate: answering(t, "CreateInstance", &sent, made, nil)}
			try(t, f, test.line, test.env).want(t, exitDone, "instance shop created: cn-shanghai, fabric, room for 1,000,000 pictures\n", "")
			if diff := cmp.Diff(test.want, sent); diff != "" {
				t.Errorf("input (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInstanceListAndGet(t *testing.T) {
	t.Parallel()
	list := &fakeServer{operate: answering(t, "ListInstances", nil, contract.InstanceList{Instances: []contract.Instance{anInstance()}}, nil)}
	try(t, list, "instance list").want(t, exitDone, rows(
		"NAME  REGION       SERVICE TYPE  PICTURES  CAPACITY   CREATED",
		"shop  cn-shanghai  fabric        12,345    1,000,000  2025-05-04 03:02:01",
	), "")
	none := &fakeServer{operate: answering(t, "ListInstances", nil, contract.InstanceList{}, nil)}
	try(t, none, "instance list").want(t, exitDone, "", "no instances; create one with: starter instance create NAME\n")
	try(t, none, "instance list -o json").want(t, exitDone, "{\n  \"instances\": []\n}\n", "")

	detail := contract.InstanceDetail{
		Instance: anInstance(), QPS: 5, TotalCount: 12_345,
		Rates: []contract.Rate{{Operation: "SearchImage", PerSecond: 5}, {Operation: "UpdateImage", PerSecond: 0.5, Adjusted: true}},
	}
	get := &fakeServer{operate: answering(t, "DescribeInstance", nil, detail, nil)}
	try(t, get, "instance get shop").want(t, exitDone, rows(
		"name          shop",
		"id            imagesearch-1",
		"region        cn-shanghai",
		"service type  fabric",
		"pictures      12,345 of 1,000,000",
		"created       2025-05-04 03:02:01",
		"features      v1",
		"a second      SearchImage 5, UpdateImage 0.5",
	), "")
	var shown contract.InstanceDetail
	if err := json.Unmarshal([]byte(try(t, get, "instance get shop --output json").stdout), &shown); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(detail, shown); diff != "" {
		t.Errorf("JSON output (-want +got):\n%s", diff)
	}
}

func TestInstanceDelete(t *testing.T) {
	t.Parallel()
	var sent any
	f := &fakeServer{operate: answering(t, "DeleteInstance", &sent, contract.Nothing{}, nil)}
	try(t, f, "instance delete shop --yes").want(t, exitDone, "instance shop deleted\n", "")
	if sent != (contract.InstanceRef{Name: "shop"}) {
		t.Errorf("input = %v", sent)
	}
}

func TestAskTakesOnlyYes(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{"y\n": true, " Yes \n": true, "n\n": false, "\n": false, "yesterday\n": false} {
		var stderr bytes.Buffer
		a := &app{process: process{stdin: bytes.NewBufferString(answer), stderr: &stderr}}
		if got, err := a.ask("Delete? "); err != nil || got != want || stderr.String() != "Delete? " {
			t.Errorf("ask with %q = %v, %v, printed %q; want %v", answer, got, err, stderr.String(), want)
		}
	}
}

func TestTimeoutOfTheUserWins(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]time.Duration{"instance get shop": operationLimit, "--timeout 3s instance get shop": 3 * time.Second} {
		var got time.Duration
		f := &fakeServer{operate: func(_ context.Context, _ string, limit time.Duration, _ any) (any, error) {
			got = limit
			return anInstance(), nil
		}}
		if try(t, f, line); got != want {
			t.Errorf("%s: limit = %s, want %s", line, got, want)
		}
	}
}

// A name with a hyphen before it cannot be given any more, but an instance that
// has one can still be deleted.
func TestInstanceNameThatLooksLikeAnOption(t *testing.T) {
	t.Parallel()
	if got := try(t, &fakeServer{}, "instance create -- -shop"); got.status != exitUsage || !strings.Contains(got.stderr, "begins with a hyphen") {
		t.Errorf("create: exit status %d, %q", got.status, got.stderr)
	}
	var sent any
	f := &fakeServer{operate: answering(t, "DeleteInstance", &sent, contract.Nothing{}, nil)}
	try(t, f, "instance delete --yes -- -shop").want(t, exitDone, "instance -shop deleted\n", "")
	if sent != (contract.InstanceRef{Name: "-shop"}) {
		t.Errorf("input = %+v", sent)
	}
}
