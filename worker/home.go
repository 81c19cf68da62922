package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"imagebatch/activities/store"
)

// home is where the tasks of a database run. Temporal knows nothing of them
// anywhere else: a worker that asked there would take every task for terminated.
type home struct {
	Namespace string `json:"namespaceId"`
	Cluster   string `json:"clusterId,omitempty"` // empty where it says nothing or is not told
	Name      string `json:"namespace"`           // for people: names can be given anew
}

func (h home) String() string {
	return fmt.Sprintf("%q (id %s, cluster %s)", h.Name, h.Namespace, cmp.Or(h.Cluster, "not known"))
}

// is tells whether two homes are one.
func (h home) is(other home) bool {
	return h.Namespace == other.Namespace && (h.Cluster == "" || other.Cluster == "" || h.Cluster == other.Cluster)
}

// homeFact is the name under which the database keeps its home.
const homeFact = "temporal"

// findHome asks Temporal who it is, for as long as it is away.
func findHome(ctx context.Context, temporal workflowservice.WorkflowServiceClient, namespace string, logger *slog.Logger) (home, error) {
	namespace = cmp.Or(namespace, client.DefaultNamespace)
	var found home
	err := untilAnswered(ctx, logger, func() (err error) {
		found, err = askHome(ctx, temporal, namespace)
		return err
	})
	return found, err
}

// untilAnswered asks Temporal again for as long as it is away, and returns what
// came of the last question.
func untilAnswered(ctx context.Context, logger *slog.Logger, ask func() error) error {
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		err := ask()
		if !passes(err) || ctx.Err() != nil {
			return err
		}
		logger.Warn("Temporal does not answer, trying again", "pause", pause, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func askHome(ctx context.Context, service workflowservice.WorkflowServiceClient, namespace string) (home, error) {
	described, err := service.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if missing := (*serviceerror.NamespaceNotFound)(nil); errors.As(err, &missing) {
		return home{}, fmt.Errorf("ask Temporal: there is no namespace %q; set TEMPORAL_NAMESPACE to one that there is, or create it: temporal operator namespace create -n %s", namespace, namespace)
	}
	if err != nil {
		return home{}, fmt.Errorf("ask Temporal for its namespace %q: %w", namespace, err)
	}
	found := home{Namespace: described.GetNamespaceInfo().GetId(), Name: namespace}
	if described.GetIsGlobalNamespace() {
		return found, nil // it is the same one in every cluster that it is replicated to
	}
	cluster, err := service.GetClusterInfo(ctx, &workflowservice.GetClusterInfoRequest{})
	denied, unknown := (*serviceerror.PermissionDenied)(nil), (*serviceerror.Unimplemented)(nil)
	if errors.As(err, &denied) || errors.As(err, &unknown) {
		return found, nil
	}
	if err != nil {
		return home{}, fmt.Errorf("ask Temporal for its cluster: %w", err)
	}
	found.Cluster = cluster.GetClusterId()
	return found, nil
}

// passes tells whether Temporal may answer another time.
func passes(err error) bool {
	unavailable, late, busy := (*serviceerror.Unavailable)(nil), (*serviceerror.DeadlineExceeded)(nil), (*serviceerror.ResourceExhausted)(nil)
	return errors.As(err, &unavailable) || errors.As(err, &late) || errors.As(err, &busy)
}

// staysHome refuses a database whose home is another, and changes nothing.
func staysHome(ctx context.Context, database *store.Store, path string, here home, movedFrom string) error {
	kept, known, err := database.KnownFact(ctx, homeFact)
	if err != nil || !known {
		return err
	}
	there, err := readHome(kept, path)
	if err != nil || there.is(here) || movedFrom == there.Namespace {
		return err
	}
	return livesElsewhere(path, there, here)
}

// moveIn makes sure that the database belongs to this home; the first one has
// it. A database whose home is gone for good is given up by naming the id of the
// namespace that it moved from.
func moveIn(ctx context.Context, database *store.Store, path string, here home, movedFrom string) error {
	text, err := json.Marshal(here)
	if err != nil {
		return fmt.Errorf("write where the tasks of database %q run: %w", path, err)
	}
	kept, err := database.Fact(ctx, homeFact, string(text))
	if err != nil {
		return err
	}
	there, err := readHome(kept, path)
	if err != nil || there.is(here) {
		return err
	}
	if movedFrom == there.Namespace {
		if moved, err := database.ReplaceFact(ctx, homeFact, kept, string(text)); err != nil || moved {
			return err
		}
		return moveIn(ctx, database, path, here, movedFrom) // another worker was faster
	}
	return livesElsewhere(path, there, here)
}

func readHome(kept, path string) (there home, err error) {
	if err := json.Unmarshal([]byte(kept), &there); err != nil {
		return home{}, fmt.Errorf("read where the tasks of database %q run: %w", path, err)
	}
	return there, nil
}

func livesElsewhere(path string, there, here home) error {
	return fmt.Errorf("the tasks of database %q run in the Temporal namespace %s, and this worker is connected to %s; set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE as the other workers have them, or IMAGEBATCH_DATABASE to another file; only where that namespace is lost for good, set IMAGEBATCH_MOVED_FROM=%s, which gives up what ran there",
		path, there, here, there.Namespace)
}
