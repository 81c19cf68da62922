package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"imagebatch/activities/store"
)

// cluster is a Temporal that answers who it is.
type cluster struct {
	workflowservice.WorkflowServiceClient
	namespace, id string
	global        bool
	refuses       []error // one for each question about the namespace, the last for those about the cluster
}

func (c *cluster) DescribeNamespace(_ context.Context, in *workflowservice.DescribeNamespaceRequest, _ ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error) {
	if len(c.refuses) > 1 {
		err := c.refuses[0]
		c.refuses = c.refuses[1:]
		return nil, err
	}
	return &workflowservice.DescribeNamespaceResponse{
		NamespaceInfo: &namespacepb.NamespaceInfo{Name: in.GetNamespace(), Id: c.namespace}, IsGlobalNamespace: c.global,
	}, nil
}

func (c *cluster) GetClusterInfo(context.Context, *workflowservice.GetClusterInfoRequest, ...grpc.CallOption) (*workflowservice.GetClusterInfoResponse, error) {
	if len(c.refuses) == 1 {
		return nil, c.refuses[0]
	}
	return &workflowservice.GetClusterInfoResponse{ClusterId: c.id}, nil
}

func TestFindHome(t *testing.T) {
	t.Parallel()
	denied, away := serviceerror.NewPermissionDenied("no", ""), serviceerror.NewUnavailable("away")
	for name, test := range map[string]struct {
		temporal *cluster
		asked    string
		want     home
		says     string
	}{
		"Default":      {&cluster{namespace: "n", id: "c"}, "", home{"n", "c", "default"}, ""},
		"Named":        {&cluster{namespace: "n", id: "c"}, "shop", home{"n", "c", "shop"}, ""},
		"Replicated":   {&cluster{namespace: "n", id: "c", global: true}, "shop", home{"n", "", "shop"}, ""},
		"ClusterTells": {&cluster{namespace: "n", refuses: []error{denied}}, "shop", home{"n", "", "shop"}, ""},
		"AwayAtFirst":  {&cluster{namespace: "n", refuses: []error{away, denied}}, "shop", home{"n", "", "shop"}, ""},
		"NoNamespace":  {&cluster{refuses: []error{serviceerror.NewNamespaceNotFound("shop"), nil}}, "shop", home{}, `no namespace "shop"`},
		"Denied":       {&cluster{refuses: []error{denied, nil}}, "shop", home{}, `ask Temporal for its namespace "shop"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := findHome(t.Context(), test.temporal, test.asked, slog.New(slog.DiscardHandler))
			if got != test.want || (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("home = %v, %v; want %v, %q", got, err, test.want, test.says)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := findHome(ctx, &cluster{refuses: []error{away, nil}}, "", slog.New(slog.DiscardHandler)); !errors.Is(err, away) {
		t.Errorf("error = %v; want why Temporal does not answer", err)
	}
}

func TestDatabaseHasOneHome(t *testing.T) {
	t.Parallel()
	first := home{"n-1", "c-1", "shop"}
	for name, test := range map[string]struct {
		second    home
		movedFrom string
		says      []string // nil for a worker that may work
	}{
		"Same":           {first, "", nil},
		"Renamed":        {home{"n-1", "c-1", "store"}, "", nil},
		"ClusterUnknown": {home{"n-1", "", "shop"}, "", nil},
		"OtherNamespace": {home{"n-2", "c-1", "default"}, "", []string{`"shop" (id n-1, cluster c-1)`, `"default" (id n-2, cluster c-1)`, "TEMPORAL_NAMESPACE", "IMAGEBATCH_MOVED_FROM=n-1"}},
		"OtherCluster":   {home{"n-1", "c-2", "shop"}, "", []string{"cluster c-1", "cluster c-2", "TEMPORAL_ADDRESS"}},
		"Moved":          {home{"n-2", "c-2", "shop"}, "n-1", nil},
		"MovedElsewhere": {home{"n-2", "c-2", "shop"}, "n-3", []string{"n-1", "n-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "index.db")
			database, err := store.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer database.Close()
			for range 2 {
				if err := moveIn(t.Context(), database, path, first, ""); err != nil {
					t.Fatal(err)
				}
			}
			err = moveIn(t.Context(), database, path, test.second, test.movedFrom)
			if (err == nil) != (test.says == nil) {
				t.Fatalf("error = %v; want one that says %q", err, test.says)
			}
			for _, part := range append(test.says, path) {
				if err != nil && (!strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n")) {
					t.Errorf("error %q does not say %q in one line", err, part)
				}
			}
			back := moveIn(t.Context(), database, path, first, "")
			if moved := test.movedFrom == first.Namespace; (back != nil) != moved {
				t.Errorf("the first home is met with %v after a move: %t", back, moved)
			}
		})
	}
}
