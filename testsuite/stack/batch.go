package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"strconv"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"imagebatch/workflows/contract"
)

// Dial connects to the stack's Temporal server. The client logs nothing: whoever
// uses it is told by errors, and prints a table that shall stay one.
func (s *Stack) Dial(ctx context.Context) (client.Client, error) {
	temporal, err := client.DialContext(ctx, client.Options{
		HostPort: s.Temporal.Address, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return nil, fmt.Errorf("connect to Temporal at %s: %w", s.Temporal.Address, err)
	}
	return temporal, nil
}

// CreateInstance makes an instance with room for every batch.
func (s *Stack) CreateInstance(ctx context.Context, name string) error {
	out, err := s.Starter(ctx, "instance", "create", name, "--region", Region, "--capacity", "100000000").CombinedOutput()
	if err != nil {
		return fmt.Errorf("create instance %s: %w: %s", name, err, out)
	}
	return nil
}

// PutManifest writes the manifest of a folder of the catalogue bucket.
func (s *Stack) PutManifest(ctx context.Context, folder string, manifest []byte) error {
	objects, err := s.Objects(ctx)
	if err != nil {
		return err
	}
	return objects.Put(ctx, Bucket, folder+"/"+contract.ManifestName, "application/x-ndjson", bytes.NewReader(manifest))
}

// SomeFailed is the starter's exit status for a task that is done with failed lines.
const SomeFailed = 3

// RunBatch runs a batch task to its end. That lines have failed is no error; the
// counts tell.
func (s *Stack) RunBatch(ctx context.Context, instance, folder string) (task contract.Task, err error) {
	err = s.ask(ctx, &task, "batch", "start", instance, "--bucket", Bucket, "--path", folder, "--wait")
	return task, err
}

// StartBatch starts a batch task and does not wait for it. Its number shows in
// the ledger, once a worker has begun it.
func (s *Stack) StartBatch(ctx context.Context, instance, folder string) error {
	return s.ask(ctx, new(json.RawMessage), "batch", "start", instance, "--bucket", Bucket, "--path", folder)
}

// Control asks a task to suspend, resume or cancel, and returns when it has agreed.
func (s *Stack) Control(ctx context.Context, verb string, task int64) error {
	return s.ask(ctx, new(json.RawMessage), "batch", verb, strconv.FormatInt(task, 10))
}

// ask runs the starter and reads what it prints.
func (s *Stack) ask(ctx context.Context, answer any, arguments ...string) error {
	out, err := s.Starter(ctx, append(arguments, "--output", "json")...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() != SomeFailed {
		return fmt.Errorf("starter %v: exit status %d: %s", arguments, exit.ExitCode(), exit.Stderr)
	}
	if err != nil && exit == nil {
		return fmt.Errorf("starter %v: %w", arguments, err)
	}
	if err := json.Unmarshal(out, answer); err != nil {
		return fmt.Errorf("starter %v: read its answer: %w", arguments, err)
	}
	return nil
}
